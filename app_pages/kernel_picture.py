"""The pictures of the kernel lens as a Streamlit component, registered once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from viz.kernels import css, streamlit_js

_picture = st.components.v2.component("kernel_picture", js=streamlit_js(), css=css())


def kernel_picture(message: bytes, *, key: str, chosen: Callable[[Any], None] | None = None) -> None:
    """Draw a message; `chosen` is called with what the visitor chose in it, before the script runs again."""
    take = chosen or (lambda choice: None)
    _picture(data=message, key=key, on_chosen_change=lambda: take(st.session_state[key]["chosen"]))
