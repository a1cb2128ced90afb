"""Texts kept character by character, and windows of them against plain slices."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transformer.checkpoints import load_checkpoint, save_checkpoint
from transformer.data import shakespeare
from transformer.data.batches import TextBatch
from transformer.data.windows import TextCorpus
from transformer.models import build
from transformer.tokenizers import END, PAD, START, UNKNOWN, Tokenizer, train_character_tokenizer

PLAY = "First Citizen:\r\nBefore we  proceed\tany further, hear me speak.\n\n\n  All:\nSpeak, speak.\n "

# --- the text ---


def test_shakespeare_is_read_as_it_is_and_cut(tmp_path):
    (tmp_path / "input.txt").write_bytes(PLAY.encode())
    assert shakespeare.read_text(tmp_path) == shakespeare.read_text(tmp_path / "input.txt") == PLAY
    train, validation = shakespeare.split("0123456789abcdefghij")
    assert (train, validation) == ("0123456789abcdefgh", "ij")


def test_a_missing_or_broken_text_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"there is no {tmp_path}/input.txt"):
        shakespeare.read_text(tmp_path)
    (tmp_path / "input.txt").write_bytes(b"To be\xff")
    with pytest.raises(ValueError, match=r"input.txt: not UTF-8 text \(.* at byte 5\)"):
        shakespeare.read_text(tmp_path)


# --- its characters ---

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0▁")


@given(st.text(characters | st.sampled_from("\n\r \t")))
def test_no_character_is_lost(text):
    tokenizer = Tokenizer(train_character_tokenizer(text))
    ids = tokenizer.encode(text)
    assert len(ids) == len(text)
    assert UNKNOWN not in ids
    assert tokenizer.decode([START, *ids, END, PAD]) == text
    assert tokenizer.encode_all([text, text[::-1]]) == [ids, ids[::-1]]
    assert len(tokenizer) == 4 + len({*text, " ", "\n"})


def test_what_the_vocabulary_lacks_is_named():
    tokenizer = Tokenizer(train_character_tokenizer(PLAY))
    assert tokenizer.unknown(f"{PLAY}Ä\ud83d\n") == ["Ä", "\ufffd"]
    assert tokenizer.languages == ()
    for character in "\0▁":
        with pytest.raises(ValueError, match="which a vocabulary cannot hold"):
            train_character_tokenizer(f"a{character}b")


def test_a_vocabulary_of_words_still_cleans(tokenizer):
    assert not tokenizer.exact
    assert tokenizer.decode(tokenizer.encode(" a\n\n b ")) == "a b"


def test_a_language_model_keeps_its_characters_in_a_checkpoint(tmp_path, tiny_config):
    tokenizer = Tokenizer(train_character_tokenizer(PLAY))
    config = replace(tiny_config, architecture="decoder", vocab_size=len(tokenizer))
    save_checkpoint(tmp_path / "play.safetensors", build(config), tokenizer, {})
    loaded = load_checkpoint(tmp_path / "play.safetensors")
    assert loaded.tokenizer.decode(loaded.tokenizer.encode(PLAY)) == PLAY
    assert loaded.model(torch.tensor([tokenizer.encode(PLAY)[:40]])).shape == (1, 40, len(tokenizer))


# --- windows ---


def first(corpus: TextCorpus, number: int, **where: int) -> list[list[list[int]]]:
    stream = corpus.batches(3, seed=where.pop("seed", 1), device="cpu", **where)
    return [torch.stack((batch.inputs, batch.outputs)).tolist() for batch in islice(stream, number)]


def test_windows_are_slices_and_begin_anywhere():
    text = np.random.default_rng(0).permutation(np.arange(4, 24))
    begun = set()
    for inputs, outputs in first(TextCorpus(text, 16), 60):
        for window, shifted in zip(inputs, outputs, strict=True):
            start = text.tolist().index(window[0])
            begun.add(start)
            assert window == text[start : start + 16].tolist()
            assert shifted == text[start + 1 : start + 17].tolist()
    assert begun == {0, 1, 2, 3}  # the last window's last output is the text's last token


def test_the_seed_chooses_the_windows():
    corpus = TextCorpus(range(4, 1000), 5)
    assert first(corpus, 9) == first(corpus, 9)
    assert first(corpus, 9) != first(corpus, 9, seed=2)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_processes_share_the_batches_and_go_on_where_they_were(world_size):
    corpus = TextCorpus(range(4, 1000), 5)
    alone = first(corpus, 12 * world_size)
    for rank in range(world_size):
        own = first(corpus, 12, rank=rank, world_size=world_size)
        assert own == alone[rank::world_size]
        assert own[7:] == first(corpus, 5, start=7, rank=rank, world_size=world_size)


@given(st.integers(2, 60), st.integers(1, 20), st.integers(1, 5))
def test_once_predicts_every_token_but_the_first(number, length, size):
    if number <= length:
        with pytest.raises(ValueError, match=f"{number} tokens is too short for a window of {length}"):
            TextCorpus(range(4, 4 + number), length)
        return
    text = list(range(4, 4 + number))
    batches = list(TextCorpus(text, length).once(size, device="cpu"))
    windows = [window for batch in batches for window in zip(*rows(batch), strict=True)]
    assert [i for _, outputs in windows for i in outputs if i != PAD] == text[1:]
    assert all(len(inputs) == len(outputs) == length for inputs, outputs in windows)
    for inputs, outputs in windows:
        seen = [i for i in outputs if i != PAD]
        assert inputs[: len(seen)] == [i - 1 for i in seen]  # the text counts up
    assert max(len(batch.inputs) for batch in batches) <= size
    assert PAD not in [i for _, outputs in windows[:-1] for i in outputs]


def rows(batch: TextBatch) -> tuple[list[list[int]], list[list[int]]]:
    return batch.inputs.tolist(), batch.outputs.tolist()


def test_a_window_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 token, got 0"):
        TextCorpus([4, 5], 0)
