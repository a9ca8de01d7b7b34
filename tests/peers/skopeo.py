"""skopeo, which lets an image in by a policy, as Podman and CRI-O do: the same library, the same files."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.peers.programs import Finished, run


@dataclass(frozen=True)
class Skopeo:
    """skopeo with a policy that wants images of one registry signed by one key, and all others refused."""

    home: Path
    registry: str
    public_key: Path

    async def pull(self, image: str) -> Finished:
        """Copy an image into the folder `pulled`, if the policy lets it in."""
        gate = (f"--policy={self._policy()}", f"--registries.d={self._attachments()}")
        target = f"dir:{self.home / 'pulled'}"
        return await run("skopeo", *gate, "copy", "--src-tls-verify=false", f"docker://{image}", target, home=self.home)

    def _policy(self) -> Path:
        wanted = {
            "type": "sigstoreSigned",
            "keyPath": str(self.public_key),
            "signedIdentity": {"type": "matchRepository"},
        }
        policy = {"default": [{"type": "reject"}], "transports": {"docker": {self.registry: [wanted]}}}
        path = self.home / "policy.json"
        path.write_text(json.dumps(policy))
        return path

    def _attachments(self) -> Path:
        folder = self.home / "registries.d"
        folder.mkdir(exist_ok=True)
        (folder / "attachments.yaml").write_text(
            json.dumps({"docker": {self.registry: {"use-sigstore-attachments": True}}})
        )
        return folder
