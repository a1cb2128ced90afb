"""Means with their intervals, a row each, and the curves of runs: Altair charts of plain numbers.

Names stand above their rows, so that a narrow page leaves the whole width to the numbers. Each chart comes with no
text alternative of its own: whoever shows it says it in words, and beside it in a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viz.style import HEADS, MEANING, PAGE, SIGNED

if TYPE_CHECKING:
    import altair as alt

ROW = 40  # pixels
BELOW = 60  # pixels, for the axis: Streamlit fits it into the height
SIZE = 14  # of the names


@dataclass(frozen=True)
class Marked:
    """One row: its numbers as small rings, their mean and interval if there is one, and a remark at the left edge."""

    name: str
    values: Sequence[float]
    mean: float | None = None
    ends: tuple[float, float] | None = None
    remark: str = ""


def interval_plot(rows: Sequence[Marked], title: str, scheme: str) -> alt.LayerChart | alt.FacetChart:
    """Draw a dot for each mean, a line for its interval, a ring for each run.

    `title` names the axis; `scheme` is "light" or "dark".
    """
    import altair as alt

    order = alt.Y("row:O", axis=None, sort=None, scale=alt.Scale(domain=list(range(len(rows)))))
    axis = alt.Axis(title=title, grid=True, labelFontSize=12, titleFontSize=12, tickCount=6)
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=False, nice=True, padding=12))
    names = [{"row": i, "name": row.name} for i, row in enumerate(rows)]
    means = [{"row": i, "name": row.name, "value": row.mean} for i, row in enumerate(rows) if row.mean is not None]
    runs = [{"row": i, "name": row.name, "value": value} for i, row in enumerate(rows) for value in row.values]
    spans = [
        {"row": i, "name": row.name, "value": row.ends[0], "high": row.ends[1]}
        for i, row in enumerate(rows)
        if row.ends is not None
    ]
    remarks = [{"row": i, "remark": row.remark} for i, row in enumerate(rows) if row.remark]

    def layer(points: list[dict[str, object]]) -> alt.Chart:
        return alt.Chart(alt.Data(values=points)).encode(y=order)

    text, ink = PAGE["text"].of(scheme), MEANING["query"].of(scheme)
    span = layer(spans).encode(x=x, x2="high:Q")
    name = layer(names).mark_text(align="left", dy=-15, fontSize=SIZE, color=text).encode(x=alt.value(4), text="name:N")
    failed = layer(remarks).mark_text(align="left", dy=2, fontSize=SIZE, color=SIGNED["negative"].of(scheme))
    layers = [
        span.mark_rule(strokeWidth=2, color=ink, yOffset=2),
        layer(runs).mark_point(size=36, color=PAGE["quiet"].of(scheme), strokeWidth=1.5, yOffset=2).encode(x=x),
        layer(means).mark_point(size=110, filled=True, opacity=1, color=ink, yOffset=2).encode(x=x),
        name,
        failed.encode(x=alt.value(4), text="remark:N"),
    ]
    return alt.layer(*layers).properties(height=ROW * len(rows) + BELOW)


def curves(
    lines: Mapping[str, Sequence[tuple[int, float]]], x: str, y: str, scheme: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw a line of finite points for each name, with a cross where it ended because the next was not finite."""
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
    colors = [shade.of(scheme) for shade in HEADS[: len(lines)]]
    scale = alt.Scale(domain=list(lines), range=colors)
    legend = alt.Legend(title=None, orient="bottom", columns=1, labelFontSize=12, labelLimit=300)
    dash = alt.StrokeDash("name:N", scale=alt.Scale(domain=list(lines)), legend=legend)
    color = alt.Color("name:N", scale=scale, legend=legend)
    places = {
        "x": alt.X("x:Q", axis=alt.Axis(title=x, labelFontSize=12, titleFontSize=12)),
        "y": alt.Y("y:Q", axis=alt.Axis(title=y, labelFontSize=12, titleFontSize=12), scale=alt.Scale(zero=False)),
    }
    line = alt.Chart(alt.Data(values=points)).mark_line().encode(**places, color=color, strokeDash=dash)
    cross = alt.Chart(alt.Data(values=ends)).mark_point(shape="cross", size=120, filled=True, opacity=1, angle=45)
    return alt.layer(line, cross.encode(**places, color=alt.Color("name:N", scale=scale, legend=None)))
