"""Words that a visitor puts in another order: by dragging, by clicking two, or by the arrow keys."""

from __future__ import annotations

from viz.word_order.strings import STRINGS

__all__ = ["STRINGS", "css", "streamlit_js"]


def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``.

    Its ``data`` has ``words`` (lists of pieces), ``lang`` of the words, ``order`` (for each place, which word stands
    there), ``language`` and ``strings`` of the page; its state ``moved`` is ``{number, order}``.
    """
    import json
    from pathlib import Path

    from viz.browser.bundle import in_order, join

    table = f"const STRINGS = {json.dumps(STRINGS, indent=2)};\n"
    return table + join(in_order("host_word_order", Path(__file__).parent))


def css() -> str:
    """Return the style sheet."""
    from pathlib import Path

    from viz.style import css_variables

    return css_variables(".word-order") + (Path(__file__).parent / "style.css").read_text("utf-8")
