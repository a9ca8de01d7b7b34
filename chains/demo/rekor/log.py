"""One log: its tree, what is in it, and the key that signs timestamps and checkpoints."""

import base64
from dataclasses import dataclass

from chains.demo.rekor.tree import MerkleTree
from chains.keys.signer import KeySigner
from chains.payloads.payload import InclusionProof, LogEntry
from chains.rekor.log_key import LogKey
from chains.rekor.merkle import leaf_hash
from chains.rekor.verify import promised


@dataclass(frozen=True, slots=True)
class _Leaf:
    body: bytes
    integrated_time: int


class Log:
    """An append-only list of entry bodies; `origin` is its name in checkpoints, `promises` whether it signs times."""

    def __init__(self, signer: KeySigner, origin: str, tree_id: str = "", *, promises: bool = True) -> None:
        self.origin = origin
        self.tree_id = tree_id
        self.tree = MerkleTree()
        key = LogKey.from_pem(signer.public_pem)
        self.log_id = key.log_id if promises else key.names(origin)[-1]
        self._signer = signer
        self._promises = promises
        self._leaves: list[_Leaf] = []
        self._places: dict[str, int] = {}

    def add(self, body: bytes, time: int) -> tuple[int, bool]:
        """Append a body unless it is there, and return its index and whether it is new."""
        digest = leaf_hash(body).hex()
        if digest in self._places:
            return self._places[digest], False
        index = self._places[digest] = self.tree.append(body)
        self._leaves.append(_Leaf(body, time))
        return index, True

    def find(self, uuid: str) -> int | None:
        """Return the index of the entry of that UUID, with or without the tree's id."""
        return self._places.get(uuid.lower()[-64:])

    def uuid(self, index: int) -> str:
        """Return the UUID of an entry."""
        return self.tree_id + leaf_hash(self._leaves[index].body).hex()

    def bodies(self) -> list[bytes]:
        """Return every body in order."""
        return [leaf.body for leaf in self._leaves]

    async def entry(self, index: int) -> LogEntry:
        """Return an entry with its proofs as of now."""
        leaf, size = self._leaves[index], self.tree.size
        checkpoint = await self.checkpoint()
        proof = InclusionProof(index, size, self.tree.root(size), tuple(self.tree.proof(index, size)), checkpoint)
        time = leaf.integrated_time if self._promises else 0
        bare = LogEntry(self.log_id, index, time, leaf.body, proof=proof, uuid=self.uuid(index))
        if not self._promises:
            return bare
        promise = (await self._signer.sign(promised(bare))).raw
        return LogEntry(self.log_id, index, time, leaf.body, promise, proof, self.uuid(index))

    async def checkpoint(self) -> str:
        """Return the signed note about the tree as it is."""
        origin = f"{self.origin} - {int(self.tree_id, 16)}" if self.tree_id else self.origin
        text = f"{origin}\n{self.tree.size}\n{base64.b64encode(self.tree.root()).decode()}\n"
        raw = (await self._signer.sign(text.encode())).raw
        signature = base64.b64encode(self.log_id[:4] + raw).decode()
        return f"{text}\n\N{EM DASH} {self.origin} {signature}\n"
