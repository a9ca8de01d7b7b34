"""What the real cosigns did with the recorded repositories, we do: exit code and stdout, but where they mislead."""

from collections.abc import Iterator

import pytest

from chains.demo.registry.server import RegistryServer
from tests.verify.recordings import chains, commands, on, recorded_registry, same_output

BUNDLES_ARE_READ = "cosign 2 does not read bundles"
UNION = "cosign 3 looks at nothing but bundles where there is one"
NO_SIGNATURE = "an attestation is no signature"
KEYLESS = "flags of keyless verification are refused, not ignored"
NO_CUE = "CUE is not supported"
REGO = "Debian's cosign 2 is built without Rego"
WORDING = "cosign 2 words it in another way"

# Each deliberate difference: why, and how our command ends. docs/compatibility.md has the same for people.
DIFFERENT = {
    "d25-c31bundle-att1": (BUNDLES_ARE_READ, 0),
    "d25-c31bundle-sig": (BUNDLES_ARE_READ, 0),
    "d25-c31bundle-tree": (BUNDLES_ARE_READ, 0),
    "d25-tree-expoci11": (BUNDLES_ARE_READ, 0),
    "d25-tree-none": (WORDING, 0),
    "e25-key-and-ident": (KEYLESS, 1),
    "mix31-bun-leg": (UNION, 0),
    "p25-p_ok-rego": (REGO, 0),
    "p31-p_ok-cue": (NO_CUE, 1),
    "q31-localb": (NO_SIGNATURE, 0),
    "v25-c31bundle-attest02": (BUNDLES_ARE_READ, 0),
    "v25-c31bundle-multi": (BUNDLES_ARE_READ, 0),
    "v25-c31bundle-verify": (BUNDLES_ARE_READ, 0),
    "v25-c31bundle-verify-nbf": (BUNDLES_ARE_READ, 0),
    "v25-c31bundle-verify-oci11": (BUNDLES_ARE_READ, 0),
    "y25-zz-proofonly": (BUNDLES_ARE_READ, 0),
    "z31-badkind-v": (NO_SIGNATURE, 10),
    "z31-bf-a": (UNION, 0),
    "zz31-proofonly-v": (NO_SIGNATURE, 10),
}


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with recorded_registry() as server:
        yield server


@pytest.mark.parametrize("recorded", [pytest.param(row, id=row["label"]) for row in commands()])
def test_the_command_ends_and_prints_as_cosign_did(registry: RegistryServer, recorded: dict) -> None:
    env = {"SIGSTORE_REKOR_PUBLIC_KEY": "kx/rekor.pub", **recorded["env"]}
    env = {name: value.replace("127.0.0.1:5056", registry.address) for name, value in env.items()}
    ended = chains(*on(registry.address, recorded["command"]), env=env)
    stdout = ended.stdout.replace(registry.address, "127.0.0.1:5056")
    agrees = ended.exit_code == recorded["exit"] and same_output(stdout, recorded["stdout"] or "")
    if recorded["label"] in DIFFERENT:
        assert ended.exit_code == DIFFERENT[recorded["label"]][1], ended.stderr
        assert not agrees, "the table of differences has one too many"
    else:
        assert agrees, (ended, recorded["exit"], recorded["stdout"])


def test_every_difference_is_of_a_recorded_command() -> None:
    assert set(DIFFERENT) <= {row["label"] for row in commands()}
