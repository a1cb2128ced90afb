"""Rows to take away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # beginnings of a text that a spreadsheet would run


def csv_text(head: Sequence[str], rows: Iterable[Sequence[float | str]]) -> str:
    """Write a head and rows; a text that a spreadsheet would run begins with an apostrophe."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(head)
    lines.writerows([_safe(cell) for cell in row] for row in rows)
    return file.getvalue()


def _safe(cell: float | str) -> float | str:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
