"""The results of `experiments/kernels/` as the page needs them: rows of a table, each with its runs and what they say.

Nothing here knows Streamlit; the files are read anew where they changed, so a finished run shows at the next look.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from transformer.statistics import Interval, contrast

T = TypeVar("T")
FILES = Path(__file__).parent.parent / "experiments" / "kernels"
PAPERS_DATA = {"multi30k": "iwslt14", "iwslt14": "iwslt14", "shakespeare": "wikitext103", "wikitext103": "wikitext103"}
"""On which data the paper did what was done here on another."""


@dataclass(frozen=True)
class Run:
    """One run's score; None where it ended without one. `failed` says that what it learned is useless, or nothing."""

    seed: int
    value: float | None
    failed: bool


@dataclass(frozen=True)
class Paper:
    """What the paper reports; None where it did not converge. `recalled`: from memory, not checked against it."""

    value: float | None
    recalled: bool


@dataclass(frozen=True)
class Row:
    """One row of a table on one data set by one metric."""

    variant: str
    runs: tuple[Run, ...]
    parameters: int | None
    seconds: float | None  # mean over the runs, of each its wall time beside the others
    hardware: tuple[str, ...]
    paper: Paper | None

    @property
    def failed(self) -> int:
        """How many runs failed."""
        return sum(run.failed for run in self.runs)

    @property
    def values(self) -> list[float]:
        """The scores of the runs that have one."""
        return [run.value for run in self.runs if run.value is not None]

    @property
    def mean(self) -> Interval | None:
        """Mean and 95 % interval over seeds by Student's t; None if there is no run, or if one failed."""
        return contrast([(1.0, self.values)]) if self.runs and not self.failed else None


@dataclass(frozen=True)
class Comparison:
    """One line of verdicts.csv: a comparison that a claim is made of; what has no number is None."""

    test: str
    margin: float | None
    first: tuple[tuple[str, str], ...]  # of (table, variant)
    second: tuple[tuple[str, str], ...]
    seeds: int
    estimate: float | None
    low: float | None
    high: float | None
    comparisons: int
    strict_high: float | None
    outcome: str


@dataclass(frozen=True)
class Judged:
    """A claim of the paper on one data set by one metric: its comparisons, and what they say together."""

    claim: str
    dataset: str
    metric: str
    comparisons: tuple[Comparison, ...]
    verdict: str

    @property
    def table(self) -> str:
        """The table that the claim is about."""
        return self.comparisons[0].first[0][0]


@dataclass(frozen=True)
class Results:
    """Everything that the files hold."""

    scores: tuple[dict[str, str], ...]
    papers: tuple[dict[str, str], ...]
    judged: tuple[Judged, ...]
    failures: frozenset[str]  # names of the curves

    def tables(self) -> list[str]:
        """The tables, in the paper's order."""
        return _distinct(row["table"] for row in self.papers)

    def datasets(self) -> list[str]:
        """The data sets that there are results of; translation first, as in the paper."""
        there = {row["dataset"] for row in self.scores}
        return [name for name in PAPERS_DATA if name in there]

    def metrics(self, dataset: str) -> list[str]:
        """The metrics of a data set; the first is what the verdict goes by."""
        return _distinct(row["metric"] for row in self.scores if row["dataset"] == dataset)

    def seeds(self, dataset: str) -> int:
        """How many runs a row of this data set has where all were made."""
        return len({row["seed"] for row in self.scores if row["dataset"] == dataset})

    def rows(self, table: str, dataset: str, metric: str) -> list[Row]:
        """The rows of a table: those of the paper, without runs too, and those that were added here."""
        ours = [row for row in self.scores if (row["table"], row["dataset"]) == (table, dataset)]
        theirs = [row for row in self.papers if (row["table"], row["dataset"]) == (table, PAPERS_DATA[dataset])]
        papers = {row["variant"]: Paper(_number(row["value"]), row["source"] != "read") for row in theirs}
        return [
            self._row(variant, [row for row in ours if (row["variant"], row["metric"]) == (variant, metric)], paper)
            for variant in _distinct([*papers, *(row["variant"] for row in ours)])
            for paper in [papers.get(variant)]
        ]

    def _row(self, variant: str, scores: Sequence[dict[str, str]], paper: Paper | None) -> Row:
        ordered = sorted(scores, key=lambda row: int(row["seed"]))
        return Row(
            variant,
            tuple(Run(int(row["seed"]), _number(row["value"]), curve_name(row) in self.failures) for row in ordered),
            int(scores[0]["parameters"]) if scores else None,
            sum(float(row["seconds"]) for row in scores) / len(scores) if scores else None,
            tuple(_distinct(row["hardware"] for row in ordered)),
            paper,
        )

    def papers_verdicts(self, judged: Judged) -> dict[str, bool]:
        """By data of the paper: whether its own numbers order the rows as a claim does, where it compares numbers."""
        if any(each.test != "better" for each in judged.comparisons):
            return {}
        found = {}
        for dataset in _distinct(row["dataset"] for row in self.papers):
            values = {
                (row["table"], row["variant"]): _number(row["value"])
                for row in self.papers
                if row["dataset"] == dataset
            }
            metric = next(row["metric"] for row in self.papers if row["dataset"] == dataset)
            sign = 1 if metric == "BLEU" else -1
            sides = [[[values.get(row) for row in side] for side in (c.first, c.second)] for c in judged.comparisons]
            if all(value is not None for pair in sides for side in pair for value in side):
                means = [[sum(v or 0 for v in side) / len(side) for side in pair] for pair in sides]
                found[dataset] = all(sign * (first - second) > 0 for first, second in means)
        return found

    def runs(self, table: str, variant: str, dataset: str, metric: str) -> tuple[Run, ...]:
        """The runs of one row."""
        return next((row.runs for row in self.rows(table, dataset, metric) if row.variant == variant), ())

    def failed_runs(self, table: str, dataset: str) -> list[tuple[str, int]]:
        """Variant and seed of every run of a table that failed."""
        rows = [row for row in self.scores if (row["table"], row["dataset"]) == (table, dataset)]
        return sorted({(row["variant"], int(row["seed"])) for row in rows if curve_name(row) in self.failures})

    def verdict(self, claim: str, dataset: str, metric: str) -> Judged | None:
        """What became of a claim; None if it is not about this kind of task."""
        wanted = claim, dataset, metric
        return next((each for each in self.judged if (each.claim, each.dataset, each.metric) == wanted), None)


class MissingResults(FileNotFoundError):
    """A file of results is not there, or is another one than this page reads."""


def read_results(folder: Path = FILES) -> Results:
    """Read the files of the experiments; `MissingResults` names the one that is missing or has other columns."""
    papers = read_lines(folder / "paper.csv", ("table", "variant", "dataset", "metric", "value", "source"))
    return replace(read_runs(folder), papers=tuple(papers))


def read_runs(folder: Path) -> Results:
    """Read the files of experiments that are compared with no `paper.csv`."""
    scores = read_lines(
        folder / "results.csv", ("table", "variant", "dataset", "metric", "seed", "value", "parameters")
    )
    lines = read_lines(
        folder / "verdicts.csv", ("claim", "dataset", "metric", "test", "margin", "first", "strict_high")
    )
    judged = [
        Judged(*place, tuple(map(_comparison, found)), found[0]["verdict"])
        for place in _distinct((line["claim"], line["dataset"], line["metric"]) for line in lines)
        for found in [[line for line in lines if (line["claim"], line["dataset"], line["metric"]) == place]]
    ]
    failures = frozenset(path.name for path in (folder / "failures").glob("*.csv"))
    return Results(tuple(scores), (), tuple(judged), failures)


def curve_name(run: dict[str, str]) -> str:
    """The file in `failures/` that is there exactly if the run failed."""
    return "{table}-{variant}-{dataset}-{seed}.csv".format(**run)


def read_curve(table: str, variant: str, dataset: str, seed: int, folder: Path = FILES) -> list[tuple[int, float]]:
    """Step and loss of a run that failed; the last loss is NaN if it did not stay finite."""
    run = {"table": table, "variant": variant, "dataset": dataset, "seed": str(seed)}
    lines = read_lines(folder / "failures" / curve_name(run), ("step", "loss"))
    return [(int(line["step"]), float(line["loss"])) for line in lines]


def read_lines(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Read a file with at least these columns and a line; `MissingResults` where it is not there, or another."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except OSError as error:
        raise MissingResults(path.name) from error
    if not lines or not set(columns) <= lines[0].keys():
        raise MissingResults(path.name)
    return lines


def _comparison(line: dict[str, str]) -> Comparison:
    return Comparison(
        test=line["test"],
        margin=_number(line["margin"]),
        first=_places(line["first"]),
        second=_places(line["second"]),
        seeds=int(line["seeds"]),
        estimate=_number(line["estimate"]),
        low=_number(line["low"]),
        high=_number(line["high"]),
        comparisons=int(line["comparisons"]),
        strict_high=_number(line["strict_high"]),
        outcome=line["outcome"],
    )


def _places(text: str) -> tuple[tuple[str, str], ...]:
    """`kernel/rbf-symmetric+kernel/linear-symmetric` -> (table, variant) of each."""
    return tuple((table, variant) for each in text.split("+") if each for table, variant in [each.split("/")])


def _number(text: str) -> float | None:
    return float(text) if text else None


def _distinct(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))
