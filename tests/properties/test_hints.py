"""Whatever results say, a hint is read or passed over for a reason."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chains.artifacts.hints import read_git, read_hints
from chains.artifacts.reference import HEX_LENGTH
from chains.runs.run import Result
from chains.runs.value import JsonText
from tests.properties.fragments import DIGESTS, IMAGES, NUMBERS, STRANGE, WORDS
from tests.properties.profile import examples
from tests.properties.runs import PAIRS

names = st.sampled_from([name for pair in PAIRS for name in pair])
image_names, digests, words = map(st.sampled_from, (IMAGES, DIGESTS, WORDS))
image_lists = st.lists(st.builds("{}@{}".format, image_names, digests), max_size=4).map(",\n".join)
objects = st.fixed_dictionaries(
    {},
    optional={"uri": image_names | words, "digest": digests | words, "isBuildArtifact": st.sampled_from(["true", ""])},
)
texts = st.one_of(image_names, digests, image_lists, words, st.text(max_size=50))
raw = st.sampled_from([*NUMBERS, *STRANGE]).map(bytes.decode) | objects.map(msgspec.json.encode).map(bytes.decode)
values = st.one_of(texts, objects, st.lists(texts, max_size=2).map(tuple), raw.map(JsonText))
results = st.lists(st.builds(Result, names | st.text(max_size=20), st.just(""), values), max_size=6).map(tuple)


@examples
@given(results, st.sampled_from([set(), {"IMAGE"}, {"a-IMAGE", "x"}]))
def test_hints_are_well_formed_stand_in_the_results_and_stay_so(found: tuple[Result, ...], params: set[str]) -> None:
    hints = read_hints(found, params)
    assert hints == read_hints(found, params)
    told = "\n".join(str(result.value) for result in found)
    for image in hints.images:
        assert image.digest.hex in told
        assert image.digest.algorithm == "sha256"
    assert len({f"{image.name}@{image.digest}" for image in hints.images}) == len(hints.images)
    for artifact in (*hints.artifacts, *hints.outputs, *hints.built, *hints.inputs):
        [(algorithm, digits)] = artifact.digests.items()
        assert len(digits) == HEX_LENGTH[algorithm]
        assert digits in told
    assert all(built in hints.outputs for built in hints.built)
    assert all(reason.isprintable() for reason in hints.reasons)


@examples
@given(st.lists(results, max_size=2))
def test_a_git_source_is_whole_or_none(sources: list[tuple[Result, ...]]) -> None:
    git = read_git([{result.name: result.value for result in source} for source in sources])
    if git is not None:
        assert git.uri.startswith("git+")
        assert git.uri.endswith(".git")
        assert all(git.digests.values())
