"""The configuration as a frozen value, and what was wrong with the text it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chains.artifacts.reference import Repository, shown
from chains.config.keys import KEYS, Key
from chains.config.nearest import nearest
from chains.errors import InputError

IGNORED = frozenset(("_example",))
UPLOAD = "chains.tekton.dev/transparency-upload"
_BY_NAME = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True)
class Treatment:
    """How one kind of artifact is treated."""

    format: str
    stores: tuple[str, ...]
    signer: str

    @property
    def enabled(self) -> bool:
        """Whether anything is made at all: it needs a signer and a store."""
        return self.signer != "none" and bool(self.stores)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the store `oci` keeps what is signed: under `.sig` and `.att` tags, in Sigstore bundles, or in both."""

    tags: bool
    bundles: bool


_ENCODINGS = {
    "dsse": Encoding(tags=True, bundles=False),
    "sigstore-bundle": Encoding(tags=False, bundles=True),
    "both": Encoding(tags=True, bundles=True),
}


@dataclass(frozen=True, slots=True)
class TransparencySettings:
    """Whether signatures are logged (`true`, `manual` or not), where, over which API and when; the log's public key."""

    enabled: str
    url: str
    version: int
    deferred: bool
    public_key: str

    @property
    def possible(self) -> bool:
        """Whether anything may be logged at all."""
        return self.enabled in ("true", "manual")

    def wants(self, annotations: Mapping[str, str]) -> bool:
        """Whether what is signed for a run with these annotations is to be logged."""
        return self.enabled == "true" or (self.enabled == "manual" and annotations.get(UPLOAD) == "true")


@dataclass(frozen=True, slots=True)
class Config:
    """One accepted version of `chains-config`."""

    taskrun: Treatment
    pipelinerun: Treatment
    oci: Treatment
    builder_id: str
    build_type: str
    deep_inspection: bool
    oci_repository: Repository | None
    oci_insecure: bool
    encoding: Encoding
    sign_children: bool
    transparency: TransparencySettings
    managed_by: frozenset[str]
    trusted_managers: frozenset[str]
    quiet_time: float
    horizon: float
    backfill: float
    events: str

    def signs(self, kind: str) -> bool:
        """Whether anything may be signed for a run of that kind, so that it is worth holding back."""
        return self.pipelinerun.enabled if kind == "PipelineRun" else self.taskrun.enabled or self.oci.enabled


@dataclass(frozen=True, slots=True)
class ConfigReading:
    """What the text came to.

    `problems` are values that are not accepted; `impossible` are accepted ones that ask for what is not built, or
    contradict each other, and without which nothing may be signed; either forbids the use of the whole. `unbuilt` are
    other keys without effect.
    """

    config: Config
    problems: tuple[str, ...]
    impossible: tuple[str, ...]
    unbuilt: tuple[str, ...]
    unknown: tuple[str, ...]


def read_config(entries: Mapping[str, str]) -> ConfigReading:
    """Read `chains-config`; a key that is absent, or whose text is refused, has its default in the result."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key in KEYS:
        try:
            values[key.name] = key.check.read(entries.get(key.name, key.default))
        except InputError as error:
            problems.append(_problem(key, error))
            values[key.name] = key.check.read(key.default)
    config = _config(values)
    return ConfigReading(
        config=config,
        problems=tuple(problems),
        impossible=(
            *(sentence for key in KEYS for sentence in _impossible(key, values[key.name])),
            *_contradictions(config),
        ),
        unbuilt=tuple(f"{key.name} has no effect: it is not built yet" for key in KEYS if _is_idle(key, entries)),
        unknown=tuple(_unknown(name) for name in entries if name not in _BY_NAME and name not in IGNORED),
    )


def _config(values: Mapping[str, Any]) -> Config:
    def treatment(kind: str) -> Treatment:
        lead = f"artifacts.{kind}"
        return Treatment(values[f"{lead}.format"], values[f"{lead}.storage"], values[f"{lead}.signer"])

    return Config(
        taskrun=treatment("taskrun"),
        pipelinerun=treatment("pipelinerun"),
        oci=treatment("oci"),
        builder_id=values["builder.id"],
        build_type=values["builddefinition.buildtype"],
        deep_inspection=values["artifacts.pipelinerun.enable-deep-inspection"],
        oci_repository=values["storage.oci.repository"],
        oci_insecure=values["storage.oci.repository.insecure"],
        encoding=_ENCODINGS[values["storage.oci.encoding-format"]],
        sign_children=values["artifacts.oci.sign-children"],
        transparency=TransparencySettings(
            enabled=values["transparency.enabled"],
            url=values["transparency.url"],
            version=int(values["transparency.version"]),
            deferred=values["transparency.mode"] == "deferred",
            public_key=values["transparency.public-key"],
        ),
        managed_by=values["filter.managed-by"],
        trusted_managers=values["marks.trusted-managers"],
        quiet_time=values["storage.oci.quiet-time"],
        horizon=values["finalizers.horizon"],
        backfill=values["runs.backfill"],
        events=values["events"],
    )


def _problem(key: Key, error: InputError) -> str:
    if key.secret:
        return f"{key.name} has a value that is not accepted; it takes {key.check.accepts}"
    return f"{key.name}: {error}"


def _impossible(key: Key, value: object) -> list[str]:
    if key.essential and not key.built and value != key.check.read(key.default):
        return [f"{key.name} is {value!s}, and that is not built yet: leave it {key.default!r}"]
    chosen = value if isinstance(value, tuple) else (value,)
    return [f"{key.name} asks for {choice}, which is not built yet" for choice in chosen if choice in key.check.unbuilt]


def _contradictions(config: Config) -> list[str]:
    if config.transparency.possible and config.transparency.version == 2 and not config.encoding.bundles:
        return [
            "transparency.version is 2, and the entries of that API fit into Sigstore bundles only: "
            "set storage.oci.encoding-format to both or sigstore-bundle"
        ]
    return []


def _is_idle(key: Key, entries: Mapping[str, str]) -> bool:
    return not key.built and not key.essential and entries.get(key.name, key.default) != key.default


def _unknown(name: str) -> str:
    return f"the key {shown(name)} is not known and has no effect{nearest(name, _BY_NAME)}"
