"""The results on disk: `results.csv`, a row for each score of a cell, and `failures/`, the curves of runs that failed.

A cell is a table, a variant, a data set and a seed; it is finished when its rows are there, and they are written
together. A value is empty where a run ended because its loss was no longer finite. A run also fails if what it learned
is useless (`Task.useless`): then its real score stands. Either way its curve is kept, and that file says: failed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("table", "variant", "dataset", "metric", "seed", "value", "parameters", "seconds", "hardware")
CURVE_COLUMNS = ("step", "loss", "gradient_norm", "learning_rate")


@dataclass(frozen=True)
class Cell:
    """One place in a table, for one seed."""

    table: str
    variant: str
    dataset: str
    seed: int

    @property
    def stem(self) -> str:
        """Name of the file of its curve, without the suffix."""
        return f"{self.table}-{self.variant}-{self.dataset}-{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """What a run gave: a value a metric, None if it has none; and its curve if it failed, else nothing."""

    values: Mapping[str, float | None]
    curve: Sequence[Sequence[float]]
    parameters: int
    seconds: float
    hardware: str


class Results:
    """The files in one directory."""

    def __init__(self, directory: Path) -> None:
        self.file, self.failures = directory / "results.csv", directory / "failures"

    def rows(self) -> list[dict[str, str]]:
        """Every row, as text; ValueError if the file has other columns or a broken line."""
        if not self.file.exists():
            return []
        with open(self.file, encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        if not lines or tuple(lines[0]) != COLUMNS or any(len(line) != len(COLUMNS) for line in lines):
            raise ValueError(f"{self.file} has not the columns {','.join(COLUMNS)} in every line: move it away")
        return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]

    def finished(self) -> set[Cell]:
        """The cells that have rows."""
        return {Cell(row["table"], row["variant"], row["dataset"], int(row["seed"])) for row in self.rows()}

    def curve(self, cell: Cell) -> Path:
        """Return the file of a cell's curve: it is there if the cell failed."""
        return self.failures / f"{cell.stem}.csv"

    def failed(self, cell: Cell) -> bool:
        """Whether the cell's run failed."""
        return self.curve(cell).exists()

    def add(self, cells: Iterable[Cell], outcome: Outcome) -> None:
        """Write what a run gave into the cells that it serves: curves first, then all rows at once."""
        cells = list(cells)
        for cell in cells:
            if outcome.curve:
                write_csv(self.curve(cell), [CURVE_COLUMNS, *outcome.curve])
            else:
                self.curve(cell).unlink(missing_ok=True)  # of an earlier try, which did not count
        lines = [[row[column] for column in COLUMNS] for row in self.rows()]
        for cell in cells:
            for metric, value in outcome.values.items():
                text = "" if value is None else f"{value:.5g}"
                facts = outcome.parameters, f"{outcome.seconds:.1f}", outcome.hardware
                lines.append([cell.table, cell.variant, cell.dataset, metric, str(cell.seed), text, *map(str, facts)])
        write_csv(self.file, [COLUMNS, *lines])


def write_csv(path: Path, lines: Iterable[Sequence[object]]) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with open(unfinished, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    unfinished.replace(path)
