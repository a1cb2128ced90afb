"""A verdict on each of the paper's claims, from the runs that there are: `python -m experiments.kernels.verdicts`.

A claim is a list of comparisons. It holds if every one does, each at 95 % (all must be right at once, so that needs no
correction); it does not hold if any one says the contrary at 1 - 0.05 / m, where m is how many there are (Bonferroni);
else it is not decided at this size. Intervals over seeds are Welch's. `better`: the gain's interval lies above 0
(holds) or below it (the contrary). `as_good`: it lies above -margin, the loss that would matter (holds), or below 0.
Where a run has no number because its loss did not stay finite, ranks decide instead (Mann and Whitney, exact), and such
a run is the worst. `fails`: of all runs, those that failed are more than half, or less, by the interval of Clopper and
Pearson.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer

from experiments.kernels.results import Cell, Results
from transformer.statistics import Interval, chance_of_ranks, contrast, share

Verdict = Literal["holds", "does not hold", "not decided"]
Rows = Mapping[tuple[str, str], float]  # of (table, variant): its weight
Claims = Callable[[str], Mapping[str, Sequence["Comparison"]]]  # of a data set: its claims, by name
Values = Mapping[tuple[str, str], Sequence[float | None]]  # of (table, variant): a number a seed, or None
COLUMNS = (
    "claim",
    "dataset",
    "metric",
    "test",
    "margin",
    "first",
    "second",
    "seeds",
    "estimate",
    "low",
    "high",
    "comparisons",
    "strict_high",
    "outcome",
    "verdict",
)
ALPHA = 0.05
HIGHER_IS_BETTER = ("BLEU",)
MARGINS = {"BLEU": 0.5}
BITS_MARGIN = 0.02
UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Comparison:
    """What is said of two (weighted) rows of the tables: that the first is better, or as good; or that runs fail."""

    test: Literal["better", "as_good", "fails"]
    first: Rows
    second: Rows = field(default_factory=dict)


def better(table: str, first: str, second: str) -> Comparison:
    """One row of a table scores better than another."""
    return Comparison("better", {(table, first): 1.0}, {(table, second): 1.0})


def as_good(table: str, first: str, second: str) -> Comparison:
    """One row of a table scores as well as another, or better."""
    return Comparison("as_good", {(table, first): 1.0}, {(table, second): 1.0})


APPROACHES = ("direct_sum", "shaw", "transformer_xl", "product")
INFINITE, FINITE = ("exponential", "rbf"), ("polynomial", "linear")


def claims(kind: str) -> dict[str, list[Comparison]]:
    """Return the paper's claims, as comparisons of the rows that a task of this kind has."""
    translation = kind == "translation"
    return {
        "product_kernel_best": [
            better("position", "transformer_xl", "direct_sum"),
            better("position", "transformer_xl", "shaw"),
        ],
        "own_kernel_as_good": [as_good("position", "product", "transformer_xl")],
        "infinite_features_best": [
            better("kernel", f"{first}-{symmetry}", f"{second}-{symmetry}")
            for symmetry in ("asymmetric", "symmetric")
            for first in INFINITE
            for second in FINITE
        ],
        "linear_fails": [
            Comparison("fails", {("kernel", f"linear-{symmetry}"): 1.0 for symmetry in ("asymmetric", "symmetric")})
        ],
        "decoder_needs_no_position": [
            as_good("placement", "direct_sum-AB", "direct_sum-ABC")
            if translation
            else as_good("placement", "none", "direct_sum-C")
        ],
        "better_position_helps_decoder": [
            better("placement", "product-ABC", "product-AB")
            if translation
            else better("placement", "product-C", "none")
        ],
        "value_without_position": [
            Comparison(
                "better",
                {("value", f"{name}-without"): 1 / len(APPROACHES) for name in APPROACHES},
                {("value", f"{name}-with"): 1 / len(APPROACHES) for name in APPROACHES},
            )
        ],
    } | ({"encoder_needs_position": [better("placement", "product-ABC", "none")]} if translation else {})


@dataclass(frozen=True)
class Finding:
    """A comparison, what is known of its gain (or of the share that failed), and what that says."""

    comparison: Comparison
    seeds: int  # of the row that has the fewest
    interval: Interval  # at 95 %; NaN where there is none
    strict_high: float  # the upper end at 1 - 0.05 / m, below which the contrary lies
    outcome: Verdict


def judge(
    comparison: Comparison, metric: str, values: Values, failed: Mapping[tuple[str, str], int], number: int = 1
) -> Finding:
    """Decide one of `number` comparisons; a row without any run leaves it undecided."""
    rows = {**comparison.first, **comparison.second}
    seeds = min(len(values.get(row, ())) for row in rows)
    strict = 1 - ALPHA / number
    if not seeds:
        return Finding(comparison, 0, UNKNOWN, math.nan, "not decided")
    if comparison.test == "fails":
        count = sum(failed.get(row, 0) for row in rows), sum(len(values[row]) for row in rows)
        part, high = share(*count, 1 - ALPHA), share(*count, strict).high
        return Finding(comparison, seeds, part, high, _outcome(part.low > 0.5, high < 0.5))
    if any(value is None for row in rows for value in values[row]):
        return Finding(comparison, seeds, UNKNOWN, math.nan, _by_ranks(comparison, metric, values, number))
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    groups = [(sign * weight, _numbers(values[row])) for row, weight in comparison.first.items()]
    groups += [(-sign * weight, _numbers(values[row])) for row, weight in comparison.second.items()]
    gain, high = contrast(groups, 1 - ALPHA), contrast(groups, strict).high
    return Finding(comparison, seeds, gain, high, _outcome(gain.low > -margin(comparison, metric), high < 0))


def margin(comparison: Comparison, metric: str) -> float:
    """How far behind the first row may be and still count as good, in the metric's unit."""
    return MARGINS.get(metric, BITS_MARGIN) if comparison.test == "as_good" else 0.0


def _by_ranks(comparison: Comparison, metric: str, values: Values, number: int) -> Verdict:
    """Ranks of all runs of either side together, those without a number last; one-sided, as an interval's two ends."""
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    first, second = (
        [-math.inf if value is None else sign * value for row in side for value in values[row]]
        for side in (comparison.first, comparison.second)
    )
    holds = chance_of_ranks(first, second) <= ALPHA / 2
    return _outcome(holds, chance_of_ranks(second, first) <= ALPHA / number / 2)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _outcome(holds: bool, contrary: bool) -> Verdict:
    return "holds" if holds else "does not hold" if contrary else "not decided"


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Join what the comparisons of a claim say."""
    outcomes = {finding.outcome for finding in findings}
    return _outcome(outcomes == {"holds"}, "does not hold" in outcomes)


def findings(results: Results, claims_of: Claims) -> list[tuple[str, str, str, list[Finding], Verdict]]:
    """Judge every claim on every data set by every metric."""
    judged = []
    for dataset, metric in dict.fromkeys((row["dataset"], row["metric"]) for row in results.rows()):
        values: dict[tuple[str, str], list[float | None]] = {}
        failed: dict[tuple[str, str], int] = {}
        for row in results.rows():
            if (row["dataset"], row["metric"]) == (dataset, metric):
                place = row["table"], row["variant"]
                values.setdefault(place, []).append(float(row["value"]) if row["value"] else None)
                failed[place] = failed.get(place, 0) + results.failed(Cell(*place, dataset, int(row["seed"])))
        for name, comparisons in claims_of(dataset).items():
            found = [judge(each, metric, values, failed, len(comparisons)) for each in comparisons]
            judged.append((name, dataset, metric, found, verdict(found)))
    return judged


def write_verdicts(results: Results, claims_of: Claims, path: Path) -> None:
    """Write a line for each comparison, with the verdict on the claim that it belongs to."""
    lines = [
        (
            name,
            dataset,
            metric,
            finding.comparison.test,
            _text(margin(finding.comparison, metric)) if finding.comparison.test == "as_good" else "",
            *("+".join(f"{table}/{variant}" for table, variant in side) for side in sides(finding.comparison)),
            finding.seeds,
            *(_text(number) for number in (finding.interval.estimate, finding.interval.low, finding.interval.high)),
            len(found),
            _text(finding.strict_high),
            finding.outcome,
            judged,
        )
        for name, dataset, metric, found, judged in findings(results, claims_of)
        for finding in found
    ]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *lines])


def sides(comparison: Comparison) -> tuple[Rows, Rows]:
    """Both sides of a comparison."""
    return comparison.first, comparison.second


def _text(number: float) -> str:
    return f"{number:.4g}" if math.isfinite(number) else ""


KINDS = {"multi30k": "translation", "iwslt14": "translation", "shakespeare": "prediction", "wikitext103": "prediction"}


def claims_of(dataset: str) -> Mapping[str, Sequence[Comparison]]:
    """Return the paper's claims for a data set of the recipes."""
    return claims(KINDS[dataset])


def main(
    output: Annotated[Path, typer.Option(help="Directory of results.csv, where verdicts.csv is put.")] = Path(
        __file__
    ).parent,
) -> None:
    """Judge the claims by the results that there are."""
    results = Results(output)
    write_verdicts(results, claims_of, output / "verdicts.csv")
    for name, dataset, metric, found, judged in findings(results, claims_of):
        typer.echo(f"{dataset:12} {metric:20} {name:30} {judged}  ({min(f.seeds for f in found)} seeds)")


if __name__ == "__main__":
    typer.run(main)
