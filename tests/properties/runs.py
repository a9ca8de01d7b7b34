"""Runs as no cluster would send them: shaped as Tekton's, with parts missing, doubled, of the wrong type, or no JSON.

A hostile run may fail to parse anywhere; a plausible one has the right types, and hostile texts in them. Each is made
from one number: drawing every part by itself would take most of the time of a hundred thousand examples.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from tests.properties.fragments import BROKEN, DIGESTS, GOOD_DIGESTS, GOOD_IMAGES, HOSTILE, IMAGES, WORDS, twice

Make = Callable[[], Any]

PAIRS = [("IMAGE_URL", "IMAGE_DIGEST"), ("a-IMAGE_URL", "a-IMAGE_DIGEST"), ("ARTIFACT_URI", "ARTIFACT_DIGEST")]
PAIRS += [("CHAINS-GIT_URL", "CHAINS-GIT_COMMIT"), ("IMAGES", "IMAGES"), ("ARTIFACT_INPUTS", "x")]
PAIRS += [("ARTIFACT_OUTPUTS", "b_ARTIFACT_OUTPUTS"), ("IMAGE_DIGEST", "")]
TASKS = ["build", "build", "clone", ""]
TIMES = ["2026-05-01T08:00:00Z", "2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00.25Z", "0001-01-01T00:00:00Z", None]
NO_TIMES = ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-W01", "2026-05-01", "now"]
SELDOM = 0.03


def run_texts(*, plausible: bool, kinds: Sequence[str] = ("TaskRun", "PipelineRun")) -> st.SearchStrategy[bytes]:
    """The JSON of runs."""
    return st.integers(0, 2**64).map(lambda seed: msgspec.json.encode(_Maker(seed, plausible).run(kinds)))


class _Maker:
    """Makes one run, the same for the same number."""

    def __init__(self, seed: int, plausible: bool) -> None:
        random = Random(seed)
        self.chance, self.pick = random.random, random.choice
        self.plausible = plausible

    def of(self, **members: Make) -> Any:
        """An object that has some of the members; a hostile one may have one of another type, or twice."""
        found = {name: make() for name, make in members.items() if self.chance() < 0.6}
        if self.plausible or self.chance() > SELDOM:
            return found
        return twice(found, {self.pick(list(members)): self.pick(HOSTILE + BROKEN)})

    def many(self, make: Make) -> list[Any]:
        return [make() for _ in range(self.pick((0, 1, 1, 2)))]

    def word(self) -> str:
        return self.pick(WORDS)

    def words(self) -> list[str]:
        return self.many(self.word)

    def task(self) -> str:
        return self.pick(TASKS)

    def image(self) -> str:
        return self.pick(GOOD_IMAGES if self.chance() < 0.7 else IMAGES)

    def digest(self) -> str:
        return self.pick(GOOD_DIGESTS if self.chance() < 0.7 else DIGESTS)

    def time(self) -> str | None:
        return self.pick(TIMES if self.plausible or self.chance() > SELDOM else NO_TIMES)

    def by_digest(self) -> str:
        return f"{self.image()}@{self.digest()}"

    def images(self) -> str:
        return ",\n".join(self.many(self.by_digest))

    def output(self) -> Any:
        return self.of(uri=self.image, digest=self.digest, isBuildArtifact=lambda: self.pick(("true", "false", True)))

    def value(self, name: str) -> Any:
        """What a hint of that name would say, or something else."""
        if self.chance() < SELDOM:
            return self.pick(HOSTILE if self.plausible else BROKEN)
        usual = {"_URL": self.image, "_URI": self.image, "_DIGEST": self.digest, "IMAGES": self.images}
        for ends, make in usual.items():
            if name.endswith(ends) and self.chance() < 0.9:
                return make()
        return self.pick((self.output, self.output, self.words, self.word))()

    def named_values(self, member: str = "value") -> list[Any]:
        pairs = [self.pick(PAIRS) for _ in range(self.pick((0, 1, 1, 2)))]
        names = [name for pair in pairs for name in pair if self.chance() < 0.9]
        return [{"name": name, "type": "string"} | ({member: self.value(name)} if name else {}) for name in names]

    def source(self) -> Any:
        digests = {"sha1": "d4" * 20, "odd": self.word()} if self.chance() < 0.5 else {}
        return self.of(refSource=lambda: self.of(uri=self.image, digest=lambda: digests, entryPoint=self.word))

    def container(self) -> Any:
        return self.of(
            name=self.word,
            imageID=self.pick((self.by_digest, self.by_digest, self.word, self.digest)),
            results=self.named_values,
            provenance=self.source,
        )

    def task_spec(self) -> Any:
        def step() -> Any:
            return self.of(name=self.word, script=self.word, image=self.image, command=self.words, args=self.words)

        return self.of(params=lambda: self.named_values("default"), steps=lambda: self.many(step))

    def pipeline_task(self) -> Any:
        return self.of(
            name=self.task,
            taskRef=lambda: self.of(name=self.word, kind=self.word, params=self.named_values),
            runAfter=lambda: self.many(self.task),
            params=self.named_values,
            matrix=lambda: self.of(params=self.named_values),
            when=lambda: self.many(lambda: self.of(input=self.word, cel=self.word, values=self.words)),
            taskSpec=self.task_spec,
        )

    def pipeline_spec(self) -> Any:
        def tasks() -> list[Any]:
            return self.many(self.pipeline_task)

        return self.of(params=lambda: self.named_values("default"), tasks=tasks, **{"finally": tasks})

    def metadata(self) -> Any:
        labels = {"tekton.dev/pipelineTask": self.task(), "chains.tekton.dev/reproducible": "true"}
        marks = {"chains.tekton.dev/signed": self.word(), "chains.tekton.dev/payload-x": "x", "note": self.word()}
        owner = {"kind": "PipelineRun", "name": self.word(), "uid": self.word(), "controller": self.chance() < 0.5}
        found = self.of(
            namespace=self.word,
            uid=self.word,
            labels=lambda: labels,
            annotations=lambda: marks,
            ownerReferences=lambda: [owner],
        )
        name = {"name": self.pick(("a", "child-0", "x" * 300))}
        return twice(found, name) if isinstance(found, msgspec.Raw) else name | found

    def status(self) -> Any:
        def condition() -> Any:
            return self.of(type=lambda: "Succeeded", status=lambda: self.pick(("True", "Unknown", "")))

        def child() -> Any:
            return self.of(kind=lambda: self.pick(("TaskRun", "CustomRun", "")), name=lambda: "child-0")

        return self.of(
            conditions=lambda: self.many(condition),
            startTime=self.time,
            completionTime=self.time,
            results=self.named_values,
            taskResults=self.named_values,
            pipelineResults=self.named_values,
            steps=lambda: self.many(self.container),
            sidecars=lambda: self.many(self.container),
            taskSpec=self.task_spec,
            pipelineSpec=self.pipeline_spec,
            childReferences=lambda: self.many(child),
            provenance=self.source,
        )

    def run(self, kinds: Sequence[str]) -> Any:
        versions = ["tekton.dev/v1"] * 8 + ["tekton.dev/v1beta1"] + ([] if self.plausible else ["v1"])
        return {
            "apiVersion": self.pick(versions),
            "kind": self.pick(kinds),
            "metadata": self.metadata(),
            "spec": self.of(
                params=self.named_values,
                serviceAccountName=self.word,
                taskRef=lambda: self.of(name=self.word, resolver=lambda: self.pick(("git", "Cluster", ""))),
                managedBy=self.word,
            ),
            "status": self.status(),
        }
