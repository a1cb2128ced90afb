"""Which model the scores are split of: the one above, or a bundled one that has position inside its kernel."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app_pages.analysis import TooLong
from app_pages.examples import DEFAULT_TEXT, same_example
from app_pages.i18n import Translate
from app_pages.models import model_name
from app_pages.position_parts.formulas import VARIANTS
from app_pages.position_parts.reading import Reading, choose

HERE = "here"


def choose_reading(reading: Reading, language: str, _: Translate) -> Reading:
    """Let the visitor choose; a model that does not know the languages reads what it can, and that is said."""
    from transformer.position_models import position_models

    others = position_models()
    names = {HERE: _("the model above: {model}", model=model_name(reading.model))}
    names |= {
        position: f"{_(VARIANTS[position][0])} · {path.stem}"
        for position, path in others.items()
        if position in VARIANTS
    }
    if len(names) == 1:
        return reading
    chosen = choose(_("Model"), "variant", names, HERE, language, select=True, width=380)
    if chosen == HERE:
        return reading
    try:
        other = fitting(replace(reading, model=str(others[chosen])), _)
        written = other.recorded()[0].text
    except TooLong as error:
        st.warning(
            _(
                "This model reads at most {most} word pieces, and the sentence has {pieces}. The pictures below are "
                "of the model above.",
                pieces=error.pieces,
                most=error.most,
            )
        )
        return reading
    st.caption(_("A small translator that knows captions of photographs alone. It writes: “{text}”", text=written))
    return other


def fitting(reading: Reading, _: Translate) -> Reading:
    """Return a reading in languages that the model knows: the sentence, its translation, or an example."""
    _source, target = reading.languages
    known = reading.translator.targets
    if target in known:
        return reading
    into = known[0]
    back = "de" if into == "en" else "en"
    above = Reading(st.session_state["standing"].model, reading.text, reading.languages, reading.decoding)
    text = above.recorded()[0].text if target == back else same_example(DEFAULT_TEXT, back) or DEFAULT_TEXT
    st.info(_("This model knows other languages. It reads: “{text}”", text=text))
    return replace(reading, text=text, languages=(back, into), decoding="greedy")
