"""The pictures of the kernel lens: ES modules that draw a head as a smoother, and the texts they show.

They stand on the modules of the attention browser: its matrix, pens, colours, theme and tokens. What is sent is a
message of `viz.browser.encode_reply`, whose header names its `view`.
"""

from __future__ import annotations

from viz.kernels.strings import STRINGS

__all__ = ["STRINGS", "css", "streamlit_js"]


def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is a message's bytes."""
    from viz.kernels.bundle import streamlit_js as joined

    return joined()


def css() -> str:
    """Return the style sheet."""
    from viz.kernels.bundle import css as joined

    return joined()
