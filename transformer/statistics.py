"""Means of a few runs compared: intervals by Student's t, Welch's way, and exact tests where a run has no number.

Pure functions of numbers; a page and an experiment say the same by them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval; infinite where there are too few numbers for one."""

    estimate: float
    low: float
    high: float


def beta_share(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where it converges fast
        return 1 - beta_share(b, a, 1 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    numerator, denominator, fraction = 1.0, 1 / (1 - (a + b) * x / (a + 1)), 1 / (1 - (a + b) * x / (a + 1))
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):  # Lentz's way from the front
            denominator = 1 / (1 + term * denominator)
            numerator = 1 + term / numerator
            change = numerator * denominator
            fraction *= change
        if abs(change - 1) < 1e-14:
            break
    return math.exp(logarithm) * fraction / a


def student_cdf(t: float, df: float) -> float:
    """Probability that Student's t with `df` degrees of freedom is at most `t`."""
    tail = beta_share(df / 2, 0.5, df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def student_quantile(probability: float, df: float) -> float:
    """Return the t below which Student's t lies with this probability, by halving."""
    if probability < 0.5:
        return -student_quantile(1 - probability, df)
    low, high = 0.0, 1.0
    while student_cdf(high, df) < probability:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if student_cdf(middle, df) < probability else (low, middle)
    return (low + high) / 2


def contrast(groups: Sequence[tuple[float, Sequence[float]]], level: float = 0.95) -> Interval:
    """Interval of the sum of weight x mean over groups of unequal variance (Welch 1947).

    One group of weight 1 gives a mean's interval, weights 1 and -1 Welch's for a difference. Degrees of freedom are
    Satterthwaite's. A group of a single number has no variance: the interval is infinite.
    """
    estimate = math.fsum(weight * _mean(values) for weight, values in groups)
    if any(len(values) < 2 for _, values in groups):
        return Interval(estimate, -math.inf, math.inf)
    parts = [(weight**2 * _variance(values) / len(values), len(values) - 1) for weight, values in groups]
    variance = math.fsum(part for part, _ in parts)
    if variance == 0:
        return Interval(estimate, estimate, estimate)
    df = variance**2 / math.fsum(part**2 / n for part, n in parts)
    margin = student_quantile((1 + level) / 2, df) * math.sqrt(variance)
    return Interval(estimate, estimate - margin, estimate + margin)


def share(successes: int, number: int, level: float = 0.95) -> Interval:
    """Interval of a probability from so many successes in so many trials (Clopper and Pearson 1934)."""
    alpha = (1 - level) / 2

    def solve(a: float, b: float, target: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if beta_share(a, b, middle) < target else (low, middle)
        return (low + high) / 2

    low = solve(successes, number - successes + 1, alpha) if successes else 0.0
    high = solve(successes + 1, number - successes, 1 - alpha) if successes < number else 1.0
    return Interval(successes / number, low, high)


def chance_of_ranks(better: Sequence[float], worse: Sequence[float]) -> float:
    """Probability that chance alone ranks `better` so high above `worse` (Mann and Whitney 1947, exact, one-sided).

    Infinities are allowed: a run without a number is -inf, the worst of all.
    """

    def wins(first: Sequence[float], second: Sequence[float]) -> float:
        return sum((a > b) + (a == b) / 2 for a in first for b in second)

    together = [*better, *worse]
    seen = wins(better, worse)
    reached = [
        wins([together[i] for i in chosen], [together[i] for i in range(len(together)) if i not in chosen]) >= seen
        for chosen in combinations(range(len(together)), len(better))
    ]
    return sum(reached) / len(reached)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
