"""Means with their intervals, a row each, and the curves of runs: Altair charts of plain numbers.

Names stand beside their rows, broken into lines, so that a narrow page leaves room for the numbers. Each chart comes
with no text alternative of its own: whoever shows it says it in words, and beside it in a table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viz.style import HEADS, MEANING, PAGE, SIGNED

if TYPE_CHECKING:
    import altair as alt

ROW = 44  # pixels
CURVES = 300  # pixels, all of a chart of curves
DASHES = ([1, 0], [8, 4], [2, 3])  # one run's line after the other: solid, dashed, dotted
NAME_WIDTH = 22  # of a name's line, in Latin letters
BELOW = 60  # pixels, for the axis: Streamlit fits it into the height
SIZE = 14  # of the remarks; names have 12


@dataclass(frozen=True)
class Marked:
    """One row: its numbers as small rings, their mean and interval if there is one, and a remark at the left edge."""

    name: str
    values: Sequence[float]
    mean: float | None = None
    ends: tuple[float, float] | None = None
    remark: str = ""


def broken(name: str, width: int = NAME_WIDTH) -> str:
    """Break a name into lines of at most this many Latin letters: at spaces, or anywhere in scripts without them."""
    lines, line = [], ""
    wide = {"W", "F"}
    words = name.split(" ") if name.isascii() or " " in name else list(name)
    space = " " if len(words) < len(name) else ""
    for word in words:
        longer = f"{line}{space}{word}" if line else word
        if line and sum(1 + (unicodedata.east_asian_width(letter) in wide) for letter in longer) > width:
            lines.append(line)
            longer = word
        line = longer
    return "\n".join([*lines, line])


def interval_plot(rows: Sequence[Marked], title: str, scheme: str) -> alt.LayerChart | alt.FacetChart:
    """Draw a dot for each mean, a line for its interval, a ring for each run.

    `title` names the axis; `scheme` is "light" or "dark".
    """
    import altair as alt

    names = [broken(row.name) for row in rows]
    said = alt.Axis(
        title=None, labelExpr="split(datum.label, '\\n')", labelLimit=190, labelFontSize=12, labelLineHeight=14,
        labelColor=PAGE["text"].of(scheme), labelPadding=10, labelOverlap=False, ticks=False, domain=False,
    )  # fmt: skip
    order = alt.Y("name:N", axis=said, sort=None, scale=alt.Scale(domain=names))
    axis = alt.Axis(title=title, grid=True, labelFontSize=12, titleFontSize=12, tickCount=6)
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=False, nice=True, padding=12))
    means = [{"name": names[i], "value": row.mean} for i, row in enumerate(rows) if row.mean is not None]
    runs = [{"name": names[i], "value": value} for i, row in enumerate(rows) for value in row.values]
    spans = [
        {"name": names[i], "value": row.ends[0], "high": row.ends[1]}
        for i, row in enumerate(rows)
        if row.ends is not None
    ]
    remarks = [{"name": names[i], "remark": row.remark} for i, row in enumerate(rows) if row.remark]

    def layer(points: Sequence[Mapping[str, object]]) -> alt.Chart:
        return alt.Chart(alt.Data(values=list(points))).encode(y=order)

    ink = MEANING["query"].of(scheme)
    span = layer(spans).encode(x=x, x2="high:Q")
    failed = layer(remarks).mark_text(align="left", fontSize=SIZE, color=SIGNED["negative"].of(scheme))
    layers = [
        span.mark_rule(strokeWidth=2, color=ink),
        layer(runs).mark_point(size=36, color=PAGE["quiet"].of(scheme), strokeWidth=1.5).encode(x=x),
        layer(means).mark_point(size=110, filled=True, opacity=1, color=ink).encode(x=x),
        failed.encode(x=alt.value(4), text="remark:N"),
    ]
    return alt.layer(*layers).properties(height=ROW * len(rows) + BELOW)


def curves(
    lines: Mapping[str, Sequence[tuple[int, float]]], x: str, y: str, scheme: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw a line of finite points for each name, with a cross where it ended because the next was not finite.

    Without a legend, which would take the height: whoever shows it lists the lines, with `line_colors` and `DASHES`.
    """
    import altair as alt

    points = [
        {"name": name, "x": step, "y": value}
        for name, line in lines.items()
        for step, value in line
        if value == value  # not NaN, of which a chart makes a gap
    ]
    ends = [
        next(point for point in reversed(points) if point["name"] == name)
        for name, line in lines.items()
        if line and line[-1][1] != line[-1][1] and any(point["name"] == name for point in points)
    ]
    color = alt.Color("name:N", scale=alt.Scale(domain=list(lines), range=line_colors(len(lines), scheme)), legend=None)
    dashes = [DASHES[place % len(DASHES)] for place in range(len(lines))]
    dash = alt.StrokeDash("name:N", scale=alt.Scale(domain=list(lines), range=dashes), legend=None)
    places = {
        "x": alt.X("x:Q", axis=alt.Axis(title=x, labelFontSize=12, titleFontSize=12)),
        "y": alt.Y("y:Q", axis=alt.Axis(title=y, labelFontSize=12, titleFontSize=12), scale=alt.Scale(zero=False)),
    }
    line = alt.Chart(alt.Data(values=points)).mark_line().encode(**places, color=color, strokeDash=dash)
    cross = alt.Chart(alt.Data(values=ends)).mark_point(shape="cross", size=120, filled=True, opacity=1, angle=45)
    return alt.layer(line, cross.encode(**places, color=color)).properties(height=CURVES)


def line_colors(count: int, scheme: str) -> list[str]:
    """The colours of so many curves; with `DASHES`, the key to a chart of them."""
    return [HEADS[place % len(HEADS)].of(scheme) for place in range(count)]
