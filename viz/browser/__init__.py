"""The attention browser: a payload of every head, and one canvas renderer for all its hosts.

``payload`` writes and reads the message, ``bundle`` joins the ES modules of this folder, ``html`` makes
an offline page. The names below are loaded when they are first used; importing this package is free.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

STRINGS: dict[str, str] = {
    "kind_encoder": "Encoder",
    "kind_decoder": "Decoder",
    "kind_cross": "Cross",
    "kind_other": "{kind}",
    "title_encoder": "Encoder self-attention",
    "title_decoder": "Decoder self-attention",
    "title_cross": "Cross-attention",
    "overview": "Every head: rows are layers, columns are heads",
    "layer": "layer {layer}",
    "head_title": "{kind} · layer {layer} · head {head}",
    "head_tip": "layer {layer} · head {head}",
    "query": "query",
    "key": "key",
    "matrix": "Weights of {title}. Rows are queries, columns are keys. Arrow keys read the cells.",
    "cell_read": "weight of this cell",
    "cell_strongest": "strongest weight",
    "cell_strongest_off_diagonal": "strongest weight between two different words",
    "writes": "then writes “{token}”",
    "strongest_keys": "Strongest keys of this query",
    "scale": "weight (square-root colour scale)",
    "hint": "Point at a cell, or use the arrow keys. Click to pin a cell; Esc unpins it.",
    "empty": "There is no attention to show.",
    "unreadable": "This attention data cannot be read here: {reason}",
}
"""Every text the browser can show, in English; a host passes the same keys in the header's ``strings``."""

_HOMES = {
    "AttentionMap": "payload",
    "Axis": "payload",
    "decode_header": "payload",
    "decode_weights": "payload",
    "encode_attention": "payload",
    "with_header": "payload",
    "bundle": "bundle",
    "css": "bundle",
    "streamlit_js": "bundle",
    "to_html": "html",
}

__all__ = ["STRINGS", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
