"""The vocabulary of the bundled models: whole words, nothing lost on the way there and back, clear refusals."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from transformer.model_files import bundled
from transformer.tokenizers import END, LANGUAGES, PAD, START, UNKNOWN, WORD_START, Tokenizer, clean, language_tag

TAGS = [language_tag(language) for language in LANGUAGES]


def read_tokenizer() -> Tokenizer:
    with safe_open(bundled("small"), "pt") as file:
        return Tokenizer(file.get_tensor("tokenizer").numpy().tobytes())


TOKENIZER = read_tokenizer()
PIECES = TOKENIZER.pieces(range(len(TOKENIZER)))
CHARACTERS = sorted(set("".join(PIECES[8:])) - {WORD_START})  # behind the four marks and the four tags
known_texts = st.text(st.sampled_from([*CHARACTERS, " "]), max_size=40)
# Letters with marks that combine, spaces, quotes, what is invisible, halves of surrogate pairs, and anything at all.
hard = st.sampled_from("eé\u0301\u0327oü ▁　\u00a0\u200b\u00ad\ufeff\u2019\u201c…がか\u3099\ud83d\ude00\n\t\x1f")
odd_texts = st.text(hard | st.characters(exclude_categories=()), max_size=30)


@pytest.mark.parametrize(
    "word",
    ["animal", "street", "because", "tired", "étudiant", "Straße", "weil", "müde", "動物", "学生", "通り", "私"],
)
def test_the_words_of_the_examples_are_one_piece(word):
    pieces = TOKENIZER.pieces(TOKENIZER.encode(word))
    assert [piece.removeprefix(WORD_START) for piece in pieces if piece != WORD_START] == [word]


def test_ids_of_the_marks_and_tags():
    marks = [PIECES[i] for i in (PAD, UNKNOWN, START, END)]
    assert marks == ["<pad>", "<unk>", "<s>", "</s>"]
    assert TOKENIZER.languages == LANGUAGES == ("en", "de", "fr", "ja")
    for language, tag in zip(LANGUAGES, TAGS, strict=True):
        assert TOKENIZER.source("animal", language) == [PIECES.index(tag), PIECES.index("▁animal"), END]
    assert len(TOKENIZER) == len(set(PIECES)) == 16000


@given(known_texts)
@settings(deadline=None)
def test_decoding_undoes_encoding(text):
    ids = TOKENIZER.encode(text)
    assert UNKNOWN not in ids
    assert TOKENIZER.decode(ids) == clean(text)
    assert "".join(TOKENIZER.pieces(ids)).replace(WORD_START, " ").strip() == clean(text)
    everything_else = [PAD, START, *(PIECES.index(tag) for tag in TAGS)]
    assert TOKENIZER.decode([*everything_else, *ids, END]) == clean(text)  # no mark and no tag shows


@given(st.lists(odd_texts | known_texts, max_size=5))
@settings(deadline=None)
def test_many_texts_are_encoded_as_one_by_one(texts):
    assert TOKENIZER.encode_all(texts) == [TOKENIZER.encode(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\r\n\u3000\u00a0\u202f\u2009 ", ""),
        ("  Où\u00a0est-il\u202f?\n", "Où est-il ?"),
        ("It\u2019s \u201cfine\u201d \u2018now\u2019\u2026", "It's \"fine\" 'now'..."),
        ("u\u0308ber e\u0301tudiant か\u3099", "über étudiant が"),
        ("e\u200b\u0301", "é"),  # what stood between them is gone, so they join
        ("soft\u00adhyphen\ufeff \u200e\u202aleft\u202c \u2066isolated\u2069", "softhyphen left isolated"),
        ("▁a▁▁b", "a b"),  # SentencePiece's own mark of a space
        ("a\ud83d b", "a\ufffd b"),  # half a surrogate pair, from a bad terminal
        ("\ud83d\ude00", "😀"),  # and both halves
    ],
)
def test_clean(text, expected):
    assert clean(text) == expected


@given(odd_texts)
@example("e\u200b\u0301")
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_is_cleaning_once(text):
    once = clean(text)
    assert clean(once) == once == unicodedata.normalize("NFC", once) == " ".join(once.split())
    once.encode()  # valid: no half characters


@given(odd_texts | known_texts | st.text(st.sampled_from([*CHARACTERS[::40], *"😀𝕏Ж한ߐ<>", " "]), max_size=20))
@settings(deadline=None)
def test_unknown_names_exactly_the_missing_characters(text):
    assume(not any(tag in clean(text) for tag in TAGS))  # a tag that someone types is a tag
    missing = list(dict.fromkeys(x for x in clean(text) if x not in CHARACTERS and x != " "))
    assert TOKENIZER.unknown(text) == missing
    assert (UNKNOWN in TOKENIZER.encode(text)) == bool(missing)


@pytest.mark.parametrize("target", ["xx", "", "EN", "<2en>"])
def test_an_unknown_target_is_refused_with_the_choices(target):
    with pytest.raises(ValueError, match=r"choose one of en, de, fr, ja$"):
        TOKENIZER.source("animal", target)


def test_pieces_have_ids_and_ids_pieces(tokenizer: Tokenizer) -> None:
    ids = [*range(len(tokenizer))]
    assert tokenizer.ids(tokenizer.pieces(ids)) == ids
