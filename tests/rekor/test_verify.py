"""Log entries that other programs were given: those that cosign accepts verify here, and its refusals are ours."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chains.errors import InputError, VerificationError
from chains.payloads.dsse import envelope, read_envelope
from chains.payloads.log_annotation import read_annotation, write_annotation
from chains.payloads.payload import IN_TOTO, SIMPLE_SIGNING, Payload, Signature, SignedPayload
from chains.payloads.sigstore_bundle import read_bundle, write_bundle
from chains.rekor.bodies import read_body
from chains.rekor.checkpoint import read_checkpoint
from chains.rekor.log_key import LogKey, read_log_keys
from chains.rekor.verify import check_subject, verify_entry, verify_logged
from tests.rekor.builders import IMAGE, recorded, recorded_annotation

LOG, OTHER_LOG = LogKey.from_pem(recorded("rekor.pub")), LogKey.from_pem(recorded("rekor2.pub"))
KEY = recorded("a.pub")


def in_bundle(name: str) -> SignedPayload:
    found = read_bundle(recorded(f"{name}.bundle.json"))
    [signature], [entry] = found.envelope.signatures, found.log_entries
    payload = Payload(found.envelope.body, found.envelope.payload_type, "", "", (IMAGE,))
    written = envelope(IN_TOTO, payload.body, signature)
    return SignedPayload(payload, replace(signature, public_key=KEY), written, entry)


def in_image(name: str) -> SignedPayload:
    entry = read_annotation(recorded_annotation(f"{name}.manifest.json"))
    payload = Payload(recorded(f"{name}.payload.json"), SIMPLE_SIGNING, "", "", (IMAGE,))
    raw = read_body(entry.body).signature
    assert raw is not None
    return SignedPayload(payload, Signature(raw, "", public_key=KEY), None, entry)


@pytest.mark.parametrize("name", ["zz-proofonly", "z-promiseonly", "zz-promiseonly", "zz-badkind"])
def test_a_recorded_entry_holds_and_is_about_what_it_lies_beside(name: str) -> None:
    verify_logged(in_bundle(name), (OTHER_LOG, LOG), KEY)


def test_a_recorded_checkpoint_whose_signers_name_has_spaces_does_not_hold() -> None:
    with pytest.raises(VerificationError, match="no name of a signer"):
        verify_logged(in_bundle("z-full"), (LOG,), KEY)


def test_a_recorded_entry_with_a_wrong_root_does_not_hold() -> None:
    with pytest.raises(VerificationError, match="does not lead to the root"):
        verify_logged(in_bundle("zz-badroot"), (LOG,), KEY)


def test_a_recorded_entry_of_another_log_does_not_hold() -> None:
    signed = in_image("set-by-another-log")
    with pytest.raises(VerificationError, match="the log's key is known for"):
        verify_logged(signed, (LOG,), KEY)
    verify_logged(signed, (OTHER_LOG,), KEY)


def test_a_recorded_entry_about_another_payload_is_not_taken() -> None:
    signed = in_image("set-for-another-payload")
    assert signed.log_entry is not None
    verify_entry(signed.log_entry, LOG)
    with pytest.raises(VerificationError, match="about other content"):
        verify_logged(signed, (LOG,), KEY)


def test_a_recorded_entry_of_the_older_kind_for_attestations_holds() -> None:
    blob = recorded("intoto-entry.envelope.json")
    found = read_envelope(blob)
    payload = Payload(found.body, found.payload_type, "", "", (IMAGE,))
    entry = read_annotation(recorded_annotation("intoto-entry.manifest.json"))
    verify_logged(SignedPayload(payload, found.signatures[0], blob, entry), (LOG,), KEY)
    with pytest.raises(VerificationError, match="about other content"):
        check_subject(entry, SignedPayload(payload, found.signatures[0], blob + b" "), KEY)


def test_an_entry_by_another_key_is_not_taken() -> None:
    with pytest.raises(VerificationError, match="by another key"):
        verify_logged(in_bundle("zz-proofonly"), (OTHER_LOG, LOG), recorded("rekor.pub"))


def test_what_has_no_entry_or_an_entry_without_proof_does_not_hold() -> None:
    signed = in_bundle("z-full")
    assert signed.log_entry is not None
    bare = replace(signed.log_entry, promise=b"", proof=None)
    with pytest.raises(VerificationError, match="neither a signed timestamp nor"):
        verify_entry(bare, LOG)
    with pytest.raises(VerificationError, match="no transparency log entry"):
        verify_logged(replace(signed, log_entry=None), (LOG,), KEY)


def test_an_entry_without_a_signed_time_is_not_taken_from_a_key_out_of_use() -> None:
    signed = in_bundle("zz-proofonly")
    verify_logged(signed, (replace(LOG, valid=(1.0, None)),), KEY)
    with pytest.raises(VerificationError, match="is out of use, and the log has not signed when"):
        verify_logged(signed, (replace(LOG, valid=(None, 1.0)),), KEY)


def test_a_recorded_bundle_is_written_again_as_it_was_but_for_zeros() -> None:
    for name in ("z-full", "zz-proofonly"):
        text = recorded(f"{name}.bundle.json")
        for zero in (b'"logIndex":"0",', b'"hashes":[],'):
            text = text.replace(zero, b"")
        ours = read_bundle(write_bundle(in_bundle(name)))
        assert ours == read_bundle(text)


@pytest.mark.parametrize("name", ["set-by-another-log", "set-for-another-payload", "intoto-entry"])
def test_a_recorded_annotation_is_written_again_to_the_byte(name: str) -> None:
    text = recorded_annotation(f"{name}.manifest.json")
    assert write_annotation(read_annotation(text)) == text


def test_the_keys_of_a_trusted_root_and_of_a_file_of_several_are_read() -> None:
    [key] = read_log_keys(recorded("trusted-root.json"))
    assert key.log_id == LOG.log_id
    both = read_log_keys(recorded("rekor.pub") + recorded("rekor2.pub"))
    assert [key.log_id for key in both] == [LOG.log_id, OTHER_LOG.log_id]


def test_a_log_whose_key_cannot_be_read_leaves_the_others_of_use() -> None:
    root = json.loads(recorded("trusted-root.json"))
    [log] = root["tlogs"]
    curve = x25519.X25519PrivateKey.generate().public_key()
    strange = curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    unread = (
        {"publicKey": {"rawBytes": base64.b64encode(strange).decode()}},
        {"publicKey": {}},
        log | {"logId": {"keyId": "!!"}},
        log | {"publicKey": log["publicKey"] | {"validFor": {"start": "noon"}}},
        7,
    )
    unbounded = log | {"publicKey": log["publicKey"] | {"validFor": None}}
    for bad in unread:
        [key] = read_log_keys(json.dumps(root | {"tlogs": [bad, unbounded]}).encode())
        assert (key.log_id, key.valid) == (LOG.log_id, (None, None))
        with pytest.raises(InputError, match="no log's key in this trusted root can be read"):
            read_log_keys(json.dumps(root | {"tlogs": [bad]}).encode())


@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_holds_no_key_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_log_keys(content)


@pytest.mark.parametrize(
    "note",
    ["", "a\n1\nAAAA\n", "a\n1\n\n", "a\n-1\nAAAA\n\n", "\n1\nAAAA\n\n", "a\n1\n?\n\n", "a\n1\nAAAA\n\nb c\n"],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        read_checkpoint(note).check(LOG)
