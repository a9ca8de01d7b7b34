"""Whatever a digest, a repository or an image is said to be, what is read of it is in its normal form."""

from hypothesis import given
from hypothesis import strategies as st

from chains.artifacts.reference import HEX_LENGTH, Digest, ImageReference, Repository
from chains.errors import InputError
from tests.properties.fragments import DIGESTS, IMAGES
from tests.properties.profile import examples
from tests.properties.test_reading import is_sentence

PIECES = ["reg.io", "docker.io", "localhost", "[::1]", ":5000", ":0", ":99999", "/", "//", "..", ".", "@", "sha256:"]
PIECES += ["sha512:", "a", "A", "_", " ", "\n", "\u0130", "\u0660", "oci://", "docker://", "https://", "user:pw@"]
PIECES += ["a1" * 32, "%2e", "\\", "é"]
image_names, digests = st.sampled_from(IMAGES), st.sampled_from(DIGESTS)
texts = st.one_of(
    st.text(max_size=100),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.builds("{}@{}".format, image_names, digests),
    digests,
)


@examples
@given(texts)
def test_a_digest_is_in_its_normal_form_or_refused(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except InputError as error:
        assert is_sentence(str(error))
        return
    assert len(digest.hex) == HEX_LENGTH[digest.algorithm]
    assert set(digest.hex) <= set("0123456789abcdef")
    assert Digest.parse(str(digest)) == digest


@examples
@given(texts)
def test_a_repository_is_safe_in_a_url_or_refused(text: str) -> None:
    try:
        repository = Repository.parse(text)
    except InputError as error:
        assert is_sentence(str(error))
        return
    assert not set(str(repository)) & set(" @\\?#%\t\r\n\x00")
    assert str(repository).isascii()
    assert not {"", ".", ".."} & set(repository.path.split("/"))
    assert Repository.parse(str(repository)) == repository


@examples
@given(texts)
def test_an_image_has_a_repository_and_a_sha256_or_is_refused(text: str) -> None:
    try:
        image = ImageReference.parse(text)
    except InputError as error:
        assert is_sentence(str(error))
        return
    assert image.digest == Digest.parse(f"sha256:{image.digest.hex}")
    assert image.digest.hex in text
    assert ImageReference.parse(str(image)) == image
