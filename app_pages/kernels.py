"""The page of kernels: attention as a kernel smoother, other kernels, and the set of keys that a query may see."""

from __future__ import annotations

import streamlit as st

from app_pages import session
from app_pages.decodings import read
from app_pages.head_choice import choose_head
from app_pages.i18n import N_, Translate, translator
from app_pages.kernel_choices import segments
from app_pages.kernel_messages import Place
from app_pages.kernel_picture import kernel_picture
from app_pages.translation import Standing
from viz.browser import decode_header

LENSES = {
    "smoother": N_("One query as a smoother"),
    "filter": N_("Set filter"),
    "gallery": N_("Kernel gallery"),
    "zoo": N_("Trained with each kernel"),
}
LOOK = {
    "smoother": N_(
        "A kernel says how alike a query and a key are. Divided by its sum over the keys it is the weight, and the "
        "output is the mean of the values, so weighted: with the exponential kernel, softmax attention. Pick a query, "
        "change the bandwidth, and watch."
    ),
    "filter": N_(
        "A set filter says which keys each query may see. Click one: the running model takes it, and you see what "
        "becomes of the weights and of the translation."
    ),
    "gallery": N_(
        "The same queries and keys under five kernels. Point at a cell to read it in all of them; watch where the "
        "linear kernel leaves [0, 1]."
    ),
    "zoo": N_(
        "The gallery puts another kernel into a model that learned with softmax. These eight small translators learned "
        "with their own, and differ in nothing else. Click one to go on to its heads."
    ),
}


def smoother(place: Place, _: Translate) -> None:
    """One query of the head, with everything that the browser needs to smooth by itself."""
    from app_pages.kernel_messages import smoother_message
    from transformer.kernel_lens import head_record

    record = head_record(place.translator.model, place.trace, place.kind, place.layer, place.head)
    kernel_picture(smoother_message(place, record), key="kernel_smoother")


def filters(place: Place, _: Translate) -> None:
    from app_pages.kernel_filters import filters as show

    show(place, _)


def gallery(place: Place, _: Translate) -> None:
    from app_pages.kernel_gallery import gallery as show

    show(place, _)


SHOW = {"smoother": smoother, "filter": filters, "gallery": gallery}


@st.fragment
def lens(standing: Standing, language: str) -> None:
    """One of the lenses on one head; only this runs again when a choice of the page changes."""
    _ = translator(language)
    chosen = segments(_("Lens"), "lens", {key: _(name) for key, name in LENSES.items()}, language)
    row = st.columns([6, 4, 2, 2], vertical_alignment="bottom")
    row[0].html(f'<p class="atlas-look">{_(LOOK[chosen])}</p>')
    opened = decode_header(standing.message)["selection"]
    otherwise = opened["kind"], opened["layer"], opened["head"]
    if chosen == "zoo":
        from app_pages.kernel_zoo import zoo

        zoo(otherwise, row[1:], language, _)
        return
    model = session.translator(standing.model)
    translation, trace = session.recorded(
        standing.model, standing.text, standing.target, standing.changes, **read(standing.decoding)
    )
    head = choose_head(model.model.config, otherwise, language, _, row[1:], st.selectbox)
    SHOW[chosen](Place(standing, model, translation, trace, *head, language), _)


standing = st.session_state.get("standing")
if standing is not None:
    lens(standing, st.session_state.get("language", "en"))
