"""What frames every page: the style sheet, the name of the house and the language switch."""

from __future__ import annotations

import streamlit as st

from app_pages import session
from app_pages.i18n import LANGUAGES, N_, SOURCE_LANGUAGE, Translate, translator
from viz.style import css_variables

NAME = "Attention Atlas"
TAGLINE = N_("every head of a real translator, at work on your sentence")

_CSS = """
.stMainBlockContainer { padding: 3.75rem 2rem 3rem; max-width: 84rem; }
.atlas-name { font-size: 1.5rem; font-weight: 700; margin: 0; line-height: 1.3; }
.atlas-name span { font-size: 0.9rem; font-weight: 400; opacity: 0.75; margin-left: 0.6rem; }
.atlas-translation { font-size: 1.5rem; line-height: 1.4; margin: 0; max-height: 6.4rem; overflow: auto; }
.atlas-translation mark { background: none; color: inherit; box-shadow: inset 0 -0.16em var(--atlas-decoder); }
.atlas-before mark { background: none; color: inherit; box-shadow: inset 0 -1px var(--atlas-quiet); }
.atlas-look { margin: 0; max-width: 52rem; padding-left: 0.75rem; border-left: 3px solid var(--atlas-embedding); }
.st-key-stale { opacity: 0.4; pointer-events: none; }
.atlas-heading { font-weight: 700; margin: 0.75rem 0 0.25rem; }
.atlas-entry { font-size: 0.8rem; line-height: 1.4; margin: 0 0 0.5rem; max-width: 34rem; opacity: 0.8; }
.st-key-library_sheet button { padding: 0; min-height: 0; text-align: left; }
.st-key-library_sheet button p { max-width: none; }
.st-key-attention_browser_reply, .st-key-second_browser_reply { display: none; }
.stMarkdown p { max-width: 44rem; }
.stHeading h3 { font-size: 1.25rem; padding: 0.75rem 0 0.5rem; }
.atlas-label { font-size: 0.875rem; margin: 0 0 0.25rem; line-height: 1.5; }
.atlas-quiet { font-size: 0.9rem; opacity: 0.75; margin: 0; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * { color: var(--atlas-quiet); opacity: 1; }
[data-testid="stCaptionContainer"] a { color: var(--atlas-primary); }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 4rem 1rem 2rem; }
  .atlas-name span { display: block; margin-left: 0; }
  .atlas-translation { font-size: 1.25rem; }
  .st-key-sentence_bar .stHorizontalBlock:has(> .stColumn:nth-child(5)) { gap: 0.5rem; }
  .st-key-sentence_bar .stHorizontalBlock:has(> .stColumn:nth-child(5)) > .stColumn:nth-child(n + 2) {
    min-width: calc(50% - 0.25rem); flex-basis: 0;
  }
}
"""


def frame() -> tuple[str, Translate]:
    """Draw the head of the page; return the visitor's language and its translating function."""
    st.html(f"<style>{css_variables(':root')}{_CSS}</style>")
    name, switch = st.columns([8, 3], vertical_alignment="center")
    with switch, st.container(horizontal=True, horizontal_alignment="right"):
        session.remember("lang", SOURCE_LANGUAGE, LANGUAGES.__contains__)
        chosen = st.radio(
            "Language / 言語",
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="lang",
            horizontal=True,
            label_visibility="collapsed",
        )
    language = chosen or SOURCE_LANGUAGE
    _ = translator(language)
    name.html(f'<p class="atlas-name" lang="{language}">{NAME}<span>{_(TAGLINE)}</span></p>')
    return language, _
