"""Transparency logs of an auditor: whose keys are known, and what is asked of them when nothing stands beside."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chains.demo.faults import Fault
from chains.demo.registry.server import RegistryServer
from chains.demo.rekor.server import RekorServer
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, Origin, Payload, SignedPayload
from chains.payloads.pem_block import der_of
from chains.registry.client import RegistryClient
from chains.registry.credentials import ChainedKeychain
from chains.registry.oci_store import OciStore
from chains.rekor.key_source import MIRROR, TRUSTED_ROOT, root_folder
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from tests.rekor.mirrors import mirrored
from tests.verify.recordings import Ended, chains
from tests.verify.servers import Elsewhere, elsewhere

NOW = 1_700_000_000
STATEMENT = '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"t","subject":[{"digest":{"sha256":"%s"}}]}'
SIMPLE = (
    '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},'
    '"type":"cosign container image signature"},"optional":null}'
)


@dataclass
class Signed:
    """An image, signed and attested by one key, and a log that may have the entries."""

    image: str
    registry: RegistryServer
    log: RekorServer
    signer: KeySigner
    payloads: tuple[SignedPayload, ...]
    there: Elsewhere
    folder: Path
    requests: Fault

    @property
    def asked(self) -> int:
        """How often the log was asked for anything."""
        return self.log.faults.hits(self.requests)

    def upload(self) -> None:
        """Let the log have what stands beside the image without its entries."""
        self.there.run(self._upload())

    async def _upload(self) -> None:
        async with LogV1(self.log.url, (LogKey.from_pem(self.log.public_key),)) as log:
            for one in self.payloads:
                await log.upload(one)

    def verify(self, command: str, *flags: str, key: str = "log.pub") -> Ended:
        """Run a command on the image, with the log's key in the variable."""
        env = {"TUF_ROOT": "tuf"} | ({"SIGSTORE_REKOR_PUBLIC_KEY": key} if key else {})
        wanted = () if command == "verify" else ("--type", "t")
        return chains(command, *wanted, "--key", "signer.pub", *flags, self.image, env=env, cwd=self.folder)

    def trusted_root(self, **valid: str) -> str:
        """Write a trusted root that has the log's key, in use at that time, and say where it is."""
        der = der_of(self.log.public_key)
        key = {"rawBytes": base64.b64encode(der).decode(), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
        log_id = {"keyId": base64.b64encode(hashlib.sha256(der).digest()).decode()}
        root = {"tlogs": [{"baseUrl": self.log.url, "publicKey": key, "logId": log_id}], "ctlogs": [{}]}
        (self.folder / "trusted_root.json").write_text(json.dumps(root))
        return "trusted_root.json"


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[Signed]:
    with (
        elsewhere() as there,
        there.serving(RegistryServer()) as registry,
        there.serving(RekorServer(clock=lambda: NOW)) as log,
    ):
        signer = new_signer()
        (tmp_path / "signer.pub").write_bytes(signer.public_pem)
        (tmp_path / "log.pub").write_bytes(log.public_key)
        image, payloads = there.run(sign(registry, signer))
        yield Signed(image, registry, log, signer, payloads, there, tmp_path, log.faults.add(Fault()))


async def sign(registry: RegistryServer, signer: KeySigner) -> tuple[str, tuple[SignedPayload, ...]]:
    """Push an image with a signature and an attestation, neither with a log entry."""
    image = registry.push_image("team/app", "seed", "v1")
    simple = (SIMPLE % (image.repository, image.digest)).encode()
    statement = (STATEMENT % image.digest.hex).encode()
    bare = SignedPayload(Payload(simple, SIMPLE_SIGNING, "", "short", (image,)), await signer.sign(simple), None)
    made = await signer.sign(pre_authentication_encoding(IN_TOTO, statement))
    enveloped = SignedPayload(
        Payload(statement, IN_TOTO, "t", "run", (image,)), made, envelope(IN_TOTO, statement, made)
    )
    async with RegistryClient() as client:
        store = OciStore(client, lambda _origin: ChainedKeychain())
        for one in (bare, enveloped):
            await store.put(one, Origin("TaskRun", "ns", "run", "uid", "default"))
    return str(image), (bare, enveloped)


BOTH = pytest.mark.parametrize("command", ["verify", "verify-attestation"])


@BOTH
def test_an_entry_that_is_not_beside_the_image_is_asked_for(signed: Signed, command: str) -> None:
    signed.upload()
    ended = signed.verify(command, "--rekor-url", signed.log.url)
    assert ended.exit_code == 0, ended.stderr
    assert "found in the transparency log, which was asked for them" in ended.stderr
    assert "verified offline" not in ended.stderr
    assert "Bundle" not in ended.stdout


@BOTH
def test_without_an_entry_anywhere_nothing_holds(signed: Signed, command: str) -> None:
    ended = signed.verify(command, "--rekor-url", signed.log.url)
    assert ended.exit_code == (12 if command == "verify" else 1)
    assert "there is no transparency log entry beside it" in ended.stderr


@BOTH
def test_offline_the_log_is_not_asked(signed: Signed, command: str) -> None:
    signed.upload()
    asked = signed.asked
    ended = signed.verify(command, "--rekor-url", signed.log.url, "--offline")
    assert ended.exit_code != 0
    assert "there is no transparency log entry beside it" in ended.stderr
    assert signed.asked == asked


def test_a_log_that_cannot_be_reached_is_named_with_the_reason(signed: Signed) -> None:
    ended = signed.verify("verify", "--rekor-url", "http://127.0.0.1:9")
    assert ended.exit_code == 12
    assert "127.0.0.1:9 cannot be reached" in ended.stderr


def test_an_answer_by_another_log_is_not_believed(signed: Signed) -> None:
    signed.upload()
    (signed.folder / "other.pub").write_bytes(new_signer().public_pem)
    ended = signed.verify("verify", "--rekor-url", signed.log.url, key="other.pub")
    assert ended.exit_code == 12
    assert "the log's key is known for" in ended.stderr


def test_what_another_key_signed_is_not_asked_for(signed: Signed) -> None:
    (signed.folder / "signer.pub").write_bytes(new_signer().public_pem)
    asked = signed.asked
    assert signed.verify("verify", "--rekor-url", signed.log.url).exit_code == 12
    assert signed.asked == asked


def test_a_trusted_root_names_the_logs_and_what_of_it_is_not_used_is_said(signed: Signed) -> None:
    signed.upload()
    root = signed.trusted_root(start="2020-01-01T00:00:00Z")
    ended = signed.verify("verify", "--trusted-root", root, "--rekor-url", signed.log.url, key="")
    assert ended.exit_code == 0, ended.stderr
    assert "Its certificate transparency logs are not" in ended.stderr


def test_the_word_sigstore_stands_for_the_root_that_was_fetched(signed: Signed) -> None:
    signed.upload()
    root = signed.folder / signed.trusted_root()
    fetched = signed.folder / root_folder({"TUF_ROOT": "tuf"}, MIRROR) / "targets" / TRUSTED_ROOT
    fetched.parent.mkdir(parents=True)
    root.rename(fetched)
    ended = signed.verify("verify", "--trusted-root", "sigstore", "--rekor-url", signed.log.url)
    assert ended.exit_code == 0, ended.stderr
    assert "are not: they are for keyless" not in ended.stderr
    ended = signed.verify("verify", "--rekor-url", signed.log.url, key="sigstore")
    assert ended.exit_code == 0, ended.stderr


@BOTH
def test_the_public_log_is_known_by_the_packages_root(signed: Signed, command: str) -> None:
    signed.upload()
    known = signed.verify(command, "--offline", key="")
    assert known.exit_code != 0
    assert "there is no transparency log entry beside it" in known.stderr
    other = signed.verify(command, "--trusted-root", "sigstore", "--rekor-url", signed.log.url, key="")
    assert other.exit_code != 0
    assert "the log's key is known for c0d23d6ad406973f" in other.stderr


def test_the_trusted_root_of_a_mirror_is_fetched_and_verifies(signed: Signed) -> None:
    signed.upload()
    root = (signed.folder / signed.trusted_root()).read_bytes()
    with signed.there.serving(mirrored(root)) as mirror:
        (signed.folder / "first.json").write_bytes(mirror.first_root)
        flags = ("--mirror", mirror.url, "--root", "first.json")
        ended = chains("initialize", *flags, env={"TUF_ROOT": "tuf"}, cwd=signed.folder)
    assert ended.exit_code == 0, ended.stderr
    fetched = ended.stdout.strip()
    assert (signed.folder / fetched).read_bytes() == root
    ended = signed.verify("verify", "--trusted-root", fetched, "--rekor-url", signed.log.url, key="")
    assert ended.exit_code == 0, ended.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--mirror", "https://tuf.example.com"), "needs --root"),
        (("--mirror", "http://tuf.example.com", "--root", "signer.pub"), "use https"),
        (("--mirror", "http://127.0.0.1:9", "--root", "nothing.json"), "root metadata cannot be read"),
        (("--mirror", "http://127.0.0.1:9", "--root", "signer.pub"), "does not hold"),
    ],
)
def test_a_mirror_that_nothing_can_be_believed_of_is_not_asked(
    signed: Signed, flags: tuple[str, ...], said: str
) -> None:
    ended = chains("initialize", *flags, env={"TUF_ROOT": "tuf"}, cwd=signed.folder)
    assert ended.exit_code != 0
    assert said in ended.stderr


@pytest.mark.parametrize("valid", [{"start": "2023-12-01T00:00:00Z"}, {"end": "2023-11-01T00:00:00.5Z"}])
def test_an_entry_from_when_the_logs_key_was_not_in_use_is_not_believed(signed: Signed, valid: dict[str, str]) -> None:
    signed.upload()
    root = signed.trusted_root(**valid)
    ended = signed.verify("verify", "--trusted-root", root, "--rekor-url", signed.log.url)
    assert ended.exit_code == 12
    assert "the entry is of 2023-11-14T22:13:20+00:00, when the log's key" in ended.stderr


@pytest.mark.parametrize("content", ["{", "[]", '{"tlogs":[]}', '{"tlogs":[{"publicKey":{"rawBytes":"AAAA"}}]}', "no"])
def test_a_file_that_names_no_log_is_refused(signed: Signed, content: str) -> None:
    (signed.folder / "bad.json").write_text(content)
    ended = signed.verify("verify", "--trusted-root", "bad.json")
    assert ended.exit_code == 1
    assert "getting rekor public keys: bad.json: " in ended.stderr


def test_an_audit_asks_the_log_as_verify_does_and_tells_where(signed: Signed) -> None:
    signed.upload()
    ended = signed.verify("audit", "--rekor-url", signed.log.url, "-o", "json")
    assert ended.exit_code == 0, ended.stdout
    [entry] = json.loads(ended.stdout)["entries"]
    proofs = (*entry["signatures"], *entry["attestations"])
    assert [proof["log"]["url"].startswith(f"{signed.log.url}/api/v1/log/entries") for proof in proofs] == [True] * 2
    told = [command for one in entry["reproduce"] for command in one["commands"]]
    assert all(f"--rekor-url {signed.log.url} " in command for command in told)


def test_an_audit_offline_asks_no_log(signed: Signed) -> None:
    signed.upload()
    asked = signed.asked
    ended = signed.verify("audit", "--rekor-url", signed.log.url, "--offline")
    assert ended.exit_code == 12
    assert "there is no transparency log entry beside it" in ended.stdout
    assert signed.asked == asked


def test_an_audit_asks_a_log_again_that_gave_no_answer(signed: Signed) -> None:
    signed.upload()
    signed.log.faults.remove(signed.requests)
    once = signed.log.faults.add(Fault(path="retrieve", status=503, times=1))
    ended = signed.verify("audit", "--rekor-url", signed.log.url)
    assert signed.log.faults.hits(once) == 1
    assert ended.exit_code == 0, ended.stdout


def test_what_a_silent_log_may_hold_is_not_judged_and_what_it_does_not_have_is_bad(signed: Signed) -> None:
    ended = signed.verify("audit", "--rekor-url", "http://127.0.0.1:9")
    assert ended.exit_code == 20
    assert ended.stdout.startswith("not judged")
    assert "127.0.0.1:9" in ended.stdout
    assert signed.verify("audit", "--rekor-url", signed.log.url).exit_code == 12


def test_a_trusted_root_names_the_logs_of_an_audit(signed: Signed) -> None:
    signed.upload()
    root = signed.trusted_root(start="2020-01-01T00:00:00Z")
    ended = signed.verify("audit", "--trusted-root", root, "--rekor-url", signed.log.url, key="")
    assert ended.exit_code == 0, ended.stderr
