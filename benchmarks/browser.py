"""The attention browser beside BertViz on the same weights, and against its own bars: bytes, nodes, moments.

Weights are those of no model: 12 layers of 12 heads, softmax of normal logits, as peers are measured too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from benchmarks import bertviz
from benchmarks.chromium import launch
from benchmarks.measure import Figure, medians
from viz.browser import AttentionMap, Axis, encode_attention, to_html
from viz.browser.codes import FILE, PAGE, Room

LAYERS = HEADS = 12
PATIENCE = 300_000  # ms: the peer may need minutes
READY = "() => document.querySelector('button.head') && performance.getEntriesByName('atlas-arrange').length > 0"
PEER_READY = {  # its last layer, or its last thumbnail, has been drawn
    "head_view": "() => document.querySelectorAll('rect').length > 100",
    "model_view": f"() => document.querySelectorAll('svg g').length >= {LAYERS * HEADS}",
}
NODES = "() => document.querySelectorAll('*').length"


def weights(tokens: int, layers: int = LAYERS, heads: int = HEADS) -> NDArray[np.float32]:
    """Softmax of normal logits with deviation 2: (layers, heads, tokens, tokens)."""
    logits = 2 * np.random.default_rng(0).standard_normal((layers, heads, tokens, tokens), dtype=np.float32)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    normal: NDArray[np.float32] = powers / powers.sum(-1, keepdims=True)
    return normal


def words(tokens: int) -> list[str]:
    return [f"word{number}" for number in range(tokens)]


def message(tokens: int, room: Room = PAGE, layers: int = LAYERS, heads: int = HEADS) -> bytes:
    """Our message of the same weights."""
    maps = [AttentionMap("encoder", weights(tokens, layers, heads), "source", "source")]
    return encode_attention(
        maps,
        axes={"source": Axis(words(tokens))},
        model={"name": "random", "hash": "0"},
        room=room,
    )


def our_page(tokens: int) -> str:
    return to_html(message(tokens, FILE), "A benchmark")


def bytes_in_streamlit(tokens: int, repeats: int) -> Figure:
    """Return the message's bytes over those of BertViz's page, which is what Streamlit is sent to embed it."""
    peer = len(bertviz.html("head_view", weights(tokens), words(tokens)).encode())
    return Figure(f"browser_bytes_{tokens}", len(message(tokens)), "bytes", peer, bar=1 / 40)


def bytes_of_a_file(tokens: int, repeats: int) -> Figure:
    """Return the bytes of an offline page, every number in it, over those of BertViz's."""
    peer = len(bertviz.html("head_view", weights(tokens), words(tokens)).encode())
    return Figure(f"browser_file_{tokens}", len(our_page(tokens).encode()), "bytes", peer, bar=1 / 15)


def nodes(tokens: int, repeats: int) -> Figure:
    """Return how many elements our page has, over the bar of 3,000."""
    with _opened(our_page(tokens), READY) as (page, _):
        return Figure(f"browser_nodes_{tokens}", page.evaluate(NODES), "nodes", 3000, bar=1)


def nodes_beside(view: str, tokens: int, repeats: int) -> Figure:
    """Return how many elements our page has, over those of a view of BertViz."""
    with _opened(our_page(tokens), READY) as (page, _):
        ours = page.evaluate(NODES)
    with _opened(bertviz.html(view, weights(tokens), words(tokens)), PEER_READY[view]) as (page, _):
        return Figure(f"browser_nodes_{tokens}_{view}", ours, "nodes", page.evaluate(NODES), bar=None)


def ready(view: str, tokens: int, repeats: int) -> Figure:
    """Return the seconds from opening the page to its picture, over those of a view of BertViz."""
    pages = our_page(tokens), bertviz.html(view, weights(tokens), words(tokens))

    def seconds(html: str, shown: str) -> float:
        with _opened(html, shown) as (_, moment):
            return moment

    value, peer = medians(
        lambda: seconds(pages[0], READY), lambda: seconds(pages[1], PEER_READY[view]), repeats, warm_up=0
    )
    return Figure(f"browser_ready_{tokens}_{view}", value, "s", peer, bar=1 / 5 if tokens == 64 else None)


def another_layer(tokens: int, repeats: int) -> Figure:
    """Return the milliseconds from choosing a head of another layer to its picture, over the bar of 50."""
    with _opened(our_page(tokens), READY) as (page, _):
        times = [_milliseconds_to_layer(page, number % LAYERS) for number in range(1, repeats + 1)]
    return Figure(f"browser_layer_{tokens}", median(times), "ms", 50, bar=1)


def another_layer_beside(tokens: int, repeats: int) -> Figure:
    """Return the same, over choosing another layer in BertViz's head view."""
    ours = another_layer(tokens, repeats).value
    with _opened(bertviz.html("head_view", weights(tokens), words(tokens)), PEER_READY["head_view"]) as (page, _):
        times = [_peer_milliseconds(page, number % LAYERS) for number in range(1, min(repeats, 3) + 1)]
    return Figure(f"browser_layer_{tokens}_head_view", ours, "ms", median(times), bar=None)


def hover(repeats: int) -> Figure:
    """Return what 95 % of frames stay under, in milliseconds, while 64 tokens x 8 heads are pointed at; bar 33."""
    payload = message(64, FILE, layers=2, heads=8)
    with _opened(to_html(payload, "Hover"), READY, "?view=lines&heads=" + "_".join(f"1.{h}" for h in range(2, 9))) as (
        page,
        _,
    ):
        page.evaluate(_WATCH_FRAMES)
        tokens = page.locator(".lines .token").all()
        for token in (tokens * repeats)[: 40 * repeats]:
            box = token.bounding_box()
            if box:
                page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2, steps=3)
        frames = page.evaluate("() => { window.watching = false; return window.frames_seen; }")
    return Figure("browser_hover", float(np.percentile(frames, 95)), "ms", 33, bar=1)


def long_text(repeats: int) -> Figure:
    """Return the seconds from weights of 512 tokens, 6 x 8 heads of three kinds, to their picture; the bar is 3."""
    kinds = [weights(512, 6, 8) for _ in range(3)]
    names = (("encoder", "source", "source"), ("decoder", "target", "target"), ("cross", "target", "source"))
    axes = {"source": Axis(words(512)), "target": Axis(words(512))}

    def encode() -> bytes:
        maps = [AttentionMap(kind, each, query, key) for each, (kind, query, key) in zip(kinds, names, strict=True)]
        return encode_attention(maps, axes=axes, model={"name": "random", "hash": "0"})

    def whole() -> float:
        from benchmarks.measure import seconds

        page: list[str] = []
        encoding = seconds(lambda: page.append(to_html(encode(), "Long")))
        with _opened(page[0], READY) as (_, moment):
            return encoding + moment

    return Figure("browser_512", median(whole() for _ in range(repeats)), "s", 3, bar=1)


_WATCH_FRAMES = """() => {
  window.frames_seen = []; window.watching = true;
  let last = performance.now();
  const frame = (now) => {
    window.frames_seen.push(now - last);
    last = now;
    if (window.watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
}"""


def _milliseconds_to_layer(page: Page, layer: int) -> float:
    found: float = page.evaluate(
        """async (layer) => {
          const began = performance.now();
          document.querySelector(`button.head[data-layer="${layer}"][data-head="3"]`).click();
          await new Promise((done) => requestAnimationFrame(done));
          return performance.now() - began;
        }""",
        layer,
    )
    return found


def _peer_milliseconds(page: Page, layer: int) -> float:
    found: float = page.evaluate(
        """async (layer) => {
          const began = performance.now(), select = document.querySelector("select#layer");
          select.value = String(layer);
          select.dispatchEvent(new Event("change"));
          await new Promise((done) => requestAnimationFrame(done));
          return performance.now() - began;
        }""",
        layer,
    )
    return found


@contextmanager
def _opened(html: str, shown: str, query: str = "") -> Iterator[tuple[Page, float]]:
    """Open a page from a file; give it with the seconds until it shows what we wait for."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(html, "utf-8")
        bertviz.put_libraries(Path(folder))
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=True)  # to ask it what it shows
        began = page.evaluate("Date.now()")
        page.goto(f"{file.as_uri()}{query}", wait_until="commit", timeout=PATIENCE)
        page.wait_for_function(shown, polling="raf", timeout=PATIENCE)
        yield page, (page.evaluate("Date.now()") - began) / 1000
        browser.close()


FIGURES: dict[str, tuple[Callable[[int], Figure], int]] = {
    **{f"browser_bytes_{n}": (partial(bytes_in_streamlit, n), 1) for n in (20, 64, 128)},
    **{f"browser_file_{n}": (partial(bytes_of_a_file, n), 1) for n in (20, 64, 128)},
    **{f"browser_nodes_{n}": (partial(nodes, n), 1) for n in (20, 64, 128)},
    "browser_nodes_64_head_view": (partial(nodes_beside, "head_view", 64), 1),
    "browser_nodes_20_model_view": (partial(nodes_beside, "model_view", 20), 1),
    "browser_ready_20_head_view": (partial(ready, "head_view", 20), 3),
    "browser_ready_64_head_view": (partial(ready, "head_view", 64), 3),
    "browser_ready_64_model_view": (partial(ready, "model_view", 64), 1),
    "browser_ready_128_head_view": (partial(ready, "head_view", 128), 1),
    **{f"browser_layer_{n}": (partial(another_layer, n), 24) for n in (20, 64, 128)},
    "browser_layer_64_head_view": (partial(another_layer_beside, 64), 24),
    "browser_hover": (hover, 3),
    "browser_512": (long_text, 3),
}
