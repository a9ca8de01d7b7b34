"""Evidence as one archive: the same files give the same bytes, and what is not as it was made is refused."""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from chains.artifacts.reference import shown
from chains.cli.evidence.names import REPORT, SUMS, is_member
from chains.cli.evidence.write import EvidenceFolder, sums_of, sums_text
from chains.cli.terminal import printable
from chains.errors import InputError

SUFFIX = ".zip"
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def pack(folder: Path, archive: Path) -> str:
    """Write a folder into an archive, uncompressed and in the order of names; return its sha256."""
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
            for name in sorted((*sums_of(folder), SUMS)):
                member = zipfile.ZipInfo(name, _NO_TIME)
                member.create_system, member.external_attr = _UNIX, _PLAIN_FILE
                member.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as file, packed.open(member, "w") as written:
                    shutil.copyfileobj(file, written, 1 << 20)
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{archive} cannot be written: {error.strerror}") from error


@contextmanager
def keeping(path: str) -> Iterator[EvidenceFolder | None]:
    """Give a folder for evidence and, once all is in it, say where it is; None where no path is given."""
    if not path:
        yield None
        return
    target = Path(path)
    if not path.endswith(SUFFIX):
        yield EvidenceFolder(target)
        click.echo(printable(f"The evidence is in {path} (SHA256SUMS: sha256:{_digest(target / SUMS)})"), err=True)
        return
    if not target.absolute().parent.is_dir():
        raise InputError(f"{path} cannot be written: there is no such folder")
    with tempfile.TemporaryDirectory(prefix="chains-evidence-") as scratch:
        folder = Path(scratch) / "evidence"
        yield EvidenceFolder(folder)
        click.echo(printable(f"The evidence is in {path} (sha256:{pack(folder, target)})"), err=True)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Give the folder of some evidence, unpacked if it is an archive; raise InputError unless it is as it was made."""
    if path.is_dir():
        _check(path, path)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="chains-evidence-") as scratch:
        folder = Path(scratch) / "evidence"
        folder.mkdir()
        try:
            _unpack(path, folder)
            _check(folder, path)
            again = Path(scratch) / "again.zip"
            if pack(folder, again) != _digest(path):
                raise InputError(f"the evidence {path} is not as it was made: something is beside its files")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
            raise InputError(f"the evidence {path} is damaged: {error}") from error
        except OSError as error:
            raise InputError(f"the evidence {path} cannot be read: {error.strerror or error}") from error
        yield folder


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            if not is_member(member.filename) or member.compress_type != zipfile.ZIP_STORED:
                raise InputError(f"the evidence {archive} has a member {shown(member.filename)}, which no evidence has")
            path = folder / member.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(member) as file, path.open("xb") as written:
                shutil.copyfileobj(file, written, 1 << 20)


def _check(folder: Path, named: Path) -> None:
    """Hold every file against the list of digests, and the list against the files."""
    try:
        listed, sums = (folder / SUMS).read_bytes(), sums_of(folder)
    except OSError as error:
        raise InputError(f"{named} is no evidence of an audit: {SUMS}: {error.strerror}") from error
    if listed == sums_text(sums) and REPORT in sums:
        return
    told = dict(line.split("  ", 1)[::-1] for line in listed.decode("utf-8", "replace").splitlines() if "  " in line)
    changed = [name for name in (*sums, *told) if sums.get(name) != told.get(name)]
    what = f"{shown(changed[0])} is missing, new or changed" if changed else f"{SUMS} has been changed"
    raise InputError(f"the evidence {named} is not as it was made: {what}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
