"""Pieces of other tokenizers in one spelling: SentencePiece's, where `▁` starts a word.

WordPiece marks what goes on with `##`; byte-level BPE writes bytes as stand-in characters, a space as `Ġ`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WORD_START = "\u2581"
_SPACE = "\u0120"  # byte-level BPE's stand-in for a space
_GOES_ON = "##"


def readable(pieces: Sequence[str], vocabulary: Iterable[str], special: Iterable[str] = ()) -> list[str]:
    """Spell pieces with `▁` before each word; those of `special` stay as they are.

    The vocabulary tells the tokenizer's own spelling: the mark that most of its pieces begin with.
    """
    known, kept = list(vocabulary), set(special)
    counts = {mark: sum(piece.startswith(mark) for piece in known) for mark in (WORD_START, _SPACE, _GOES_ON)}
    mark = max(counts, key=lambda each: counts[each])
    spell = {WORD_START: _as_it_is, _SPACE: _of_bytes, _GOES_ON: _of_wordpiece}[mark] if counts[mark] else _as_it_is
    return [piece if piece in kept else spell(piece) for piece in pieces]


def _as_it_is(piece: str) -> str:
    return piece


def _of_wordpiece(piece: str) -> str:
    return piece.removeprefix(_GOES_ON) if piece.startswith(_GOES_ON) else WORD_START + piece


def _of_bytes(piece: str) -> str:
    """A piece of whole characters; part of a character stays as it is written."""
    try:
        text = bytes(_BYTES[stand_in] for stand_in in piece).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return piece
    return text.replace(" ", WORD_START)


def _stand_ins() -> dict[str, int]:
    """Stand-in character -> byte, as in GPT-2 (Radford et al., 2019): printable bytes are their own stand-ins."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_BYTES = _stand_ins()
