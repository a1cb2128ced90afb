"""The pictures of the walkthrough as a Streamlit component, registered once a process."""

from __future__ import annotations

import streamlit as st

from viz.walkthrough import css, streamlit_js

_picture = st.components.v2.component("walkthrough_picture", js=streamlit_js(), css=css())


def walkthrough_picture(scene: bytes, *, key: str) -> None:
    """Draw a scene."""
    _picture(data=scene, key=key)
