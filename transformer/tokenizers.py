"""Text to word pieces and back, with SentencePiece.

One vocabulary serves all languages. A source sentence starts with a tag that names the target language
(`<2de>`), as in Johnson et al. 2017, and both sides end with `</s>`; the decoder starts from `<s>`.
A vocabulary of characters has line breaks in it: its text is taken as it is, for models that continue a text.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sentencepiece

PAD, UNKNOWN, START, END = 0, 1, 2, 3
MARKS: dict[str, Any] = {"pad_id": PAD, "unk_id": UNKNOWN, "bos_id": START, "eos_id": END}  # SentencePiece's names
LANGUAGES = ("en", "de", "fr", "ja")
BORDER = "\u241e"  # in a text to train on, marks where no piece may cross
LINE_BREAK = "\n"  # only a vocabulary of characters has it, as cleaned text has none
WORD_START = "\u2581"  # SentencePiece's mark for a space before a piece

_INVISIBLE = [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]  # and directions
_TYPOGRAPHY = str.maketrans(
    {
        WORD_START: " ",
        "\u00a0": " ",  # no-break space
        "\u202f": " ",  # narrow no-break space, before ? ! in French
        "\u2009": " ",
        "\u3000": " ",
        "\u2019": "'",  # what telephones type
        "\u2018": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
    }
    | dict.fromkeys(map(chr, _INVISIBLE))
)


def clean(text: str) -> str:
    """One spelling of every character: NFC, plain spaces and quotes, no invisible marks, no outer space."""
    return " ".join(unicodedata.normalize("NFC", whole_characters(text).translate(_TYPOGRAPHY)).split())


def whole_characters(text: str) -> str:
    """Replace halves of surrogate pairs, which bad terminals send and UTF-8 does not have."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def language_tag(language: str) -> str:
    """Name the piece that asks for a target language: `de` gives `<2de>`."""
    return f"<2{language}>"


@dataclass(frozen=True)
class Tokenizer:
    """A SentencePiece model, given by its serialised bytes, with the tags of the target languages."""

    model: bytes

    @cached_property
    def _processor(self) -> sentencepiece.SentencePieceProcessor:
        return sentencepiece.SentencePieceProcessor(model_proto=self.model)

    def __len__(self) -> int:
        return self._processor.get_piece_size()

    @cached_property
    def exact(self) -> bool:
        """Whether text is taken as it is, with every space and line break, and not cleaned."""
        return self._processor.piece_to_id(LINE_BREAK) != self._processor.unk_id()

    def _prepare(self, text: str) -> str:
        return whole_characters(text) if self.exact else clean(text)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The target languages that have a tag in the vocabulary."""
        unknown = self._processor.unk_id()
        return tuple(x for x in LANGUAGES if self._processor.piece_to_id(language_tag(x)) != unknown)

    def tag(self, language: str) -> int:
        """Return the id of a target language's tag; ValueError if the vocabulary has none."""
        if language not in self.languages:
            raise ValueError(f"cannot translate into {language!r}: choose one of {', '.join(self.languages)}")
        return self._processor.piece_to_id(language_tag(language))

    def encode(self, text: str) -> list[int]:
        """Ids of the text, cleaned unless the vocabulary is exact, without tag and end."""
        return self._processor.encode(self._prepare(text))

    def encode_all(self, texts: Iterable[str]) -> list[list[int]]:
        """Ids of many texts at once."""
        return self._processor.encode([self._prepare(text) for text in texts])

    def source(self, text: str, target: str) -> list[int]:
        """Encoder input: the tag of the target language, the text, the end."""
        return [self.tag(target), *self.encode(text), END]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids; tags, start and end vanish."""
        tags = {self.tag(language) for language in self.languages}
        text = self._processor.decode([i for i in ids if i not in tags])
        return text if self.exact else text.strip()

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the piece of every id, `▁` marking a space before it."""
        return [self._processor.id_to_piece(int(i)) for i in ids]

    def ids(self, pieces: Sequence[str]) -> list[int]:
        """Return the id of every piece: the opposite of `pieces`."""
        return [self._processor.piece_to_id(piece) for piece in pieces]

    def unknown(self, text: str) -> list[str]:
        """Return the characters of the text that the vocabulary does not have, once each."""
        text = self._prepare(text)
        ids, pieces = self._processor.encode(text), self._processor.encode(text, out_type=str)
        runs = (piece for i, piece in zip(ids, pieces, strict=True) if i == UNKNOWN)
        return list(dict.fromkeys(character for run in runs for character in run if character != WORD_START))


def train_tokenizer(
    text: Iterable[str], vocab_size: int, model_type: str = "bpe", languages: Sequence[str] = LANGUAGES
) -> bytes:
    """Train a vocabulary on sentences; return it serialised, with the tags of the target languages in it."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text),
        model_writer=model,
        vocab_size=vocab_size,
        model_type=model_type,
        character_coverage=0.9999,
        normalization_rule_name="identity",
        pretokenization_delimiter=BORDER,
        split_digits=True,
        user_defined_symbols=[language_tag(language) for language in languages],
        minloglevel=1,
        **MARKS,
    )
    return model.getvalue()


def train_character_tokenizer(text: str) -> bytes:
    """Make a vocabulary of a text's characters, space and line break, serialised; encoding loses nothing of the text.

    Raises
    ------
    ValueError
        If the text has a character that SentencePiece keeps for itself.
    """
    symbols = sorted({LINE_BREAK, *text} - {" "})
    for reserved in {"\0", WORD_START}.intersection(symbols):
        raise ValueError(f"the text has the character {reserved!r}, which a vocabulary cannot hold: remove it")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" "]),
        model_writer=model,
        vocab_size=len(MARKS) + len(symbols) + len(" "),
        model_type="char",
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        user_defined_symbols=symbols,  # given, not learned: a sentence has no line ends
        minloglevel=1,
        **MARKS,
    )
    return model.getvalue()
