"""The lens of kernels: what each makes of one head's queries and keys, as a surface too, and on the running model."""

from __future__ import annotations

import streamlit as st

from app_pages.i18n import N_, Translate
from app_pages.kernel_choices import ALL, KERNEL_NAMES, number, select
from app_pages.kernel_messages import Place, gallery_message
from app_pages.kernel_picture import kernel_picture
from app_pages.kernel_runs import Run, show_run
from app_pages.kernel_surface import surface
from transformer.changes import KernelChange
from transformer.changes import read as read_changes
from transformer.config import KERNELS

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
    surface(place, record, degree, _)
    _on_the_model(place, degree, symmetric, _)


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


def _on_the_model(place: Place, degree: int, symmetric: str | None, _: Translate) -> None:
    """Let the running model use a kernel, in one head, a layer or everywhere."""
    from transformer.slot_runs import variant

    st.subheader(_("On the running model"))
    if symmetric:
        st.caption(_("The running model keeps both of its trained maps, W_q and W_k; one map for both is above alone."))
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
