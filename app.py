"""Attention Atlas: `streamlit run app.py`."""

import streamlit as st

from app_pages import head_choice, session, startup
from app_pages.i18n import SOURCE_LANGUAGE, translator
from app_pages.layout import NAME, frame
from app_pages.links import say_mended
from app_pages.sentence import sentence_bar

st.set_page_config(page_title=NAME, layout="wide")
session.came()
_ = translator(st.session_state.get("lang") or st.query_params.get("lang", SOURCE_LANGUAGE))
pages = [
    st.Page("app_pages/heads.py", title=_("Heads"), url_path="heads", default=True),
    st.Page("app_pages/walkthrough.py", title=_("Walkthrough"), url_path="walkthrough"),
    st.Page("app_pages/kernels.py", title=_("Kernels"), url_path="kernels"),
    st.Page("app_pages/positions.py", title=_("Positions"), url_path="positions"),
    st.Page("app_pages/results.py", title=_("Results"), url_path="results"),
]
page = st.navigation(pages, position="top")
session.arrive(page.url_path)
st.session_state["language"], translate = frame()
st.session_state["standing"] = standing = sentence_bar(st.session_state["language"], translate)
if standing is not None:
    head_choice.follow(standing)
head_choice.go_on(pages)
session.settle()
say_mended(translate)
page.run()
say_mended(translate)  # of the page's own choices
startup.preload()
