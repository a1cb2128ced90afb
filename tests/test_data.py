"""The split of pairs against breadth-first search, and batches against plain lists."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from transformer.data import tatoeba
from transformer.data.batches import Batch, Ragged, TranslationCorpus, by_length, pad
from transformer.data.tatoeba import Pair
from transformer.tokenizers import END, PAD, START

# --- the split ---


def nodes(pair: Pair) -> set[tuple[str, str]]:
    return {("en", pair.english), (pair.language, pair.other)}


def breadth_first(pairs: list[Pair]) -> list[list[Pair]]:
    """Components by search, pair by pair: slow and plain."""
    left, groups = list(pairs), []
    while left:
        group, seen = [], nodes(left[0])
        while joined := [pair for pair in left if nodes(pair) & seen]:
            group += joined
            left = [pair for pair in left if pair not in joined]
            seen = seen.union(*map(nodes, joined))
        groups.append(group)
    return groups


words = st.integers(0, 25).map(str)
graphs = st.lists(st.builds(Pair, words, words, st.sampled_from(["de", "fr", "ja"])), unique=True, max_size=60)


def as_sets(groups) -> set[frozenset[Pair]]:
    return {frozenset(group) for group in groups}


@given(graphs)
@settings(deadline=None)
def test_components_are_those_of_a_search(pairs):
    found = tatoeba.components(pairs)
    assert as_sets(found) == as_sets(breadth_first(pairs))
    assert sum(map(len, found)) == len(pairs)


@given(graphs, st.integers(0, 3), st.integers(0, 2), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_parts_share_no_sentence(pairs, test_size, validation_size, seed):
    def split():
        return tatoeba.split(pairs, test_size=test_size, validation_size=validation_size, seed=seed)

    try:
        parts = split()
    except ValueError as error:
        assert "too few" in str(error)
        return
    assert parts == split()
    test, validation = ([pair for group in part.values() for pair in group] for part in (parts.test, parts.validation))
    sentences = [set().union(*map(nodes, part)) for part in (parts.train, test, validation)]
    assert sum(map(len, sentences)) == len(set().union(*sentences))

    groups = breadth_first(pairs)
    kept = [group for group in groups if not {*test, *validation} & {*group}]
    assert set(parts.train) <= {pair for group in kept for pair in group}
    for group in groups:
        assert {*group} <= {*parts.train} or not {*group} & {*parts.train}, "a component is trained on whole or not"
        for language in ("de", "fr", "ja"):
            held = [pair for pair in (*test, *validation) if pair in group and pair.language == language]
            assert len(held) <= 1
    for part, size in ((parts.test, test_size), (parts.validation, validation_size)):
        assert {language: len(chosen) for language, chosen in part.items()} == dict.fromkeys(part, size)
        assert set(part) == {pair.language for pair in pairs}
        assert all(pair.language == language for language, chosen in part.items() for pair in chosen)


def test_the_seed_chooses_the_split():
    pairs = [Pair(f"e{i}", f"d{i}", "de") for i in range(100)]
    first, second = (tatoeba.split(pairs, test_size=10, validation_size=10, seed=seed) for seed in (1, 2))
    assert first.test != second.test
    assert len(first.train) == 80  # nothing is lost but what is held out


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="1 groups of sentences are too few for 2 test and 1 validation pairs"):
        tatoeba.split([Pair("a", "b", "de"), Pair("a", "c", "de")], test_size=2, validation_size=1)


# --- batches ---

rows = st.lists(st.lists(st.integers(0, 99), max_size=5), max_size=6)


def lists(ragged: Ragged) -> list[list[int]]:
    return [ragged.flat[a:b].tolist() for a, b in zip(ragged.offsets[:-1], ragged.offsets[1:], strict=True)]


@given(rows, st.data())
@settings(deadline=None)
def test_ragged_take(table, data):
    chosen = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=8)) if table else []
    taken = Ragged.of(table).take(np.array(chosen, dtype=np.int64))
    assert lists(taken) == [table[i] for i in chosen]
    assert taken.lengths.tolist() == [len(table[i]) for i in chosen]


@given(st.lists(rows, min_size=1, max_size=4))
@settings(deadline=None)
def test_ragged_stack_and_join(tables):
    parts = [Ragged.of(table) for table in tables]
    assert lists(Ragged.stack(parts)) == [row for table in tables for row in table]
    shortest = min(map(len, tables))
    joined = Ragged.join([Ragged.of(table[:shortest]) for table in tables])
    assert lists(joined) == [[x for table in tables for x in table[i]] for i in range(shortest)]
    assert len(joined) == shortest


class Numbers:
    """A tokenizer of texts that are numbers already."""

    def encode_all(self, texts):
        return [[int(word) for word in text.split()] for text in texts]

    def tag(self, language: str) -> int:
        return {"en": 4, "de": 5, "fr": 6}[language]


def corpus(number: int = 60, joined: float = 0.5) -> tuple[TranslationCorpus, dict[tuple[int, ...], tuple[int, ...]]]:
    """A corpus and what translates into what; sentences start with a number of their own, 100 or more."""
    rng = np.random.default_rng(0)
    pairs, translation = [], {}
    for i in range(number):
        english, other = ([x + i, *rng.integers(10, 100, size=rng.integers(0, 12)).tolist()] for x in (100, 1000))
        pairs.append(Pair(" ".join(map(str, english)), " ".join(map(str, other)), "de" if i % 3 else "fr"))
        translation |= {tuple(english): tuple(other), tuple(other): tuple(english)}
    return TranslationCorpus(pairs, Numbers(), joined=joined), translation


def sentences(row: list[int]) -> list[tuple[int, ...]]:
    """Cut a row where sentences begin."""
    starts = [i for i, x in enumerate(row) if x >= 100]
    return [tuple(row[a:b]) for a, b in zip(starts, [*starts[1:], len(row)], strict=True)]


def unpadded(tensor: torch.Tensor) -> list[list[int]]:
    """Rows up to their end, with nothing but padding behind it."""
    found = []
    for row in tensor.tolist():
        end = row.index(END) + 1
        assert not any(row[end:])
        assert PAD not in row[:end]
        found.append(row[:end])
    return found


def one_epoch(max_tokens: int, max_length: int, number: int) -> list[Batch]:
    """Batches until `number` examples have come, which must be the end of a batch."""
    found, seen = [], 0
    for batch in corpus()[0].batches(max_tokens, seed=1, device="cpu", max_length=max_length):
        found.append(batch)
        seen += len(batch.source)
        if seen >= number:
            break
    assert seen == number
    return found


def test_an_epoch_has_every_pair_once_each_way_and_joined_ones_whole():
    translation = corpus()[1]
    per_direction = {"de": 40, "fr": 20}
    extra = sum(2 * (round(0.5 * 0.7 * n) + round(0.5 * 0.3 * n)) for n in per_direction.values())
    batches = one_epoch(400, 1000, 2 * 60 + extra)
    single, sizes = Counter(), Counter()
    for batch in batches:
        for source, target in zip(unpadded(batch.source), unpadded(batch.target_output), strict=True):
            tag, texts, translated = source[0], sentences(source[1:-1]), sentences(target[:-1])
            assert [translation[text] for text in texts] == translated
            into_english = {text[0] >= 1000 for text in texts}
            fr = {(text[0] - 100) % 900 % 3 == 0 for text in texts}
            assert len(into_english) == len(fr) == 1
            assert tag == (4 if into_english == {True} else 6 if fr == {True} else 5)
            sizes[len(texts)] += 1
            if len(texts) == 1:
                single[texts[0]] += 1
    assert single == Counter(dict.fromkeys(translation, 1))
    assert sizes == {1: 120, 2: 2 * (14 + 7), 3: 2 * (6 + 3)}


def test_batches_are_shifted_and_stay_within_their_size():
    batches = one_epoch(400, 1000, 180)
    assert len(batches) > 5
    for batch in batches:
        assert batch.source.numel() + batch.target_output.numel() <= 400
        assert batch.target_input.shape == batch.target_output.shape
        assert (batch.target_input[:, 0] == START).all()
        assert torch.equal(batch.target_input[:, 1:], batch.target_output[:, :-1])
        for ids in (batch.source, batch.target_output):
            assert (ids[:, -1] != PAD).any()  # no wider than its longest row


def test_examples_of_like_length_share_a_batch():
    batches = one_epoch(400, 1000, 180)
    places = sum(batch.source.numel() + batch.target_output.numel() for batch in batches)
    ids = sum(int((batch.source != PAD).sum() + (batch.target_output != PAD).sum()) for batch in batches)
    in_any_order = 180 * (max(b.source.size(1) for b in batches) + max(b.target_output.size(1) for b in batches))
    assert places - ids < (in_any_order - ids) / 2


def test_an_example_longer_than_a_batch_is_one_alone():
    assert all(len(batch.source) == 1 for batch in one_epoch(2, 1000, 180))


def test_long_examples_are_left_out():
    stream = corpus()[0].batches(400, seed=1, device="cpu", max_length=10)
    for batch in islice(stream, 50):
        assert max(batch.source.size(1), batch.target_output.size(1)) <= 10
    with pytest.raises(ValueError, match="nothing to train on"):
        next(corpus()[0].batches(400, seed=1, device="cpu", max_length=1))


def test_the_seed_chooses_the_batches():
    def first(seed: int) -> list[list]:
        stream = corpus()[0].batches(400, seed=seed, device="cpu", max_length=1000)
        return [[batch.source.tolist(), batch.target_output.tolist()] for batch in islice(stream, 60)]  # some epochs

    once = first(1)
    assert once == first(1)
    assert once != first(2)
    assert once[:20] != once[20:40]  # epochs differ


def test_pad_and_by_length():
    assert pad([[7], [8, 9, 10], []]).tolist() == [[7, PAD, PAD], [8, 9, 10], [PAD, PAD, PAD]]
    texts = {"a": [1], "b": [1, 2, 3], "c": [1, 2], "d": [1, 2, 3, 4]}
    assert list(by_length(texts, 3)) == [["d", "b", "c"], ["a"]]
