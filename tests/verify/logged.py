"""One good signature, attestation and bundle of each, every one with its log entry, on a shelf in memory."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from chains.artifacts.reference import Digest, ImageReference, Repository
from chains.cli.known_logs import KnownLogs
from chains.demo.rekor.server import RekorServer
from chains.keys.signer import KeySigner
from chains.keys.verifier import KeyVerifier
from chains.payloads.dsse import envelope, pre_authentication_encoding
from chains.payloads.payload import COSIGN_SIGN, IN_TOTO, SIMPLE_SIGNING, LogEntry, Payload, SignedPayload
from chains.payloads.sigstore_bundle import write_bundle
from chains.pipeline.verify import Demands
from chains.registry.cosign_layout import EMPTY, append_layer, layer_for
from chains.registry.referrers import Subject, annotations_of, bundle_manifest
from chains.rekor.log_key import LogKey
from chains.rekor.log_v1 import LogV1
from tests.verify.builders import Shelf, digest_of

IMAGE = ImageReference(Repository("registry.example.com", "team/app"), Digest("sha256", "a1" * 32))
SIMPLE = (
    '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},'
    '"type":"cosign container image signature"},"optional":{"team":"release"}}'
)
STATEMENT = (
    '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"%s","subject":[{"name":"%s","digest":{"sha256":"%s"}}],'
    '"predicate":{"builder":{"id":"https://tekton.dev/chains/v2"}}}'
)
PROVENANCE = "https://slsa.dev/provenance/v0.2"


@dataclass(frozen=True)
class Good:
    """What verifies: everything beside the image, and what an auditor knows."""

    signature: Shelf
    attestation: Shelf
    bundle: Shelf
    verifier: KeyVerifier
    demands: Demands


async def good() -> Good:
    """Sign with a key that is always the same, and let an embedded log take each."""
    signer = KeySigner.of(ec.derive_private_key(20261121, ec.SECP256R1()))
    log_signer = KeySigner.of(ec.derive_private_key(11212026, ec.SECP256R1()))
    async with RekorServer(log_signer, clock=lambda: 1_700_000_000) as server:
        keys = (LogKey.from_pem(server.public_key),)
        async with LogV1(server.url, keys) as log:
            bare = await _logged(log, await _bare(signer))
            attested = await _logged(log, await _statement(signer, PROVENANCE))
            signed = await _logged(log, await _statement(signer, COSIGN_SIGN))
    verifier = KeyVerifier.from_pem(signer.public_pem)
    demands = Demands(identity=True, log=KnownLogs(keys))
    return Good(_tag(".sig", bare), _tag(".att", attested), _bundle(signed), verifier, demands)


async def _logged(log: LogV1, signed: SignedPayload) -> SignedPayload:
    entry: LogEntry = await log.upload(signed)
    return SignedPayload(signed.payload, signed.signature, signed.envelope, entry)


async def _bare(signer: KeySigner) -> SignedPayload:
    body = (SIMPLE % (IMAGE.repository, IMAGE.digest)).encode()
    return SignedPayload(Payload(body, SIMPLE_SIGNING, "", "short", (IMAGE,)), await signer.sign(body), None)


async def _statement(signer: KeySigner, predicate_type: str) -> SignedPayload:
    body = (STATEMENT % (predicate_type, IMAGE.repository, IMAGE.digest.hex)).encode()
    signature = await signer.sign(pre_authentication_encoding(IN_TOTO, body))
    payload = Payload(body, IN_TOTO, predicate_type, "run", (IMAGE,))
    return SignedPayload(payload, signature, envelope(IN_TOTO, body, signature))


def _tag(suffix: str, signed: SignedPayload) -> Shelf:
    layer = layer_for(signed)
    return Shelf(tags={suffix: append_layer(EMPTY, layer).manifest}, blobs={digest_of(layer.body): layer.body})


def _bundle(signed: SignedPayload) -> Shelf:
    body = write_bundle(signed)
    subject = Subject("application/vnd.oci.image.manifest.v1+json", 100, str(IMAGE.digest))
    manifest = bundle_manifest(body, annotations_of(COSIGN_SIGN, ""), subject)
    referrer = digest_of(manifest)
    return Shelf(referrers=(referrer,), manifests={referrer: manifest}, blobs={digest_of(body): body})
