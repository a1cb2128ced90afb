"""The pictures of the walkthrough as a Streamlit component, registered once a process."""

from __future__ import annotations

import streamlit as st

from viz.walkthrough import css, streamlit_js

_picture = st.components.v2.component("walkthrough_picture", js=streamlit_js(), css=css())


def walkthrough_picture(scene: bytes, *, key: str) -> None:
    """Draw a scene."""
    _picture(data=scene, key=key, on_picture_change=lambda: None)


def chosen_in(key: str) -> str:
    """What the address says of the choices in a picture, as the browser told when it was asked for a link."""
    state = st.session_state.get(key) or {}
    chosen: str = state.get("picture") or ""
    return chosen
