"""The whole attention browser on a page whose host is Python: every question it asks is a call of a function here."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from viz.browser import STRINGS, encode_refusal, encode_reply
from viz.browser.bundle import css, in_order, join
from viz.style import css_variables

Answer = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], Mapping[str, Any]]]

HOST = """
import { render } from "./render.js";
import { decodeReply } from "./reply.js";

const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const ask = async (request) => decodeReply(fromBase64(await window.answer(JSON.stringify(request))));
window.present = (payload) => { render(document.getElementById("atlas"), fromBase64(payload), { ask }); };
"""

PAGE_CSS = """body { margin: 0; padding: 14px; background: var(--atlas-background); color: var(--atlas-text);
  font: 14px/1.45 var(--atlas-font); }"""


def page_html() -> str:
    """Return a page that shows a payload (base64) when `window.present` is called with it."""
    modules = {**in_order("render"), **in_order("reply"), "python_host": HOST}
    script = f"const STRINGS = {json.dumps(STRINGS)};\n{join(modules)}"
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hosted</title>
<meta name="viewport" content="width=device-width"><style>{css_variables("body")}{PAGE_CSS}{css()}</style></head>
<body><div id="atlas"></div><script type="module">{script}</script></body></html>"""


def open_hosted(page: Page, folder: Path, payload: bytes, answer: Answer, query: str = "") -> None:
    """Open a payload; `answer` gives the reply (header, arrays) to a request, or raises ValueError(sentence)."""

    def reply(text: str) -> str:
        try:
            coded = encode_reply(*answer(json.loads(text)))
        except ValueError as error:
            coded = encode_refusal(str(error))
        return b64encode(coded).decode()

    path = folder / "hosted.html"
    path.write_text(page_html(), "utf-8")
    page.expose_function("answer", reply)
    page.goto(f"{path.as_uri()}{query}")
    page.wait_for_function("() => Boolean(window.present)")
    present(page, payload)


def present(page: Page, payload: bytes) -> None:
    """Give the page other data, as a host does when its own change."""
    page.evaluate("payload => window.present(payload)", b64encode(payload).decode())


def values(page: Page, selector: str) -> list[float]:
    """Read the machine-readable values of the `<data>` elements under a selector."""
    return page.locator(f"{selector} data").evaluate_all("all => all.map(each => Number(each.value))")


def printed(page: Page, selector: str) -> list[str]:
    """Read the same elements' texts, as people see them."""
    return [text.replace("−", "-") for text in page.locator(f"{selector} data").all_inner_texts()]
