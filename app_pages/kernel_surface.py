"""The kernel of one query as a surface over two dimensions, and the files that it can be taken as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app_pages.csv_text import csv_text
from app_pages.i18n import Translate
from app_pages.kernel_choices import KERNEL_NAMES, kept, select
from app_pages.kernel_messages import Place, busiest_query
from transformer.config import KERNELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from transformer.kernel_lens import HeadRecord, Surface

PNG = {"format": "png", "scale": 2}
HEAD = ("what", "token", "first_component", "second_component", "weight")


def surface(place: Place, record: HeadRecord, degree: int, _: Translate) -> None:
    """Draw the kernel over two dimensions; Plotly's script is large, so it is sent when it is asked for."""
    shown = kept("surface", "", ("", *KERNELS))
    names = {"": _("none"), **{name: _(text) for name, text in KERNEL_NAMES.items()}}
    row = st.columns([4, 4, 4], vertical_alignment="bottom")
    with row[0]:
        shown = select(
            _("As a surface over two dimensions"), "surface", list(names), names.__getitem__, place.language, default=""
        )
    if not shown:
        return
    from transformer.kernel_lens import kernel_of, principal_plane
    from transformer.kernel_lens import surface as lay
    from viz.kernels.surface import CUT, surface_figure
    from viz.kernels.surface_svg import surface_svg

    pieces = words(place.trace.labels(f"{place.path}.weights", "query"))
    queries = [str(each + 1) for each in range(len(pieces))]
    with row[1]:
        query = select(
            _("Query"),
            "query",
            queries,
            lambda each: f"{each}: {pieces[int(each) - 1]}",
            place.language,
            default=str(busiest_query(record) + 1),
        )
    at = int(query) - 1
    kernel, plane = kernel_of(shown, degree, record.kernel), principal_plane(record.q, record.k)
    found = lay(record, kernel, plane, at)
    keys = place.trace.labels(f"{place.path}.weights", "key")
    tokens = words([key for key, visible in zip(keys, record.visible[at].tolist(), strict=True) if visible])
    axes = {
        "kernel": names[shown],
        "keys": _("keys"),
        "first": _("first component"),
        "second": _("second component"),
        "height": _("weight"),
    }
    x, y, values, ends, heights = (each.numpy() for each in (found.x, found.y, found.values, found.keys, found.heights))
    drawn = (x, y, values, ends, heights, tokens, axes, st.context.theme.type or "light")
    name = f"{place.file_name}-query{query}-{shown}-surface"
    st.plotly_chart(
        surface_figure(*drawn),
        width="stretch",
        key="kernel_surface",
        config={"displayModeBar": True, "displaylogo": False, "toImageButtonOptions": {**PNG, "filename": name}},
    )
    st.caption(
        _(
            "The kernel of “{query}” over the plane, divided by its sum over the keys put into the plane: there they "
            "lie on the surface, at the weights that two dimensions alone would give them. The plane holds {share} % "
            "of the variance. Cut at {cut} times the largest weight. Drag to turn it; the camera above it saves a PNG "
            "of what you see.",
            query=pieces[at],
            cut=CUT,
            share=round(100 * plane.share),
        )
    )
    with st.container(horizontal=True):
        st.download_button(
            _("This surface, SVG"),
            lambda: surface_svg(*drawn),
            f"{name}.svg",
            "image/svg+xml",
            key="surface_svg",
            on_click="ignore",
        )
        st.download_button(
            _("Its numbers, CSV"),
            lambda: csv_text(HEAD, rows(found, tokens)),
            f"{name}.csv",
            "text/csv",
            key="surface_csv",
            on_click="ignore",
        )


def words(pieces: Sequence[str]) -> list[str]:
    """Pieces as they are read, without the sign of a word's beginning."""
    return [piece.replace("\u2581", " ").strip() for piece in pieces]


def rows(found: Surface, tokens: Sequence[str]) -> Iterator[tuple[str | float, ...]]:
    """Every key, then every place of the grid, row by row."""
    for token, (first, second), height in zip(tokens, found.keys.tolist(), found.heights.tolist(), strict=True):
        yield "key", token, first, second, height
    for second, line in zip(found.y.tolist(), found.values.tolist(), strict=True):
        for first, value in zip(found.x.tolist(), line, strict=True):
            yield "surface", "", first, second, value
