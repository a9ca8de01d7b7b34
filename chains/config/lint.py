"""What is wrong, old, or makes no sense in the text of `chains-config`, beyond what the service refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from chains.config.config import Config, read_config
from chains.config.keys import KEYS

# Formats that Tekton Chains had once, and what takes their place.
OLD_FORMATS = {
    "tekton": "slsa/v1",
    "tekton-provenance": "slsa/v1",
    "slsa/v2alpha1": "slsa/v2alpha3",
    "slsa/v2alpha2": "slsa/v2alpha4",
}
# Keys that Tekton Chains had once, and what takes their place.
OLD_KEYS = {"signers.x509.fulcio.auth": "signers.x509.fulcio.provider"}
_SLSA_1 = ("slsa/v2alpha3", "slsa/v2alpha4", "slsa/v1.0")
_DEFAULTS = {key.name: key.default for key in KEYS}


class Grade(Enum):
    """How bad a finding is: `ERROR` keeps the service from using the configuration."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know of a configuration."""

    grade: Grade
    sentence: str


def lint(entries: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return everything there is to say of a configuration, the worst first."""
    reading = read_config(entries)
    findings = [
        *(Finding(Grade.ERROR, said) for said in (*reading.problems, *reading.impossible)),
        *(Finding(Grade.WARNING, said) for said in (*reading.unknown, *reading.unbuilt)),
        *(Finding(Grade.WARNING, said) for said in _old(entries)),
        *(Finding(Grade.WARNING, said) for said in _told_in_the_open(entries)),
    ]
    if not reading.problems:
        findings += [Finding(Grade.WARNING, said) for said in _pointless(reading.config, entries)]
        findings += [Finding(Grade.NOTE, said) for said in _surprising(reading.config)]
    return tuple(sorted(findings, key=lambda found: list(Grade).index(found.grade)))


def _old(entries: Mapping[str, str]) -> Iterator[str]:
    for name, instead in OLD_KEYS.items():
        if name in entries:
            yield f"{name} is no key any more: set {instead}"
    for kind in ("taskrun", "pipelinerun"):
        instead = OLD_FORMATS.get(entries.get(f"artifacts.{kind}.format", ""), "")
        if instead:
            yield f"artifacts.{kind}.format: Tekton Chains has dropped this format: set {instead}"


def _told_in_the_open(entries: Mapping[str, str]) -> Iterator[str]:
    for key in KEYS:
        if key.secret and entries.get(key.name):
            yield f"{key.name} holds a secret, and whoever may read the ConfigMap reads it: keep it in a Secret's file"


def _pointless(config: Config, entries: Mapping[str, str]) -> Iterator[str]:
    """Yield settings without effect because of others."""
    treatments = (config.taskrun, config.pipelinerun, config.oci)
    in_registry = any("oci" in each.stores for each in treatments if each.enabled)
    if not any(each.enabled for each in treatments):
        yield "nothing is ever signed: every artifacts.*.storage is empty or its signer is none"
    if not in_registry:
        for name in _set(entries, "storage.oci."):
            yield f"{name} has no effect: no artifacts.*.storage names oci"
    if not config.transparency.possible:
        for name in _set(entries, "transparency."):
            yield f"{name} has no effect: transparency.enabled is neither true nor manual"
    if config.deep_inspection and not config.pipelinerun.enabled:
        yield "artifacts.pipelinerun.enable-deep-inspection has no effect: PipelineRuns are not attested"
    formats = {each.format for each in (config.taskrun, config.pipelinerun) if each.enabled}
    if "builddefinition.buildtype" in entries and not formats & {*_SLSA_1}:
        yield f"builddefinition.buildtype has no effect: it belongs to the formats {', '.join(_SLSA_1)}"


def _surprising(config: Config) -> Iterator[str]:
    """Yield what works, and perhaps not as meant."""
    attested = [each for each in (config.taskrun, config.pipelinerun) if each.enabled]
    if config.oci.enabled and attested and not any("oci" in each.stores for each in attested):
        yield (
            "images are signed in the registry, and no attestation stands beside them: for verify-attestation add oci "
            "to artifacts.taskrun.storage"
        )
    for kind, treatment in (("taskrun", config.taskrun), ("pipelinerun", config.pipelinerun)):
        if treatment.enabled and treatment.format == "slsa/v1":
            yield f"artifacts.{kind}.format slsa/v1 writes SLSA v0.2, as in Tekton Chains; SLSA v1.0 is slsa/v2alpha4"
    if config.oci_insecure:
        yield "storage.oci.repository.insecure lets anyone on the way read registry passwords and change what is stored"
    if config.transparency.possible and config.transparency.url == _DEFAULTS["transparency.url"]:
        yield "what is signed is logged in public: names of images and repositories can be read by anyone, for ever"


def _set(entries: Mapping[str, str], lead: str) -> list[str]:
    known = (name for name in entries if name in _DEFAULTS and name.startswith(lead))
    return [name for name in known if entries[name] != _DEFAULTS[name]]
