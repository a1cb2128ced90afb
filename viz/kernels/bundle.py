"""One script and one style sheet, joined as those of the attention browser are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from viz.browser import css as browser_css
from viz.browser.bundle import in_order, join
from viz.kernels.strings import STRINGS

FOLDER = Path(__file__).parent


@cache
def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is a message's bytes."""
    return f"const STRINGS = {json.dumps(STRINGS, indent=2)};\n" + join(in_order("host_kernels", FOLDER))


@cache
def css() -> str:
    """Return the style sheet: the browser's, whose parts are used here too, then ``style.css``."""
    return browser_css() + (FOLDER / "style.css").read_text("utf-8")
