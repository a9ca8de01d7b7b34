"""What an audit asks of everything: keys, types, expectations, and the words that a report has for them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chains.audit.judge import Key, Question
from chains.cli.expectation_flags import check_policies, expected_from
from chains.cli.image_flags import Flags
from chains.cli.predicate_types import predicate_type
from chains.cli.verify_flags import VerifyFlags
from chains.cli.verifying_key import verifier_for
from chains.errors import EdgeError, InputError
from chains.pipeline.ports import LogVerifier

ABOUT_ATTESTATIONS = ("type_names", "builder_id", "source_uri", "source_digest", "run_succeeded", "max_age", "policy")


class _Asked(Flags, frozen=True):
    """What is asked of everything."""

    keys: tuple[str, ...] = ()
    type_names: tuple[str, ...] = ()
    require: str = "both"


async def question_from(
    given: Mapping[str, Any], verify: VerifyFlags, logs: LogVerifier | None, moment: datetime
) -> Question:
    """Read the question off click's parameters; raise InputError for what cannot be asked, or without a key."""
    asked = _Asked.of(given)
    if not asked.keys:
        raise InputError("a public key is needed: give --key, several times where any of several keys will do")
    of_attestations = [flag for flag in ABOUT_ATTESTATIONS if given[flag]]
    if asked.require == "signature" and of_attestations:
        flag = f"--{of_attestations[0].replace('_', '-').removesuffix('-names')}"
        raise InputError(f"{flag} is asked of attestations, which --require signature leaves out: take --require both")
    expected, policies = expected_from(given, moment)
    types = tuple(dict.fromkeys(map(predicate_type, asked.type_names or ("slsaprovenance", "slsaprovenance1"))))
    return Question(
        tuple([await _key(name, verify) for name in asked.keys]),
        verify.demands({}, logs),
        types,
        expected,
        partial(check_policies, policies=policies),
        _words(asked, types, given, logged=logs is not None),
    )


async def _key(name: str, verify: VerifyFlags) -> Key:
    """Return a key; one that cannot be had is the auditor's to mend, as without it nothing at all can be judged."""
    try:
        verifier = await verifier_for(name, verify.signature_digest_algorithm, offline=verify.offline)
    except EdgeError as error:
        raise InputError(str(error)) from error
    return Key(name, verifier.key_id, verifier)


def _words(asked: _Asked, types: tuple[str, ...], given: Mapping[str, Any], *, logged: bool) -> tuple[str, ...]:
    """Say what is asked of every image."""
    parts = {"both": "a signature and an attestation", "signature": "a signature", "attestation": "an attestation"}
    by = "the given key" if len(asked.keys) == 1 else "one of the given keys"
    told = [
        f"{parts[asked.require].capitalize()} by {by}, about this very image",
        f"The attestation is of the type {' or '.join(types)}" if asked.require != "signature" else "",
        "The transparency log has it" if logged else "",
        f"It was built by {given['builder_id']}" if given["builder_id"] else "",
        f"It was built from {given['source_uri']}" if given["source_uri"] else "",
        f"It was built at {given['source_digest']}" if given["source_digest"] else "",
        "Every task of the build succeeded" if given["run_succeeded"] else "",
        f"The build ended no longer than {given['max_age']} ago" if given["max_age"] else "",
        f"It satisfies the policies in {', '.join(given['policy'])}" if given["policy"] else "",
        "What is signed names the image's repository" if given["check_identity"] else "",
        "The payload is strict JSON" if given["strict_json"] else "",
        "Of runs the images alone are asked for" if given["images_only"] else "",
    ]
    return tuple(filter(None, told))
