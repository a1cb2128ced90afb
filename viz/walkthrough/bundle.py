"""One script and one style sheet, joined as those of the attention browser are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from viz.browser.bundle import in_order, join
from viz.style import HEADS, css_variables
from viz.walkthrough.strings import STRINGS

FOLDER = Path(__file__).parent


@cache
def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is the scene's bytes."""
    tables = {"STRINGS": STRINGS, "HEAD_COLORS": {"light": [h.light for h in HEADS], "dark": [h.dark for h in HEADS]}}
    constants = "".join(f"const {name} = {json.dumps(table, indent=2)};\n" for name, table in tables.items())
    return constants + join(in_order("host_walkthrough", FOLDER))


@cache
def css() -> str:
    """Return the style sheet: the colours of ``viz.style`` and ``style.css``."""
    return css_variables(".walk") + (FOLDER / "style.css").read_text("utf-8")
