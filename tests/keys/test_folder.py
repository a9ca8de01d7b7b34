"""A mounted secret is read whole, as Kubernetes swaps it."""

import asyncio
import os
from itertools import pairwise
from pathlib import Path

import pytest

from chains.errors import EdgeError
from chains.keys.folder import FolderSource
from chains.keys.keyring import Keyring
from tests.keys.builders import plain_key

NAMES = ("x509.pem", "cosign.key", "cosign.password", "cosign.pub")


def write_version(mount: Path, version: str, files: dict[str, bytes]) -> None:
    folder = mount / version
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def swap(mount: Path, version: str) -> None:
    """Point `..data` at another version in one step, as the kubelet does."""
    (mount / "..data_tmp").symlink_to(version)
    (mount / "..data_tmp").rename(mount / "..data")


def mount_secret(mount: Path, files: dict[str, bytes]) -> FolderSource:
    write_version(mount, "..2026_01", files)
    swap(mount, "..2026_01")
    for name in NAMES:
        (mount / name).symlink_to(f"..data/{name}")
    return FolderSource(mount)


async def test_a_plain_folder_gives_the_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "cosign.key").write_bytes(b"key")
    (tmp_path / "cosign.password").write_bytes(b"")
    (tmp_path / "unrelated").write_bytes(b"x")
    assert await FolderSource(tmp_path).read() == {"cosign.key": b"key", "cosign.password": b""}


async def test_a_mounted_secret_is_read_through_its_link(tmp_path: Path) -> None:
    source = mount_secret(tmp_path, {"x509.pem": b"one"})
    assert await source.read() == {"x509.pem": b"one"}
    write_version(tmp_path, "..2026_02", {"x509.pem": b"two"})
    swap(tmp_path, "..2026_02")
    assert await source.read() == {"x509.pem": b"two"}


async def test_a_swap_in_the_middle_of_reading_never_mixes_versions(tmp_path: Path) -> None:
    source = mount_secret(tmp_path, {"cosign.password": b"old password"})
    write_version(tmp_path, "..2026_02", {"cosign.key": b"new key", "cosign.password": b"new password"})
    os.mkfifo(tmp_path / "..2026_01" / "cosign.key")  # the reader waits here until the swap has happened

    def swap_while_reading() -> None:
        with (tmp_path / "..2026_01" / "cosign.key").open("wb") as key:
            swap(tmp_path, "..2026_02")
            (tmp_path / "..2026_01" / "cosign.password").unlink()
            key.write(b"old key")

    files, _ = await asyncio.gather(source.read(), asyncio.to_thread(swap_while_reading))
    assert files == {"cosign.key": b"new key", "cosign.password": b"new password"}


async def test_a_folder_that_never_settles_is_a_passing_trouble(tmp_path: Path) -> None:
    source = mount_secret(tmp_path, {})
    versions = ["..2026_01", *(f"..2026_0{month}" for month in range(2, 7))]
    for version in versions:
        (tmp_path / version).mkdir(exist_ok=True)
        os.mkfifo(tmp_path / version / "x509.pem")

    def keep_swapping() -> None:
        for version, following in pairwise(versions):
            with (tmp_path / version / "x509.pem").open("wb"):
                swap(tmp_path, following)

    swapping = asyncio.create_task(asyncio.to_thread(keep_swapping))
    with pytest.raises(EdgeError, match="changes faster than it can be read") as trouble:
        await source.read()
    await swapping
    assert trouble.value.transient


@pytest.mark.parametrize("path", ["missing", "file/inside", "full"])
async def test_a_folder_that_is_missing_or_wrong_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "full" / "x509.pem").mkdir(parents=True)
    with pytest.raises(EdgeError, match=f"the folder {tmp_path / path} cannot be read") as trouble:
        await FolderSource(tmp_path / path).read()
    assert not trouble.value.transient


async def test_trouble_with_the_disk_passes(tmp_path: Path) -> None:
    (tmp_path / "x509.pem").symlink_to("x509.pem")
    with pytest.raises(EdgeError, match="Too many levels of symbolic links") as trouble:
        await FolderSource(tmp_path).read()
    assert trouble.value.transient


async def test_a_file_too_large_for_a_secret_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x509.pem").write_bytes(bytes(2**20 + 1))
    with pytest.raises(EdgeError, match="more than 1048576 bytes"):
        await FolderSource(tmp_path).read()


async def test_a_ring_follows_a_mounted_secret_through_rotation_loss_and_return(tmp_path: Path) -> None:
    ring = Keyring(mount_secret(tmp_path, {"x509.pem": plain_key()}))
    await ring.refresh()
    first = ring.current().key_id
    write_version(tmp_path, "..2026_02", {"x509.pem": plain_key()})
    swap(tmp_path, "..2026_02")
    await ring.refresh()
    second = ring.current().key_id
    assert second != first
    write_version(tmp_path, "..2026_03", {})
    swap(tmp_path, "..2026_03")
    await ring.refresh()
    assert f"the folder {tmp_path}: there is no key" in ring.state.problem
    swap(tmp_path, "..2026_02")
    await ring.refresh()
    assert ring.current().key_id == second
