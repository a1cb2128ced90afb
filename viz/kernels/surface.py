"""One query's kernel over the plane of queries and keys, as a surface in three dimensions (Plotly)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from viz.style import FONT_STACK, MEANING, PAGE, WEIGHT

CUT = 2  # times the largest weight: beyond the keys a kernel may rise without end


def limits(heights: Any) -> tuple[float, float]:
    """Return the lowest and the highest place that is drawn, for keys at these heights."""
    return min(0.0, CUT * float(heights.min())), CUT * max(float(heights.max()), 1e-6)


def surface_figure(
    x: Any, y: Any, values: Any, keys: Any, heights: Any, tokens: Sequence[str], names: Mapping[str, str], scheme: str
) -> Any:
    """Draw a kernel over a plane, and keys at their weights.

    Parameters
    ----------
    x, y, values
        Places along both axes, (X,) and (Y,), and the kernel there over its sum, (Y, X).
    keys, heights, tokens
        Places of the keys (K, 2), their heights (K,) and their texts.
    names
        Texts of ``kernel``, ``keys``, ``first``, ``second`` and ``height``.
    scheme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    A ``plotly.graph_objects.Figure``.
    """
    import numpy as np
    import plotly.graph_objects as go

    floor, ceiling = limits(heights)
    scale = [(0.0, PAGE["surface"].of(scheme)), (1.0, WEIGHT["middle"].of(scheme))]
    hover = "%{x:.2f}, %{y:.2f}: %{z:.4f}<extra></extra>"
    shown = np.clip(values, floor, ceiling)
    surface = go.Surface(
        x=x, y=y, z=shown, colorscale=scale, showscale=False, opacity=0.85, name=names["kernel"], hovertemplate=hover
    )
    points = go.Scatter3d(
        x=keys[:, 0],
        y=keys[:, 1],
        z=heights,
        mode="markers+text",
        text=list(tokens),
        marker={"size": 4, "color": MEANING["key"].of(scheme)},
        textfont={"color": PAGE["text"].of(scheme), "size": 12},
        name=names["keys"],
        hovertemplate="%{text}: %{z:.4f}<extra></extra>",
    )
    axes: dict[str, Any] = {
        f"{axis}axis": {"title": {"text": names[name]}, "color": PAGE["quiet"].of(scheme)}
        for axis, name in {"x": "first", "y": "second", "z": "height"}.items()
    }
    axes["zaxis"]["range"] = [floor, ceiling]
    figure = go.Figure([surface, points])
    figure.update_layout(
        scene=axes,
        font={"family": FONT_STACK, "size": 12, "color": PAGE["text"].of(scheme)},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=520,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
    )
    return figure
