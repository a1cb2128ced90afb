"""The lens of kernels: what each makes of one head's queries and keys, as a surface too, and on the running model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app_pages.i18n import N_, Translate
from app_pages.kernel_choices import ALL, kept, number, select
from app_pages.kernel_messages import Place, busiest_query, gallery_message
from app_pages.kernel_picture import kernel_picture
from app_pages.kernel_runs import Run, show_run
from transformer.changes import KernelChange
from transformer.changes import read as read_changes
from transformer.config import KERNELS

if TYPE_CHECKING:
    from transformer.kernel_lens import HeadRecord

KERNEL_NAMES = {
    "exponential": N_("exponential"),
    "rbf": N_("RBF"),
    "polynomial": N_("polynomial"),
    "linear": N_("linear"),
    "linear_nonnegative": N_("linear, never negative"),
}
SIDES = {
    "trained": N_("asymmetric, as trained: W_q for queries, W_k for keys"),
    "keys": N_("symmetric: W_k for both"),
    "queries": N_("symmetric: W_q for both"),
}
DEGREE = 2


def gallery(place: Place, _: Translate) -> None:
    """Every kernel on one head; then, where it is asked for, a surface and a run of the model."""
    from transformer.kernel_lens import gallery as read_kernels
    from transformer.kernel_lens import head_record, norm_penalty

    record = head_record(place.translator.model, place.trace, place.kind, place.layer, place.head)
    row = st.columns([6, 3, 3], vertical_alignment="bottom")
    with row[0]:
        about = _(
            "Tsai et al. compare both; with one map for both, as in the Key-Value Transformer, K(x, y) = K(y, x)."
        )
        sides = select(_("Maps"), "sides", list(SIDES), lambda each: _(SIDES[each]), place.language, about=about)
    with row[1]:
        degree = _degree(_)
    symmetric = None if sides == "trained" else sides
    readings = read_kernels(record, symmetric, degree)
    kernel_picture(
        gallery_message(place, record, readings, norm_penalty(record).error, symmetric), key="kernel_gallery"
    )
    _surface(place, record, degree, _)
    _on_the_model(place, degree, _)


def _degree(_: Translate) -> int:
    """Ask for the degree of the polynomial kernel; a bad one gets a sentence, and the last good one stays."""
    degree = number(_("Degree of the polynomial"), "degree", DEGREE)
    if degree >= 2 and degree % 2 == 0 and degree <= 16:
        st.session_state["good degree"] = degree
        return degree
    st.session_state.setdefault("good degree", DEGREE)
    st.warning(
        _(
            "The degree must be even, from 2 to 16: an odd power of q · k keeps its sign, and weights would be "
            "negative. The picture stays at degree {degree}.",
            degree=st.session_state["good degree"],
        )
    )
    return st.session_state["good degree"]


def _surface(place: Place, record: HeadRecord, degree: int, _: Translate) -> None:
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
    from transformer.kernel_lens import kernel_of, principal_plane, surface
    from viz.kernels.surface import CUT, surface_figure

    pieces = [piece.replace("\u2581", " ").strip() for piece in place.trace.labels(f"{place.path}.weights", "query")]
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
    found = surface(record, kernel, plane, at)
    keys = place.trace.labels(f"{place.path}.weights", "key")
    seen = record.visible[at].tolist()
    tokens = [key.replace("\u2581", " ").strip() for key, visible in zip(keys, seen, strict=True) if visible]
    axes = {
        "kernel": names[shown],
        "keys": _("keys"),
        "first": _("first component"),
        "second": _("second component"),
        "height": _("weight"),
    }
    figure = surface_figure(
        found.x.numpy(),
        found.y.numpy(),
        found.values.numpy(),
        found.keys.numpy(),
        found.heights.numpy(),
        tokens,
        axes,
        st.context.theme.type or "light",
    )
    st.plotly_chart(figure, width="stretch", key="kernel_surface")
    st.caption(
        _(
            "The kernel of “{query}” over the plane, divided by its sum over the keys put into the plane: there they "
            "lie on the surface, at the weights that two dimensions alone would give them. The plane holds {share} % "
            "of the variance. Cut at {cut} times the largest weight.",
            query=pieces[at],
            cut=CUT,
            share=round(100 * plane.share),
        )
    )


def _on_the_model(place: Place, degree: int, _: Translate) -> None:
    """Let the running model use a kernel, in one head, a layer or everywhere."""
    from transformer.slot_runs import variant

    st.subheader(_("On the running model"))
    row = st.columns([4, 4, 4], vertical_alignment="bottom")
    with row[0]:
        name = select(
            _("Kernel"), "kernel", list(KERNELS), lambda each: _(KERNEL_NAMES[each]), place.language, default="rbf"
        )
    scopes = {
        "head": _("In layer {layer}, head {head}", layer=place.layer + 1, head=place.head + 1),
        "layer": _("In layer {layer}", layer=place.layer + 1),
        ALL: _("In all layers of this attention"),
    }
    with row[1]:
        scope = select(_("Where"), "kernel_where", list(scopes), scopes.__getitem__, place.language)
    layer = None if scope == ALL else place.layer
    head = place.head if scope == "head" else None
    change = KernelChange(place.kind, layer, head, name, degree if name == "polynomial" else None)
    standing = list(read_changes(place.standing.changes))
    run = variant([*standing, change], place.translator.model.config, len(place.ids[0]))
    note = _("{where}: the {kernel} kernel.", where=scopes[scope], kernel=_(KERNEL_NAMES[name]))
    show_run(place, Run(name, run, note), _, key="kernel_run")
