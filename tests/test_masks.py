"""Set filters against their definitions as sets, by loops."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transformer import config
from transformer.config import Choice
from transformer.masks import FILTERS, make_filter, not_padding

SIZE = st.integers(1, 7)
RANGE = st.tuples(st.integers(0, 12), st.integers(1, 12))  # start and length: a cache or memory starts later


def causal(i: int) -> set[int]:
    return set(range(i + 1))


def window(i: int, size: int) -> set[int]:
    return set(range(i - size + 1, i + size))


def strided(i: int, stride: int) -> set[int]:
    return window(i, stride) | set(range(i % stride, 100, stride))


def self_and_bias(i: int, bias_position: int = 0) -> set[int]:
    return {i, bias_position}


CHOICES = st.one_of(
    st.just((Choice("everything"), lambda i: set(range(100)))),
    st.just((Choice("causal"), causal)),
    st.just((Choice("self_and_bias"), self_and_bias)),
    SIZE.map(lambda n: (Choice("window", {"size": n}), lambda i: window(i, n))),
    SIZE.map(lambda n: (Choice("strided", {"stride": n}), lambda i: strided(i, n))),
    SIZE.map(lambda n: (Choice("self_and_bias", {"bias_position": n}), lambda i: self_and_bias(i, n))),
)


@given(st.lists(CHOICES, min_size=1, max_size=3), RANGE, RANGE)
def test_a_filter_is_its_set(chosen, queries, keys):
    """Also joined: a key is visible if it is in every set."""
    q, k = (torch.arange(start, start + length) for start, length in (queries, keys))
    visible = make_filter([choice for choice, _ in chosen])(q, k)
    assert visible.dtype == torch.bool
    assert visible.shape == (len(q), len(k))
    for row, i in zip(visible, q.tolist(), strict=True):
        assert set(k[row].tolist()) == set(k.tolist()).intersection(*(members(i) for _, members in chosen))


@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4), st.integers(0, 3))
def test_padding_is_hidden(tokens, pad_id):
    visible = not_padding(torch.tensor(tokens), pad_id)
    assert visible.shape == (len(tokens), 1, 1, 5)
    assert visible[:, 0, 0].tolist() == [[token != pad_id for token in row] for row in tokens]


def test_registry():
    assert tuple(FILTERS) == config.FILTERS


@pytest.mark.parametrize("name", config.FILTERS)
def test_every_filter_lets_a_token_see_itself(name):
    options = {"window": {"size": 1}, "strided": {"stride": 4}}.get(name, {})
    position = torch.arange(9)
    assert make_filter([Choice(name, options)])(position, position).diagonal().all()
