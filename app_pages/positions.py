"""The page 'Positions': what order is to attention, the patterns that tell it, and position in the kernel."""

from __future__ import annotations

import streamlit as st

from app_pages.i18n import translator
from app_pages.languages import split_direction
from app_pages.position_parts.export import to_csv
from app_pages.position_parts.picture import NAMES, PARTS
from app_pages.position_parts.reading import Reading, choose, message
from app_pages.translation import Standing
from app_pages.walkthrough_picture import walkthrough_picture


@st.fragment
def leaf(reading: Reading, language: str) -> None:
    """Show one part; a choice in it runs only this."""
    _ = translator(language)
    names = {key: _(name) for key, name in NAMES.items()}
    part = choose(_("What to look at"), "part", names, "order", language, label_visibility="collapsed")
    told, shown = st.container(gap="small"), st.container()
    with told:
        lead = st.empty()
        picture = PARTS[part](reading, language, _)
    lead.markdown(picture.told[0])
    with shown:
        about = f"{reading.model} {reading.languages} {reading.text}"
        walkthrough_picture(message(picture.figures, f"positions-{part}", about, language), key="positions_picture")
        st.download_button(
            _("The numbers, CSV"),
            lambda: to_csv(picture.figures),
            f"positions-{part}.csv",
            "text/csv",
            key="positions_csv",
            on_click="ignore",
        )
        for text in picture.told[1:]:
            st.markdown(text)


language = st.session_state.get("language", "en")
standing: Standing | None = st.session_state.get("standing")
_ = translator(language)
if standing is not None:
    if standing.changes:
        st.info(_("What you changed in the heads is left out here: this page shows the model as it is."))
    leaf(Reading(standing.model, standing.text, split_direction(standing.direction), standing.decoding), language)
st.caption(
    _(
        "After Tsai et al., [Transformer Dissection]({paper}): attention as a kernel, and what position does to it. "
        "Every number is computed by the model above, on your sentence.",
        paper="https://arxiv.org/abs/1908.11775",
    )
)
