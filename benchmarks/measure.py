"""Two ways of doing one thing, timed in turn on a noisy machine, and the line that says how they compare."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

WARM_UP = 2  # rounds that do not count


class Unavailable(Exception):
    """A figure cannot be measured here; the message says what to do, in one sentence."""


@dataclass(frozen=True)
class Figure:
    """One measured figure: ours and the baseline in `unit`.

    `bar` is the largest ratio that holds, if there is one; the smallest, where higher is better.
    """

    name: str
    value: float
    unit: str
    baseline: float
    bar: float | None
    higher_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.value / self.baseline

    @property
    def holds(self) -> bool | None:
        if self.bar is None:
            return None
        return self.ratio >= self.bar if self.higher_is_better else self.ratio <= self.bar

    def to_json(self) -> str:
        """One line of JSON, four significant digits."""
        rounded = {key: float(f"{getattr(self, key):.4g}") for key in ("value", "baseline", "ratio")}
        return json.dumps(
            {
                "name": self.name,
                "value": rounded["value"],
                "unit": self.unit,
                "baseline": rounded["baseline"],
                "ratio": rounded["ratio"],
                "bar": self.bar,
                "holds": self.holds,
            }
        )


def progress(text: str) -> None:
    """Tell whoever waits; standard output is for figures."""
    print(text, file=sys.stderr, flush=True)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def medians(
    ours: Callable[[], float], baseline: Callable[[], float], repeats: int, *, warm_up: int = WARM_UP
) -> tuple[float, float]:
    """Run two measurements in turn and return the median of each: a load that comes and goes meets both alike.

    Who goes first changes every round.
    """
    values: list[float] = []
    baselines: list[float] = []
    for number in range(-warm_up, repeats):
        turns = [(ours, values), (baseline, baselines)]
        for measure, results in turns if number % 2 else reversed(turns):
            result = measure()
            if number >= 0:
                results.append(result)
    return median(values), median(baselines)


def median_milliseconds(
    ours: Callable[[], object], baseline: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Time two calls in turn."""
    value, other = medians(lambda: seconds(ours), lambda: seconds(baseline), repeats)
    return value * 1000, other * 1000
