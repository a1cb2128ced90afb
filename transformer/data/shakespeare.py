"""Tiny Shakespeare (karpathy/char-rnn; public domain): `input.txt`, one text of 1,115,394 characters."""

from __future__ import annotations

from pathlib import Path

FILE = "input.txt"


def read_text(path: Path) -> str:
    """Read the text, every line break kept, from the file or the directory that it is in.

    Raises
    ------
    FileNotFoundError
        If there is none, naming where it was looked for.
    ValueError
        If it is not UTF-8.
    """
    path = Path(path)
    file = path / FILE if path.is_dir() else path
    if not file.exists():
        raise FileNotFoundError(f"there is no {file}: is this where Tiny Shakespeare is?")
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: not UTF-8 text ({error.reason} at byte {error.start})") from error


def split(text: str) -> tuple[str, str]:
    """Cut into the usual parts: the first 90 % to train on, the rest for validation."""
    end = len(text) * 9 // 10
    return text[:end], text[end:]
