"""A self-contained page of one payload: one file, no network, nothing executed but our own script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Any

from viz.browser.bundle import bundle, css
from viz.browser.payload import decode_header
from viz.browser.reply import encode_reply, request_key
from viz.style import css_variables

_PAGE_CSS = """
body { margin: 0; padding: 20px 24px 32px; background: var(--atlas-background); color: var(--atlas-text);
  font: 14px/1.45 var(--atlas-font); }
h1 { font-size: 18px; line-height: 24px; margin: 0 0 20px; overflow-wrap: anywhere; }
main { max-width: 1280px; margin: 0 auto; }
@media (max-width: 720px) { body { padding: 14px 14px 24px; } }
"""


def to_html(payload: bytes, title: str, replies: Sequence[tuple[Mapping[str, Any], bytes]] = ()) -> str:
    """Return an offline page that shows the payload.

    ``replies`` are answers of a host to keep in the page, each a request and its bytes (``viz.browser.reply``);
    for any other request the page says that it does not have it. The title is escaped, and the page's content
    security policy allows exactly its own script and style by their hashes. Raises ``ValueError`` for bytes that
    are no payload.
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
<div id="atlas"></div>
</main>
<script type="text/plain" id="payload">{b64encode(payload).decode("ascii")}</script>
<script type="text/plain" id="replies">{b64encode(_pack(replies)).decode("ascii")}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def _pack(replies: Sequence[tuple[Mapping[str, Any], bytes]]) -> bytes:
    """All replies as one, each under the one spelling of its request."""
    return encode_reply({}, {request_key(request): reply for request, reply in replies})


def _source(text: str) -> str:
    """The hash source of an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"
