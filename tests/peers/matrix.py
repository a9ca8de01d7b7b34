"""What every verifier makes of what `chains sign` wrote: each cell is a run of the program on an image of its own."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chains.artifacts.reference import ImageReference
from chains.demo.rekor.server import RekorServer
from chains.registry.client import RegistryClient
from tests.builders import image_results, taskrun_object
from tests.peers.bench import REAL_REGISTRIES, Bench, write
from tests.peers.cosign import Cosign
from tests.peers.programs import Finished, chains
from tests.peers.skopeo import Skopeo
from tests.peers.trusted_root import trusted_root

PROGRAMS_AT_ONCE = 3
SETTINGS = tuple(
    pair
    for pair in itertools.product(("dsse", "sigstore-bundle", "both"), ("off", "v1", "v2"))
    if pair != ("dsse", "v2")  # The configuration refuses it.
)
NEIGHBOURS = ("nobody", "cosign-2", "cosign-3")
COLUMNS = (
    *itertools.product(("cosign-2", "cosign-3"), ("signature", "attestation")),
    ("skopeo", "signature"),
    *itertools.product(("chains",), ("signature", "attestation")),
)
_COMMANDS = {"signature": ("verify",), "attestation": ("verify-attestation", "--type", "slsaprovenance")}
_PREDICATE = b'{"builder":{"id":"https://builds.example.com"},"buildType":"by hand","invocation":{"configSource":{}}}'


@dataclass(frozen=True)
class Written:
    """One image: how it was signed, in which log, in which registry, and who attested it afterwards."""

    encoding: str
    log: str
    registry: str
    neighbour: str

    @property
    def path(self) -> str:
        return f"{self.encoding}/{self.log}/{self.neighbour}"


Verdicts = dict[tuple[Written, tuple[str, str]], Finished]


@dataclass(frozen=True)
class Scene:
    """A log, the images, a folder with our key pair and the log's key, and a stranger's folder with a pair of his."""

    ours: Path
    theirs: Path
    rekor: RekorServer
    images: dict[Written, ImageReference]

    async def sign(self, encoding: str, log: str) -> None:
        """Sign the images that are to be signed in this way, with one call of `chains sign`."""
        runs = [
            taskrun_object(
                f"run-{at}", uid=f"uid-{at}", results=image_results(str(image.repository), str(image.digest))
            )
            for at, (written, image) in enumerate(self.images.items())
            if (written.encoding, written.log) == (encoding, log)
        ]
        file = write(self.ours / f"{encoding} {log}.json", json.dumps({"kind": "List", "items": runs}).encode())
        settings = {"storage.oci.encoding-format": encoding}
        if log != "off":
            where = {"url": self.rekor.url, "public-key": str(self.ours / "rekor.pub"), "version": log[1:]}
            settings |= {"transparency.enabled": "true", **{f"transparency.{key}": text for key, text in where.items()}}
        flags = [part for key, text in settings.items() for part in ("--set", f"{key}={text}")]
        signed = await chains(self.ours, "sign", file, "--key", "cosign.key", *flags)
        assert signed.succeeded, signed
        assert signed.out.count(b"stored at") >= 2 * len(runs), signed

    async def attest(self, written: Written) -> None:
        """Let a stranger attest the image, as his cosign does unless told otherwise."""
        cosign, image = Cosign(written.neighbour, self.theirs), str(self.images[written])
        attested = await cosign.attest_in_bundle(self.theirs / "cosign.key", self.theirs / "predicate.json", image)
        assert attested.succeeded, attested

    async def verify(self, written: Written, program: str, what: str) -> Finished:
        """Let a program verify our signature or attestation of the image, with the log's key if there is a log."""
        logged, image = written.log != "off", str(self.images[written])
        if program == "skopeo":
            home = self.ours / written.path / written.registry
            home.mkdir(parents=True)
            registry = self.images[written].repository.registry
            log_key = self.ours / "rekor.pub" if logged else None
            return await Skopeo(home, registry, self.ours / "cosign.pub", log_key).pull(image)
        command = (*_COMMANDS[what], "--key", "cosign.pub", *(self._log_flags(program) if logged else (_UNLOGGED,)))
        env = {"SIGSTORE_REKOR_PUBLIC_KEY": str(self.ours / "rekor.pub")} if logged else {}
        if program == "chains":
            return await chains(self.ours, *command, image, env=env)
        return await Cosign(program, self.ours, env).call(*command, image)

    def _log_flags(self, program: str) -> tuple[str, ...]:
        flags = {
            "cosign-2": ("--rekor-url", self.rekor.url, "--offline=true"),
            "cosign-3": ("--trusted-root", str(self.ours / "trusted-root.json")),
        }
        return flags.get(program, ("--offline",))


_UNLOGGED = "--insecure-ignore-tlog=true"


async def verdicts(folder: Path) -> Verdicts:
    """Set the scene, sign, let strangers attest, and run every verifier on every image."""
    free, found = asyncio.Semaphore(PROGRAMS_AT_ONCE), Verdicts()

    async def judged(scene: Scene, written: Written, column: tuple[str, str]) -> None:
        async with free:
            found[written, column] = await scene.verify(written, *column)

    async def attested(scene: Scene, written: Written) -> None:
        async with free:
            await scene.attest(written)

    async with set_up(folder) as scene:
        for setting in SETTINGS:
            await scene.sign(*setting)
        await asyncio.gather(*(attested(scene, one) for one in scene.images if one.neighbour != "nobody"))
        await asyncio.gather(*(judged(scene, one, column) for one in scene.images for column in COLUMNS))
    return found


@asynccontextmanager
async def set_up(folder: Path) -> AsyncIterator[Scene]:
    """Start the registries and the log, push the images, and make the keys."""
    async with AsyncExitStack() as stack:
        rekor = await stack.enter_async_context(RekorServer())
        client = await stack.enter_async_context(RegistryClient())
        images: dict[Written, ImageReference] = {}
        for registry, started in REAL_REGISTRIES.items():
            bench = Bench(await stack.enter_async_context(started(folder)), client, folder)
            images |= {one: await bench.push(one.path) for one in _written(registry)}
        ours, theirs = folder / "ours", folder / "theirs"
        for home in (ours, theirs):
            home.mkdir()
            assert (await chains(home, "generate-key-pair")).succeeded
        write(ours / "rekor.pub", rekor.public_key)
        write(theirs / "predicate.json", _PREDICATE)
        trusted_root(ours, rekor.url, rekor.public_key)
        yield Scene(ours, theirs, rekor, images)


def _written(registry: str) -> Iterable[Written]:
    for (encoding, log), neighbour in itertools.product(SETTINGS, NEIGHBOURS):
        yield Written(encoding, log, registry, neighbour)
