"""The label over a button that opens a sheet, as Streamlit draws those of its own fields."""

from __future__ import annotations

from html import escape

import streamlit as st


def field_label(text: str) -> None:
    """Draw a label over what comes next."""
    st.html(f'<p class="atlas-label">{escape(text)}</p>')
