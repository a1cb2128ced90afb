"""The surface of a kernel as SVG: the same picture from one fixed side, to be taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from viz.kernels.surface import limits
from viz.style import FONT_STACK, MEANING, PAGE, WEIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT, SIZE = 680, 620, 340  # px of the picture, and of an edge of its box
TYPE = 12  # px


def surface_svg(
    x: Any, y: Any, values: Any, keys: Any, heights: Any, tokens: Sequence[str], names: Mapping[str, str], scheme: str
) -> str:
    """Draw what `surface.surface_figure` draws, from above one corner, as the text of an SVG document."""
    import numpy as np

    floor, ceiling = limits(heights)
    low, high = np.array([x[0], y[0], floor]), np.array([x[-1], y[-1], ceiling])

    def unit(points: Any) -> NDArray[Any]:
        return (np.asarray(points, dtype=float) - low) / (high - low) - 0.5

    shown = np.clip(values, floor, ceiling)
    grid = unit(np.stack([*np.meshgrid(x, y), shown], -1))
    corners = np.stack((grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]), 2).reshape(-1, 4, 3)
    far_first = corners[np.argsort(_depth(corners.mean(1)))]
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAGE["background"].of(scheme)}"/>', *_box(scheme)]
    parts += [_face(face, scheme) for face in far_first]
    points = np.column_stack((keys, np.clip(heights, floor, ceiling)))
    for token, (left, top) in zip(tokens, _screen(unit(points)), strict=True):
        parts.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" fill="{MEANING["key"].of(scheme)}"/>')
        parts.append(_text(left, top - 7, token, PAGE["text"].of(scheme), "middle"))
    parts += _axes(low, high, names, scheme)
    title = escape(f"{names['kernel']}: {names['height']}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="{escape(FONT_STACK)}" font-size="{TYPE}" role="img"><title>{title}</title>'
        f"{''.join(parts)}</svg>\n"
    )


def _screen(points: Any) -> NDArray[Any]:
    """Where points (N, 3) of the unit cube are seen from (1, 1, 1): pixels (N, 2)."""
    import numpy as np

    right, up = np.array([-1, 1, 0]) / 2**0.5, np.array([-1, -1, 2]) / 6**0.5
    points = np.asarray(points, dtype=float)
    place: NDArray[Any] = np.stack((WIDTH / 2 + SIZE * points @ right, HEIGHT / 2 - SIZE * points @ up), -1)
    return place


def _depth(points: Any) -> NDArray[Any]:
    near: NDArray[Any] = points.sum(-1)
    return near


def _face(face: Any, scheme: str) -> str:
    share = float(face[:, 2].mean()) + 0.5
    color = _mixed(PAGE["surface"].of(scheme), WEIGHT["middle"].of(scheme), share)
    return (
        f'<path d="{_path(_screen(face))}" fill="{color}" stroke="{WEIGHT["middle"].of(scheme)}" stroke-width="0.3"/>'
    )


def _box(scheme: str) -> list[str]:
    """The floor and the two walls behind."""
    sides = [
        [(-0.5, -0.5, -0.5), (0.5, -0.5, -0.5), (0.5, 0.5, -0.5), (-0.5, 0.5, -0.5)],
        [(-0.5, -0.5, -0.5), (0.5, -0.5, -0.5), (0.5, -0.5, 0.5), (-0.5, -0.5, 0.5)],
        [(-0.5, -0.5, -0.5), (-0.5, 0.5, -0.5), (-0.5, 0.5, 0.5), (-0.5, -0.5, 0.5)],
    ]
    line = PAGE["hairline"].of(scheme)
    return [f'<path d="{_path(_screen(side))}" fill="none" stroke="{line}"/>' for side in sides]


def _axes(low: Any, high: Any, names: Mapping[str, str], scheme: str) -> list[str]:
    """Names and ends of the three axes, along the edges that nothing hides."""
    quiet = PAGE["quiet"].of(scheme)
    edges = (
        (0, names["first"], (-0.5, 0.5, -0.5), (0.5, 0.5, -0.5), (16, 14), "start"),
        (1, names["second"], (0.5, -0.5, -0.5), (0.5, 0.5, -0.5), (-16, 14), "end"),
        (2, names["height"], (0.5, -0.5, -0.5), (0.5, -0.5, 0.5), (-8, 0), "end"),
    )
    said = []
    for axis, name, begin, end, (right, down), anchor in edges:
        (x0, y0), (x1, y1) = _screen([begin, end])
        for share, text in ((0.08, _number(low[axis])), (0.5, name), (0.92, _number(high[axis]))):
            said.append(_text(x0 + share * (x1 - x0) + right, y0 + share * (y1 - y0) + down, text, quiet, anchor))
    return said


def _text(x: float, y: float, text: str, color: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212")


def _path(places: Any) -> str:
    return "M" + "L".join(f"{left:.1f} {top:.1f}" for left, top in places) + "Z"


def _mixed(one: str, other: str, share: float) -> str:
    """A colour between two `#rrggbb`."""
    ends = ([int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (one, other))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(*ends, strict=True))
