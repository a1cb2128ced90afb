"""Data sets from their own homes, each file checked before it takes its place.

Multi30k and Tiny Shakespeare do not change: the SHA-256 of their content is known. Tatoeba is published anew every
week: what was got is written down in `SHA256SUMS` beside it, and held against what is got later.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pooch  # type: ignore[import-untyped]
import requests

from transformer.data import tatoeba
from transformer.data.files import open_content

RECORD = "SHA256SUMS"  # the format of the program sha256sum
HEADERS = {
    "User-Agent": "attention-atlas",
    "Accept-Encoding": "identity",  # or a server might unpack a .gz on the way
}


class DownloadError(ValueError):
    """A data set that could not be fetched, and what to do about it; its files are as they were."""


@dataclass(frozen=True)
class Dataset:
    """A data set: its folder on the web, and its files with the SHA-256 of their content, None where it changes."""

    title: str
    licence: str
    home: str
    files: Mapping[str, str | None] = field(repr=False)


DATASETS = {
    "tatoeba": Dataset(
        "Tatoeba: short everyday sentences in English with German, French and Japanese",
        "CC BY 2.0 FR, credit tatoeba.org and manythings.org/anki",
        "https://www.manythings.org/anki",
        {f"{code}-eng.zip": None for code in tatoeba.CODES.values()},
    ),
    "multi30k": Dataset(
        "Multi30k, task 1: image captions in English, German and French",
        "not stated for the captions; the images are for non-commercial use, so for teaching and research",
        "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw",
        {
            "train.en.gz": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
            "train.de.gz": "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
            "train.fr.gz": "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d",
            "val.en.gz": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
            "val.de.gz": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
            "val.fr.gz": "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc",
            "test_2016_flickr.en.gz": "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
            "test_2016_flickr.de.gz": "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
            "test_2016_flickr.fr.gz": "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6",
        },
    ),
    "shakespeare": Dataset(
        "Tiny Shakespeare: 40,000 lines of the plays in one text",
        "public domain",
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare",
        {"input.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
    ),
}


def fetch(
    name: str,
    directory: Path,
    *,
    sha256: Mapping[str, str] | None = None,
    progress: bool = False,
    base_url: str | None = None,
) -> list[Path]:
    """Fetch the files of a data set that `directory` does not have yet, or has wrong, and return the paths of all.

    Parameters
    ----------
    sha256 : of files by their names, instead of those known or recorded; of a `.gz` that of its unpacked content
    progress : show it on standard error
    base_url : a folder on the web that has copies of the files

    Raises
    ------
    DownloadError
        If a file cannot be fetched, is not the right one or cannot be written; those before it are kept.
    """
    if name not in DATASETS:
        raise DownloadError(f"there is no data set {name!r}: choose one of {', '.join(DATASETS)}")
    dataset, directory, given = DATASETS[name], Path(directory), sha256 or {}
    for file in given:
        if file not in dataset.files:
            raise DownloadError(f"{name} has no file {file!r} to check: it has {', '.join(dataset.files)}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file, known in dataset.files.items():
            recorded = read_record(directory).get(file)
            checksum = _fetch_file(
                f"{base_url or dataset.home}/{file}", directory / file, given.get(file) or known or recorded, progress
            )
            if known is None and checksum != recorded:
                _write_record(directory, file, checksum)
    except OSError as error:
        raise DownloadError(f"{directory} cannot be written to: {error.strerror or error}") from error
    return [directory / file for file in dataset.files]


def read_record(directory: Path) -> dict[str, str]:
    """SHA-256 by name, of those files in a directory whose checksums were not known before they were fetched."""
    path = directory / RECORD
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return {file: checksum for checksum, file in (line.split("  ", 1) for line in lines if "  " in line)}


def _write_record(directory: Path, file: str, checksum: str) -> None:
    entries = read_record(directory) | {file: checksum}
    with TemporaryDirectory(prefix=".unfinished-", dir=directory) as folder:
        unfinished = Path(folder) / RECORD
        unfinished.write_text("".join(f"{value}  {key}\n" for key, value in entries.items()), encoding="utf-8")
        unfinished.replace(directory / RECORD)


def _fetch_file(url: str, path: Path, expected: str | None, progress: bool) -> str:
    """Fetch one file unless it is there and right; return its checksum."""
    if path.exists():
        try:
            return _check(path, expected)
        except ValueError:
            pass  # what is there is broken, or another file
    with TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:  # gone in any case, also after Ctrl-C
        unfinished = Path(folder) / path.name
        _download(url, unfinished, progress)
        try:
            checksum = _check(unfinished, expected)
        except ValueError as error:
            problem = str(error).replace(str(unfinished), path.name)
            raise DownloadError(f"what {url} gave is not kept: {problem}") from error
        unfinished.replace(path)
    return checksum


def _check(path: Path, expected: str | None) -> str:
    """SHA-256 of a file, of a `.gz` that of its content; ValueError if that is not `expected`, or cannot be read."""
    with open_content(path) as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    if expected and checksum != expected.lower():
        anew = path.suffix == ".zip"  # only these are ever published anew
        advice = f"; to take what is published now, give no checksum and remove its line from {RECORD}" if anew else ""
        raise ValueError(f"the SHA-256 of {path} is {checksum}, expected was {expected}{advice}")
    if expected is None and path.suffix == ".zip":
        for _ in tatoeba.read_file(path):
            pass
    return checksum


def _download(url: str, path: Path, progress: bool) -> None:
    bar = Bar(path.name) if progress else None
    try:
        pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, headers=HEADERS)(url, str(path), None)
    except requests.RequestException as error:
        raise DownloadError(
            f"{url} cannot be fetched, {_reason(error)}: try again, or put {path.name} into the directory by hand"
        ) from error
    finally:
        if bar:
            bar.leave()


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not valid"
    if isinstance(error, (requests.ConnectionError, requests.Timeout)):
        return "there is no connection to the server"
    return str(error)


class Bar:
    """How much of a file has come, on standard error; pooch counts the bytes up and sets their `total`, or 0."""

    def __init__(self, name: str) -> None:
        self.name, self.total, self.done = name, 0, 0

    def update(self, size: int) -> None:
        self.done = min(self.done + size, self.total or sys.maxsize)
        if sys.stderr.isatty():
            self._write("\r", "")

    def reset(self) -> None:
        """Pooch counts anew at the end; what was shown stays."""

    def close(self) -> None:
        """Pooch closes what it has filled; `leave` closes it in any case."""

    def leave(self) -> None:
        if self.done:
            self._write("\r" if sys.stderr.isatty() else "", "\n")

    def _write(self, before: str, after: str) -> None:
        of = f" of {self.total / 1e6:.1f}" if self.total else ""
        print(f"{before}{self.name}  {self.done / 1e6:.1f}{of} MB", end=after, file=sys.stderr, flush=True)
