"""Spearman's rank correlation, against pandas."""

from __future__ import annotations

import math

import pandas
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transformer.agreement import rank_correlation, ranks

few = st.integers(-2, 2).map(float)  # many ties
numbers = st.lists(st.tuples(few, few | st.floats(-1e6, 1e6, width=32)), max_size=12)


@given(numbers)
def test_it_is_that_of_pandas(pairs):
    frame = pandas.DataFrame(pairs, columns=["one", "other"], dtype="float64")
    one, other = (torch.tensor(frame[name].to_numpy(), dtype=torch.float64) for name in frame)
    assert ranks(one).tolist() == (frame["one"].rank() - 1).tolist()
    expected = frame["one"].rank().corr(frame["other"].rank())
    ours = rank_correlation(one, other)
    assert (ours is None) == math.isnan(expected)
    assert ours is None or ours == pytest.approx(expected, abs=1e-12)
    assert ours == rank_correlation(other, one)


def test_the_same_order_agrees_however_far_apart():
    x = torch.randn(20)
    assert rank_correlation(x, x.exp()) == 1
    assert rank_correlation(x, -(x**3)) == -1


def test_without_an_order_there_is_none():
    assert rank_correlation(torch.ones(5), torch.randn(5)) is None
    assert rank_correlation(torch.randn(1), torch.randn(1)) is None
    assert rank_correlation(torch.empty(0), torch.empty(0)) is None
