"""Files as data sets come in: plain, gzip-compressed, or one member of a zip archive."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import cast

LARGEST_MEMBER = 1 << 28  # bytes; far more than any of Tatoeba's has
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those that zipfile unpacks only as far as it is read


@contextmanager
def open_content(path: Path, member: str | None = None) -> Iterator[BufferedIOBase]:
    """Open the content of a file for reading: of a `.gz` unpacked, of a `.zip` the `member` if one is named.

    Raises
    ------
    ValueError
        If, here or while it is read, the file proves broken or the member missing or too large, naming the file.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                yield file
        elif path.suffix == ".zip" and member is not None:
            with zipfile.ZipFile(path) as archive, _open_member(path, archive, member) as file:
                yield file
        else:
            with open(path, "rb") as file:
                yield file
    except (OSError, EOFError, RuntimeError, UnicodeError, zlib.error, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.filename is not None:  # it could not even be opened
            raise
        raise ValueError(f"{path} cannot be read, get it anew: {error}") from error


def _open_member(path: Path, archive: zipfile.ZipFile, member: str) -> BufferedIOBase:
    """Open a member; no more of it is ever unpacked than the size that the archive states, which is checked here."""
    if member not in archive.namelist():
        raise ValueError(f"{path} has no {member} in it: is it another archive?")
    about = archive.getinfo(member)
    if about.file_size > LARGEST_MEMBER or about.compress_type not in METHODS:
        raise ValueError(f"{path} is refused: {member} in it is too large ({about.file_size:,} bytes) or packed oddly")
    return cast(BufferedIOBase, archive.open(member))


def read_lines(path: Path, member: str | None = None) -> Iterator[tuple[int, str]]:
    """Lines of the content, without their ends, and their numbers from 1 on.

    Raises
    ------
    ValueError
        As `open_content` does; or if a line is not UTF-8, naming it.
    """
    with open_content(path, member) as file:
        for number, line in enumerate(file, 1):
            try:
                yield number, line.decode("utf-8-sig").rstrip("\r\n")  # a mark at the start is no text
            except UnicodeDecodeError as error:
                raise ValueError(f"{path}, line {number}: no UTF-8 text: save the file as UTF-8") from error
