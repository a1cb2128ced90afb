"""Attention Atlas: `streamlit run app.py`."""

import streamlit as st

from app_pages import startup
from app_pages.layout import NAME, frame
from app_pages.sentence import sentence_bar

st.set_page_config(page_title=NAME, layout="wide")
page = st.navigation(
    [
        st.Page("app_pages/heads.py", title="Heads", url_path="heads", default=True),
        st.Page("app_pages/kernels.py", title="Kernels", url_path="kernels"),
    ],
    position="hidden",
)
st.session_state["language"], translate = frame()
st.session_state["standing"] = sentence_bar(st.session_state["language"], translate)
page.run()
startup.preload()
