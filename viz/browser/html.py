"""A self-contained page of one payload: one file, no network, nothing executed but our own script.

What the page holds is deflated and travels as base64. Of 16-bit codes the high bytes come first, then the low ones:
the high bytes of neighbours are alike, and deflate finds that only where they are neighbours in the file too.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any
from zlib import compress

from viz.browser.bundle import bundle, css
from viz.browser.payload import decode_header, kind_size
from viz.browser.reply import encode_reply, request_key
from viz.style import css_variables

_PAGE_CSS = """
body { margin: 0; padding: 20px 24px 32px; background: var(--atlas-background); color: var(--atlas-text);
  font: 14px/1.45 var(--atlas-font); }
h1 { font-size: 18px; line-height: 24px; margin: 0 0 20px; overflow-wrap: anywhere; }
.translation { font-size: 18px; line-height: 26px; margin: -8px 0 4px; overflow-wrap: anywhere; }
#foreword .quiet { color: var(--atlas-quiet); margin: 0 0 4px; max-width: 100ch; overflow-wrap: anywhere; }
#foreword:not(:empty) { margin-bottom: 20px; }
main { max-width: 1280px; margin: 0 auto; }
@media (max-width: 720px) { body { padding: 14px 14px 24px; } }
"""


def to_html(payload: bytes, title: str, replies: Sequence[tuple[Mapping[str, Any], bytes]] = ()) -> str:
    """Return an offline page that shows the payload.

    ``replies`` are answers of a host to keep in the page, each a request and its bytes (``viz.browser.reply``);
    for any other request the page says that it does not have it. The title is escaped, and the page's content
    security policy allows exactly its own script and style by their hashes. Raises ``ValueError`` for bytes that
    are no payload. The header's ``opens`` is the state that the page opens with, in the form of its address
    (`store.js`); an address of the page's own wins.
    """
    lang = decode_header(payload).get("lang") or "en"
    script = "\n" + bundle("host_html")
    style = "\n" + css_variables("body") + _PAGE_CSS + css()
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="{escape(str(lang))}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<div id="foreword"></div>
<div id="atlas"></div>
</main>
{_packed("payload", payload, code_planes(payload))}
{_packed("replies", _joined(replies), [])}
<script type="module">{script}</script>
</body>
</html>
"""


def code_planes(payload: bytes) -> list[tuple[int, int]]:
    """Where 16-bit codes begin and end in a payload, and in the one that it compares with."""
    header = decode_header(payload)
    start = 4 + int.from_bytes(payload[:4], "little")
    fine = [kind for kind in header["kinds"] if kind["bits"] == 16]
    begins = [start + kind["offset"] for kind in fine]
    planes = [(begin, begin + kind_size(kind, header["axes"])) for begin, kind in zip(begins, fine, strict=True)]
    if header.get("reference"):
        there = len(payload) - header["reference"]
        planes += [(there + begin, there + end) for begin, end in code_planes(payload[there:])]
    return planes


def _packed(name: str, message: bytes, planes: Sequence[tuple[int, int]]) -> str:
    """An element that holds a message: deflated, with the bytes of its 16-bit codes apart."""
    apart = bytearray(message)
    for begin, end in planes:
        apart[begin:end] = message[begin + 1 : end : 2] + message[begin:end:2]
    text = b64encode(compress(apart)).decode("ascii")
    return f'<script type="text/plain" id="{name}" data-planes="{json.dumps(planes)}">{text}</script>'


def _joined(replies: Sequence[tuple[Mapping[str, Any], bytes]]) -> bytes:
    """All replies as one, each under the one spelling of its request."""
    return encode_reply({}, {request_key(request): reply for request, reply in replies})


def _source(text: str) -> str:
    """The hash source of an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"
