"""`--check-identity` and `--strict-json` on statements: attestations, and the signatures that come in bundles."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.errors import VerificationError
from chains.keys.generate import new_signer
from chains.keys.signer import KeySigner
from chains.keys.verifier import KeyVerifier
from chains.payloads.candidate import Candidate, Layout
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, Payload, SignedPayload
from chains.pipeline.verify import Demands, verify_attestations, verify_signatures
from tests.verify.recordings import IGNORED, WORKDIR, chains, recorded_registry

IMAGE = ImageReference(Repository("registry.example.com", "team/app"), Digest("sha256", "a1" * 32))
PROVENANCE = "https://slsa.dev/provenance/v0.2"
SIGNER = new_signer()


class Beside:
    """One statement beside the image, in a bundle or in cosign's tag."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    async def find_signatures(self, image: ImageReference) -> tuple[Candidate, ...]:
        return (self._candidate,)

    find_attestations = find_signatures


def statement(kind: str = COSIGN_SIGN, **members: Any) -> dict[str, Any]:
    subject = {"name": str(IMAGE.repository), "digest": {"sha256": IMAGE.digest.hex}}
    whole = {"_type": "https://in-toto.io/Statement/v1", "subject": [subject], "predicateType": kind, "predicate": {}}
    return whole | members


def named(*names: str | None) -> dict[str, Any]:
    """A statement whose subjects are this image under these names."""
    digest = {"digest": {"sha256": IMAGE.digest.hex}}
    return statement(subject=[digest if name is None else {"name": name} | digest for name in names])


async def signed(
    body: bytes, layout: Layout = Layout.BUNDLE, kind: str = COSIGN_SIGN, by: KeySigner = SIGNER
) -> Beside:
    signature = await by.sign(pre_authentication_encoding(IN_TOTO, body))
    keyless = signature if layout is Layout.TAG else type(signature)(signature.raw, "")
    payload = SignedPayload(Payload(body, IN_TOTO, kind, "", (IMAGE,)), keyless, envelope(IN_TOTO, body, keyless))
    return Beside(Candidate(layout, "sha256:00", (payload,)))


async def refused(body: Mapping[str, Any] | bytes, demands: Demands) -> str:
    """Why a bundle with this statement is no signature of the image, empty where it is one."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        await verify_signatures(IMAGE, await signed(text), KeyVerifier.from_pem(SIGNER.public_pem), demands)
    except VerificationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("registry.example.com/team/app",), ""),
        (("registry.example.com/team/app:v1",), ""),
        (("pkg:oci/app", "registry.example.com/team/app"), ""),
        (("registry.example.com/team/other",), "names 'registry.example.com/team/other', not registry.example.com"),
        (("a b",), "the statement names 'a b'"),
        ((None,), "the statement names no repository"),
        (("",), "the statement names no repository"),
    ],
)
async def test_a_statement_in_a_bundle_must_name_the_images_repository(names: tuple[str | None, ...], why: str) -> None:
    assert await refused(named(*names), Demands()) == ""
    found = await refused(named(*names), Demands(identity=True))
    assert (why in found) if why else not found


async def test_the_name_of_another_subject_is_not_the_images() -> None:
    other = {"name": str(IMAGE.repository), "digest": {"sha256": "0" * 64}}
    moved = named("registry.example.com/team/other")
    moved["subject"].append(other)
    assert "not registry.example.com/team/app" in await refused(moved, Demands(identity=True))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (statement(), ""),
        (statement(subject=[{"digest": {"sha256": IMAGE.digest.hex}, "annotations": {"team": "rel"}}]), ""),
        (statement(_type="https://in-toto.io/Statement/v2"), "_type is"),
        (statement(more=1), "exactly the members"),
        (statement(predicate=[]), "predicate no object"),
        (statement(subject=[{"digest": {"sha256": IMAGE.digest.hex}, "size": 1}]), "member 'size'"),
        (statement(subject=[{"digest": {"sha256": IMAGE.digest.hex}}, {"name": "x"}]), "has no digest"),
        (json.dumps(statement()).encode().replace(b"{", b'{"predicate":{"a":1},', 1), "stands there twice"),
        (json.dumps(statement(predicate={"a": float("nan")})).encode(), "NaN is no number"),
    ],
)
async def test_a_statement_in_a_bundle_is_read_strictly_on_demand(body: Any, why: str) -> None:
    found = await refused(body, Demands(strict=True))
    assert (why in found) if why else not found


@pytest.mark.parametrize("layout", [Layout.TAG, Layout.BUNDLE])
async def test_an_attestation_must_name_the_images_repository_wherever_it_is_kept(layout: Layout) -> None:
    moved = named("registry.example.com/team/other") | {"predicateType": PROVENANCE}
    beside = await signed(json.dumps(moved).encode(), layout, PROVENANCE)
    verifier = KeyVerifier.from_pem(SIGNER.public_pem)
    await verify_attestations(IMAGE, beside, verifier, PROVENANCE)
    with pytest.raises(VerificationError, match="the statement names"):
        await verify_attestations(IMAGE, beside, verifier, PROVENANCE, Demands(identity=True))


def test_a_recorded_bundle_names_no_repository_and_both_commands_say_so() -> None:
    key = str(WORKDIR / "k31/cosign.pub")
    with recorded_registry("c31bundle/app") as registry:
        image = f"{registry.address}/c31bundle/app:v1"
        for command in ("verify", "audit"):
            assert chains(command, "--key", key, IGNORED, image).exit_code == 0
            ended = chains(command, "--key", key, IGNORED, "--check-identity", image)
            assert ended.exit_code == (1 if command == "verify" else 12)
            assert "the statement names no repository" in ended.stderr + ended.stdout
