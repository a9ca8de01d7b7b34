"""skopeo, which lets an image in by a policy, as Podman and CRI-O do: the same library, the same files."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.peers.programs import Finished, run


@dataclass(frozen=True)
class Skopeo:
    """skopeo with a policy: images of one registry are signed by one key, and logged if a log is named, or refused."""

    home: Path
    registry: str
    public_key: Path
    log_key: Path | None = None

    async def pull(self, image: str) -> Finished:
        """Copy an image into the folder `pulled`, if the policy lets it in."""
        gate = (f"--policy={self._policy()}", f"--registries.d={self._attachments()}")
        target = f"dir:{self.home / 'pulled'}"
        return await run("skopeo", *gate, "copy", "--src-tls-verify=false", f"docker://{image}", target, home=self.home)

    def _policy(self) -> Path:
        wanted: dict[str, object] = {
            "type": "sigstoreSigned",
            "keyPath": str(self.public_key),
            "signedIdentity": {"type": "matchRepository"},
        }
        if self.log_key is not None:
            wanted["rekorPublicKeyPath"] = str(self.log_key)
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
