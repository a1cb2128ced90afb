"""Student's t, Welch, Clopper-Pearson and ranks, against integrals, simulations and enumerations of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformer.statistics import beta_share, chance_of_ranks, contrast, share, student_cdf, student_quantile


@pytest.mark.parametrize("df", [1, 2, 3.7, 8, 40])
@pytest.mark.parametrize("t", [-3.0, -0.4, 0.0, 1.0, 2.5])
def test_students_distribution_is_the_integral_of_its_density(df, t):
    x = np.linspace(0, t, 20_001)
    constant = math.gamma((df + 1) / 2) / math.sqrt(df * math.pi) / math.gamma(df / 2)
    density = constant * (1 + x**2 / df) ** (-(df + 1) / 2)
    assert student_cdf(t, df) == pytest.approx(0.5 + np.trapezoid(density, x), abs=1e-9)


@given(st.floats(0.005, 0.995), st.floats(1, 200))
def test_a_quantile_undoes_the_distribution(probability, df):
    assert student_cdf(student_quantile(probability, df), df) == pytest.approx(probability, abs=1e-9)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.01, 0.99))
def test_the_beta_function_is_a_sum_of_binomial_probabilities(a, b, x):
    number = a + b - 1
    tail = sum(math.comb(number, k) * x**k * (1 - x) ** (number - k) for k in range(a, number + 1))
    assert beta_share(a, b, x) == pytest.approx(tail, rel=1e-9, abs=1e-12)


def test_one_group_has_students_interval():
    values = [1.0, 2.0, 4.0]
    interval = contrast([(1.0, values)])
    half = 4.302652729911275 * np.std(values, ddof=1) / math.sqrt(3)  # t of two degrees of freedom, from any table
    assert interval.estimate == pytest.approx(7 / 3)
    assert (interval.low, interval.high) == pytest.approx((7 / 3 - half, 7 / 3 + half))


def test_welchs_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        groups = [(0.5, rng.normal(3, 1, 4)), (0.5, rng.normal(1, 4, 6)), (-1.0, rng.normal(0, 2, 5))]
        interval = contrast(groups)
        hits += interval.low <= 2 <= interval.high
    assert 0.935 < hits / 2000 < 0.965


def test_too_few_numbers_leave_everything_open():
    interval = contrast([(1.0, [3.0]), (-1.0, [1.0, 2.0])])
    assert (interval.estimate, interval.low, interval.high) == (1.5, -math.inf, math.inf)
    assert contrast([(1.0, [2.0, 2.0])]).low == 2.0


@pytest.mark.parametrize(("successes", "number"), [(0, 6), (1, 6), (6, 6), (3, 10)])
def test_the_interval_of_a_share_leaves_its_tails(successes, number):
    def chance(k_from: int, k_to: int, p: float) -> float:
        return sum(math.comb(number, k) * p**k * (1 - p) ** (number - k) for k in range(k_from, k_to + 1))

    interval = share(successes, number)
    assert interval.estimate == successes / number
    if successes:
        assert chance(successes, number, interval.low) == pytest.approx(0.025, abs=1e-9)
    if successes < number:
        assert chance(0, successes, interval.high) == pytest.approx(0.025, abs=1e-9)


def test_ranks():
    assert chance_of_ranks([3, 4, 5], [0, 1, 2]) == 1 / math.comb(6, 3)
    assert chance_of_ranks([0, 1, 2], [3, 4, 5]) == 1.0
    assert chance_of_ranks([1, 2, 3, 4, 5], [-math.inf] * 5) == 1 / math.comb(10, 5)
    assert chance_of_ranks([1.0, 1.0], [1.0, 1.0]) == 1.0
