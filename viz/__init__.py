"""Pictures: numpy, altair, plotly and anywidget only; no torch, no streamlit, no transformer.

Nothing is imported before it is used, so that the app's first picture costs no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["attention_browser"]


def __getattr__(name: str) -> Any:
    """Load the notebook's widget when it is first asked for (PEP 562); without anywidget, say how to get it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("viz.notebook"), name)
