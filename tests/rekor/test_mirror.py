"""Sigstore's trusted root from a TUF mirror, which is believed only as far as its roots go."""

from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from chains.errors import EdgeError, InputError, VerificationError
from chains.hosts.reach import Reach
from chains.rekor.mirror import fetch_trusted_root
from tests.rekor.builders import recorded
from tests.rekor.mirrors import Mirror, mirrored

ROOT = recorded("trusted-root.json")
NEWER = ROOT + b"\n"


async def fetched(mirror: Mirror, folder: Path) -> bytes:
    """Fetch the trusted root, beginning with the mirror's first."""
    return (await fetch_trusted_root(mirror.url, folder, mirror.first_root, Reach())).read_bytes()


async def test_the_trusted_root_is_fetched_and_again_only_when_it_is_another(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        assert await fetched(mirror, tmp_path) == ROOT
        mirror.asked.clear()
        assert await fetched(mirror, tmp_path) == ROOT
        assert not [path for path in mirror.asked if path.startswith("targets/")]
        mirror.trusted_root = NEWER
        mirror.write()
        assert await fetched(mirror, tmp_path) == NEWER


async def test_new_roots_are_followed_when_the_old_one_says_so(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        for _ in range(3):
            mirror.rotate()
        assert await fetched(mirror, tmp_path) == ROOT
        assert "4.root.json" in mirror.asked


async def test_a_root_that_the_old_one_does_not_vouch_for_is_refused(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        assert await fetched(mirror, tmp_path) == ROOT
        mirror.signers["root"] = CryptoSigner.generate_ed25519()
        mirror.root_version += 1
        mirror.write_root()
        with pytest.raises(VerificationError, match=r"127\.0\.0\.1.* does not hold"):
            await fetched(mirror, tmp_path)
        assert (tmp_path / "targets" / "trusted_root.json").read_bytes() == ROOT


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
async def test_what_another_key_signed_is_refused(role: str, tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        mirror.signers[role] = CryptoSigner.generate_ed25519()
        mirror.write()
        with pytest.raises(VerificationError, match="does not hold"):
            await fetched(mirror, tmp_path)


async def test_a_target_that_is_another_than_was_signed_is_refused(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        [path] = [path for path in mirror.files if path.startswith("targets/")]
        mirror.files[path] = ROOT.replace(b"2", b"3", 1)
        with pytest.raises(VerificationError, match="does not hold"):
            await fetched(mirror, tmp_path)
        assert not (tmp_path / "targets" / "trusted_root.json").exists()


async def test_a_trusted_root_that_cannot_be_read_replaces_none(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        assert await fetched(mirror, tmp_path) == ROOT
        mirror.trusted_root = b'{"nonsense":1}'
        mirror.write()
        for _ in range(2):
            with pytest.raises(VerificationError, match="no public key of a transparency log"):
                await fetched(mirror, tmp_path)
        assert [path.read_bytes() for path in (tmp_path / "targets").iterdir()] == [ROOT]


async def test_a_mirror_that_stands_still_is_refused_when_its_word_has_run_out(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        mirror.write(lasts=timedelta(days=-1))
        with pytest.raises(VerificationError, match="expired"):
            await fetched(mirror, tmp_path)


async def test_a_mirror_that_goes_back_in_time_is_refused(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        old = dict(mirror.files)
        mirror.trusted_root = NEWER
        mirror.write()
        assert await fetched(mirror, tmp_path) == NEWER
        mirror.files = old
        with pytest.raises(VerificationError, match="does not hold"):
            await fetched(mirror, tmp_path)
        assert (tmp_path / "targets" / "trusted_root.json").read_bytes() == NEWER


async def test_a_mirror_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with mirrored(ROOT) as gone:
        pass
    with pytest.raises(EdgeError, match=r"the mirror 127\.0\.0\.1:\d+ .*cannot be reached") as raised:
        await fetched(gone, tmp_path)
    assert raised.value.transient


async def test_a_mirror_without_what_it_promises_is_told(tmp_path: Path) -> None:
    async with mirrored(ROOT) as mirror:
        del mirror.files["timestamp.json"]
        with pytest.raises(EdgeError, match=r"answered 404 when asked for /timestamp\.json"):
            await fetched(mirror, tmp_path)


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with mirrored(ROOT) as mirror:
        with pytest.raises(InputError, match="TUF_ROOT"):
            await fetched(mirror, tmp_path / "file")
