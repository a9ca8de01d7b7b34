"""Type hints: which results and parameters name artifacts, and the near misses among them.

A hint pairs by the prefix of its name: `app-IMAGE_URL` goes with `app-IMAGE_DIGEST`. Order is that of first appearance.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from chains.artifacts.reference import Artifact, Digest, ImageReference, shown
from chains.errors import InputError
from chains.runs.run import Result
from chains.runs.value import JsonText, Value

GIT_URL, GIT_COMMIT = "CHAINS-GIT_URL", "CHAINS-GIT_COMMIT"
MOST_IMAGES = 10_000

_SEPARATORS = re.compile(r"[,\n]")
_FLAGS = msgspec.json.Decoder(dict[str, str | bool | None])


@dataclass(frozen=True, slots=True)
class BuildImage:
    """What a run says it built: a name without tag, and its sha256; `reference` is None where the name is no image."""

    name: str
    digest: Digest
    reference: ImageReference | None


@dataclass(frozen=True, slots=True)
class Hints:
    """Everything that one list of results hints at.

    `built` are those of the `outputs` that are flagged as build artifacts; `reasons` say why something was passed over
    and what would help.
    """

    images: tuple[BuildImage, ...]
    artifacts: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    built: tuple[Artifact, ...]
    inputs: tuple[Artifact, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Halves:
    """Says of a result whose partner is missing what would help: the parameters by name, and whose results they are."""

    params: Collection[str]
    pipeline: bool

    def reason(self, there: str, missing: str) -> str:
        """Say which result is missing, and where its value probably is."""
        half = f"result {shown(there)} has no result {shown(missing)} beside it: add {shown(missing)} to the "
        if self.pipeline:
            return f"{half}pipeline's results, from the task that has it"
        param = missing.removesuffix("_URL")
        source = f" and write $(params.{param}) into it" if param != missing and param in self.params else ""
        return f"{half}task's results{source}"


def read_hints(results: tuple[Result, ...], params: Collection[str] = (), *, pipeline: bool = False) -> Hints:
    """Read every hint of the results, once; the parameters, and whose results they are, make for better reasons."""
    reasons: list[str] = []
    halves = Halves(params, pipeline)
    outputs = list(_object_hints(results, "ARTIFACT_OUTPUTS", reasons))
    images: dict[str, BuildImage] = {}
    for image in [
        *_paired_images(results, halves, reasons),
        *_listed_images(results, reasons),
        *_built_objects(outputs),
    ]:
        images.setdefault(f"{image.name}@{image.digest}", image)
    return Hints(
        images=tuple(images.values()),
        artifacts=tuple(_paired_artifacts(results, halves, reasons)),
        outputs=tuple(artifact for artifact, _ in outputs),
        built=tuple(artifact for artifact, is_build_artifact in outputs if is_build_artifact),
        inputs=tuple(artifact for artifact, _ in _object_hints(results, "ARTIFACT_INPUTS", reasons)),
        reasons=tuple(reasons),
    )


def read_git(sources: Iterable[Mapping[str, Value]]) -> Artifact | None:
    """Read the git hints from several sources, the last of which wins; a material needs both the URL and the commit."""
    url = commit = ""
    for source in sources:
        url = _text(source.get(GIT_URL)) or url
        commit = _text(source.get(GIT_COMMIT)) or commit
    if not url or not commit:
        return None
    uri = url if url.startswith("git+") else f"git+{url}"
    uri = uri if uri.endswith(".git") else f"{uri}.git"
    return Artifact(uri, {"sha256" if len(commit) == 64 else "sha1": commit})


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _pairs(
    results: tuple[Result, ...], first: str, second: str, halves: Halves, reasons: list[str]
) -> Iterable[tuple[str, str, str]]:
    """Yield (prefix, first value, second value) for each prefix that has both.

    Of several results of one name the last with a text counts, in the place of the first (runs and artifacts, 4.1).
    """
    by_prefix: dict[str, dict[str, str]] = {}
    for result in results:
        suffix = next((s for s in (first, second) if result.name.endswith(s)), None)
        if suffix is not None and isinstance(result.value, str) and result.value.strip():
            by_prefix.setdefault(result.name[: -len(suffix)], {})[suffix] = result.value.strip()
    for prefix, found in by_prefix.items():
        if len(found) == 2:
            yield prefix, found[first], found[second]
        else:
            there, missing = (first, second) if first in found else (second, first)
            reasons.append(halves.reason(prefix + there, prefix + missing))


def _paired_images(results: tuple[Result, ...], halves: Halves, reasons: list[str]) -> Iterable[BuildImage]:
    for prefix, text, digest in _pairs(results, "IMAGE_URL", "IMAGE_DIGEST", halves, reasons):
        url, at, carried = text.removeprefix("https://").partition("@")
        if at and carried != digest:
            reasons.append(
                f"result {shown(prefix + 'IMAGE_URL')} carries a digest other than {shown(prefix + 'IMAGE_DIGEST')}"
            )
            continue
        try:
            yield _image(f"{url}@{digest}")
        except InputError as error:
            reasons.append(f"results {shown(prefix + 'IMAGE_URL')} and {shown(prefix + 'IMAGE_DIGEST')}: {error}")


def _listed_images(results: tuple[Result, ...], reasons: list[str]) -> Iterable[BuildImage]:
    left = MOST_IMAGES
    for result in results:
        if result.name != "IMAGES":
            continue
        if not isinstance(result.value, str):
            reasons.append(
                "result 'IMAGES' is no string: write the images into one string, separated by commas or newlines"
            )
            continue
        items = [item.strip() for item in _SEPARATORS.split(result.value) if item.strip()]
        left -= len(items)
        if left < 0:
            reasons.append(
                f"result 'IMAGES' lists {len(items)} images, and at most {MOST_IMAGES} are signed for one run"
            )
            continue
        for item in items:
            try:
                yield _image(item.removeprefix("https://"))
            except InputError as error:
                reasons.append(f"result 'IMAGES': {error}")


def _built_objects(outputs: list[tuple[Artifact, bool]]) -> Iterable[BuildImage]:
    """Yield what `isBuildArtifact` marks; a URI that names no image is kept under its own name, as in Tekton Chains."""
    for artifact, is_build_artifact in outputs:
        if not is_build_artifact or "sha256" not in artifact.digests:
            continue
        digest = Digest("sha256", artifact.digests["sha256"])
        try:
            yield _image(f"{artifact.uri}@{digest}")
        except InputError:
            if "://" in artifact.uri:
                yield BuildImage(artifact.uri, digest, None)


def _image(text: str) -> BuildImage:
    reference = ImageReference.parse(text)
    return BuildImage(str(reference.repository), reference.digest, reference)


def _paired_artifacts(results: tuple[Result, ...], halves: Halves, reasons: list[str]) -> Iterable[Artifact]:
    for prefix, uri, text in _pairs(results, "ARTIFACT_URI", "ARTIFACT_DIGEST", halves, reasons):
        try:
            digest = Digest.parse(text)
        except InputError as error:
            reasons.append(f"result {shown(prefix + 'ARTIFACT_DIGEST')}: {error}")
            continue
        yield Artifact(uri, {digest.algorithm: digest.hex})


def _object_hints(results: tuple[Result, ...], suffix: str, reasons: list[str]) -> Iterable[tuple[Artifact, bool]]:
    """Yield each valid object result of that suffix, and whether it is flagged as a build artifact."""
    for result in results:
        if not result.name.endswith(suffix):
            continue
        members = _members(result.value)
        if members is None or not members.get("uri") or not members.get("digest"):
            reasons.append(f"result {shown(result.name)} is no object with the members uri and digest")
            continue
        try:
            digest = Digest.parse(members["digest"])
        except InputError as error:
            reasons.append(f"result {shown(result.name)}: {error}")
            continue
        yield Artifact(members["uri"], {digest.algorithm: digest.hex}), members.get("isBuildArtifact") == "true"


def _members(value: Value) -> dict[str, str] | None:
    """Return an object's members; a JSON boolean for `isBuildArtifact` is read as the string it stands for."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, JsonText):
        return None
    try:
        found = _FLAGS.decode(value.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
    return {k: str(v).lower() if isinstance(v, bool) else v or "" for k, v in found.items()}
