"""The numbers of a picture as one CSV file: a row for each number, with the names of its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app_pages.csv_text import csv_text
from viz.walkthrough.scene import Curves, Figure, Labels, Matrix, Piece, Table, Tokens

HEAD = ("figure", "row", "row_name", "column", "column_name", "value")
Row = tuple[str, int, str, int, str, "float | str"]


def to_csv(figures: Iterable[Figure]) -> str:
    """Write the numbers of all matrices, curves and tables; rows and columns count from 1, as on the page."""
    return csv_text(HEAD, (row for figure in figures for row in numbers(figure)))


def numbers(figure: Figure) -> Iterator[Row]:
    """Every number of a figure, with its place."""
    if isinstance(figure, Matrix):
        rows, columns = (names(labels) for labels in (figure.rows, figure.columns))
        for (row, column), value in _cells(figure.values):
            yield figure.title, row + 1, _at(rows, row), column + 1, _at(columns, column), value
    elif isinstance(figure, Curves):
        for (row, column), value in _cells(figure.values):
            yield figure.title, row + 1, figure.labels[row], column + 1, str(figure.x[column]), value
    elif isinstance(figure, Table):
        for row, cells in enumerate(figure.rows, 1):
            name = cells[0].piece if isinstance(cells[0], Piece) else str(cells[0])
            for column, cell in enumerate(cells[1:], 1):
                if isinstance(cell, float | int | str):
                    yield figure.title, row, name, column, figure.heads[column], cell


def names(labels: Labels | None) -> Sequence[str]:
    """What an axis says, in plain text."""
    return labels.pieces if isinstance(labels, Tokens) else (labels or ())


def _at(texts: Sequence[str], place: int) -> str:
    return texts[place] if texts else ""


def _cells(values: object) -> Iterator[tuple[tuple[int, int], float]]:
    import numpy as np

    for place, value in np.ndenumerate(np.asarray(values, dtype=float)):
        row, column = place
        yield (row, column), float(value)
