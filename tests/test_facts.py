"""The facts of a head: against loops that spell their words out, on heads whose facts are known, and on real ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformer import load_translator
from transformer.facts import (
    Attention,
    alignment,
    as_grids,
    facts_of,
    is_mark,
    is_punctuation,
    recorded_attention,
    sentence_facts,
)

PIECES = ["<2de>", "▁I", "▁am", ",", "▁well", ".", "</s>"]
N = len(PIECES)


def softmax_rows(seed: int, *shape: int, causal: bool = False) -> np.ndarray:
    weights = np.exp(3 * np.random.default_rng(seed).normal(size=shape))
    weights = np.tril(weights) if causal else weights
    return weights / weights.sum(-1, keepdims=True)


def one_head(rows: np.ndarray) -> np.ndarray:
    return rows[None, None].astype(float)


def looking_at(keys: list[int], n: int) -> np.ndarray:
    """A head whose query i gives all its weight to keys[i] of n."""
    return one_head(np.eye(n)[keys])


def self_attention_facts(weights: np.ndarray, pieces: list[str], causal: bool = False) -> dict[str, np.ndarray]:
    visible = np.tri(len(pieces), dtype=bool) if causal else np.ones((len(pieces), len(pieces)), bool)
    return facts_of(Attention(weights, visible, pieces, same=True))


def cross_attention_facts(weights: np.ndarray, keys: list[str]) -> dict[str, np.ndarray]:
    return facts_of(Attention(weights, np.ones(weights.shape[2:], bool), keys, same=False))


def in_loops(weights: np.ndarray, pieces: list[str], causal: bool) -> dict[str, list[float]]:
    """Each fact of one head (Q, K), query by query: the numbers that its mean is over."""
    found: dict[str, list[float]] = {}
    for i in range(len(pieces)):
        seen = range(i + 1) if causal else range(len(pieces))
        if len(seen) < 2:
            continue
        row = {j: float(weights[i, j]) for j in seen}
        entropy = -sum(w * math.log2(w) for w in row.values() if w > 0)
        for name, value in {
            "entropy": entropy,
            "breadth": (2**entropy - 1) / (len(seen) - 1),
            "distance": sum(w * abs(i - j) for j, w in row.items()),
            "self": row[i],
            "first": row[0],
            "end": row.get(len(pieces) - 1, 0.0),
            "punctuation": sum(w for j, w in row.items() if pieces[j] in {",", "."}),
        }.items():
            found.setdefault(name, []).append(value)
        if i > 0:
            found.setdefault("previous", []).append(row[i - 1])
        if i + 1 in row:
            found.setdefault("next", []).append(row[i + 1])
    return found


@pytest.mark.parametrize("causal", [False, True])
def test_facts_of_self_attention_are_what_their_names_say(causal: bool) -> None:
    weights = softmax_rows(1, 2, 3, N, N, causal=causal)
    facts = self_attention_facts(weights, PIECES, causal=causal)
    expected = in_loops(weights[1, 2], PIECES, causal)
    assert set(facts) == set(expected)
    assert ("next" in facts) is not causal
    for name, values in facts.items():
        assert values.shape == (2, 3), name
        assert values[1, 2] == pytest.approx(sum(expected[name]) / len(expected[name]), abs=1e-12), name


def test_the_first_query_of_a_decoder_counts_nowhere() -> None:
    """Its weight is 1 on itself and on the first key, whatever the head is like."""
    always_back = looking_at([0, 0, 1, 2, 3], 5)
    facts = self_attention_facts(always_back, ["<s>", "▁a", "▁b", "▁c", "▁d"], causal=True)
    assert facts["previous"] == 1
    assert facts["self"] == 0
    assert facts["first"] == pytest.approx(1 / 4)  # only the second query's previous token is the first
    assert facts["distance"] == 1
    lone = self_attention_facts(np.ones((1, 1, 1, 1)), ["<s>"], causal=True)
    assert lone == {}


@pytest.mark.parametrize("causal", [False, True])
def test_breadth_reaches_from_one_key_to_all(causal: bool) -> None:
    even = np.tril(np.ones((N, N))) if causal else np.ones((N, N))
    even = one_head(even / even.sum(-1, keepdims=True))
    seen = range(2, N + 1) if causal else [N]
    facts = self_attention_facts(even, PIECES, causal=causal)
    assert facts["breadth"][0, 0] == pytest.approx(1)
    assert facts["entropy"][0, 0] == pytest.approx(np.mean(np.log2(seen)))
    sharp = self_attention_facts(looking_at([0] * N, N), PIECES, causal=causal)
    assert sharp["breadth"] == sharp["entropy"] == 0


def test_marks_and_punctuation() -> None:
    assert [piece for piece in ["<s>", "</s>", "<2ja>", "[CLS]", "<|endoftext|>"] if not is_mark(piece)] == []
    assert [piece for piece in ["<unk>", "[UNK]", "<", "▁[", "▁a", "</script>x", "▁<s>"] if is_mark(piece)] == []
    assert [
        piece for piece in [".", "▁,", "。", "、", "?!", "「", "Ġ.", "##.", "'", "#"] if not is_punctuation(piece)
    ] == []
    assert [piece for piece in ["▁a.", "▁", "<s>", "は", "3", "##a", "▁-1"] if is_punctuation(piece)] == []


def test_a_fact_that_applies_nowhere_is_left_out() -> None:
    plain = ["<2de>", "▁I", "▁am", "</s>"]
    assert "punctuation" not in cross_attention_facts(softmax_rows(2, 1, 1, 3, 4), plain)
    assert "end" not in self_attention_facts(softmax_rows(2, 1, 1, 3, 3, causal=True), plain[:3], causal=True)


def test_alignment_knows_pairs_from_a_habit() -> None:
    """A permutation has 1; the same word always, and all words evenly, have what the docstring says."""
    n = 6
    all_words = [True] * n
    assert alignment(looking_at([3, 0, 5, 1, 2, 4], n), all_words) == 1
    assert alignment(looking_at([2] * n, n), all_words) == pytest.approx(1 / math.sqrt(n))
    assert alignment(one_head(np.full((4, n), 1 / n)), all_words) == pytest.approx(1 / n)
    # What rests on marks pairs up no words: half of each query's weight there halves the score.
    half = 0.5 * looking_at([0, 1, 2], 4) + 0.5 * looking_at([3, 3, 3], 4)
    assert alignment(half, [True, True, True, False]) == pytest.approx(0.5)
    assert np.isnan(alignment(half, [False] * 4))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_alignment_is_a_share_and_forgets_the_order(queries: int, words: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = softmax_rows(seed, 2, 2, queries, words + 2)
    words_at = [False, *[True] * words, False]
    score = alignment(weights, words_at)
    assert ((score > 0) & (score <= 1)).all()
    shuffled = weights[:, :, rng.permutation(queries)][..., [0, *(1 + rng.permutation(words)), words + 1]]
    np.testing.assert_allclose(alignment(shuffled, words_at), score)


def test_facts_of_a_real_sentence() -> None:
    """Each kind with its own pieces; shares of places that do not overlap leave room for one another."""
    translator = load_translator("small")
    trace = translator.trace("Well, I am tired.", "de", "Nun, ich bin müde.")
    recorded = recorded_attention(trace)
    sizes = translator.model.config
    assert {kind: attention.weights.shape[0] for kind, attention in recorded.items()} == {
        "encoder": sizes.num_encoder_layers,
        "decoder": sizes.num_decoder_layers,
        "cross": sizes.num_decoder_layers,
    }
    weights = trace["decoder.layers.1.cross_attention.weights"][0].numpy()
    np.testing.assert_array_equal(recorded["cross"].weights[1], weights)
    assert recorded["cross"].keys == recorded["encoder"].keys == trace.tokens["source"][0]
    facts = sentence_facts(trace)
    assert set(facts["cross"]) == {"entropy", "breadth", "first", "end", "punctuation", "alignment"}
    assert set(facts["encoder"]) - set(facts["decoder"]) == {"next", "end"}
    loops = in_loops(recorded["decoder"].weights[0, 1], trace.tokens["target"][0], causal=True)
    for name, values in facts["decoder"].items():
        assert values[0, 1] == pytest.approx(np.mean(loops[name]), abs=1e-6), name
    for found in facts.values():
        apart = [found[name] for name in ("first", "end", "punctuation") if name in found]
        assert (np.sum(apart, 0) <= 1 + 1e-6).all()
    assert np.array(as_grids(facts["cross"])["alignment"]) == pytest.approx(facts["cross"]["alignment"], abs=5e-5)


def test_a_hidden_token_is_no_key() -> None:
    """The facts are those of the sentence without it, where no query is compared with its neighbours."""
    whole = softmax_rows(3, 2, 2, 4, N - 1)
    keys = [*PIECES[:2], "▁really", *PIECES[3:]]
    visible = np.arange(N) != 2
    hidden = facts_of(Attention(np.insert(whole, 2, 0, -1), np.tile(visible, (4, 1)), keys, same=False))
    without = cross_attention_facts(whole, keys[:2] + keys[3:])
    assert hidden.keys() == without.keys()
    for name, values in hidden.items():
        np.testing.assert_allclose(values, without[name], err_msg=name)
