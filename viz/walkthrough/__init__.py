"""The pictures of the walkthrough: figures as data (`scene`), and the ES modules that draw them on a page.

They stand on the primitives of the attention browser: its matrix, colours, theme and tokens.
"""

from __future__ import annotations

from viz.walkthrough.strings import STRINGS

__all__ = ["STRINGS", "css", "streamlit_js"]


def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is the scene's bytes."""
    from viz.walkthrough.bundle import streamlit_js as joined

    return joined()


def css() -> str:
    """Return the style sheet."""
    from viz.walkthrough.bundle import css as joined

    return joined()
