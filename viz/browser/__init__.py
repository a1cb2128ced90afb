"""The attention browser: a payload of every head, and one canvas renderer for all its hosts.

``payload`` writes and reads the message, ``reply`` what a host answers later, ``bundle`` joins the ES modules of
this folder, ``html`` makes an offline page. The names below are loaded when they are first used; importing this
package is free.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from viz.browser import more_strings, strings

STRINGS: dict[str, str] = strings.STRINGS | more_strings.STRINGS
"""Every text the browser can show, in English; a host passes the same keys in the header's ``strings``."""

_HOMES = {
    "AttentionMap": "payload",
    "Axis": "payload",
    "decode_header": "payload",
    "decode_weights": "payload",
    "encode_attention": "payload",
    "reference_header": "payload",
    "reference_message": "payload",
    "with_header": "payload",
    "with_reference": "payload",
    "encode_refusal": "reply",
    "encode_reply": "reply",
    "request_key": "reply",
    "bundle": "bundle",
    "css": "bundle",
    "reply_js": "bundle",
    "streamlit_js": "bundle",
    "to_html": "html",
    "answer_weights": "answers",
    "read_inputs": "inputs",
    "strings_in": "translations",
}

__all__ = ["STRINGS", *_HOMES]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
