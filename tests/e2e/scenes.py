"""Payloads and a page on which a view of the attention browser stands alone."""

from __future__ import annotations

import json
from unittest.mock import patch

import numpy as np

from viz.browser import STRINGS, AttentionMap, Axis, encode_attention, to_html
from viz.browser.bundle import in_order, join

PICTURE_MODULES = (
    "figure_lines",
    "figure_matrix",
    "figure_overview",
    "frame",
    "pen",
    "takeaway",
    "python",
    "save",
    "scene",
    "links",
)
SOURCE = ["<2de>", "▁The", "▁animal", "▁didn", "'", "t", "▁cross", "▁it", "</s>"]
WRITES = ["▁Das", "▁Tier", "▁kreuz", "te", ".", "</s>"]
HOSTILE = ["</script><img src=x onerror=alert(1)>", "=1+1", 'a"b,c', "&amp;", "\x01\u202e", "▁it"]


def as_shown(value, decimals):
    """A number as every view shows it."""
    text = f"{abs(value):.{decimals}f}"
    if value == 0 or float(text):
        return "0" if value == 0 else text if value > 0 else f"−{text}"
    least = f"{10.0**-decimals:.{decimals}f}"
    return f"<{least}" if value > 0 else f">−{least}"


def softmax_maps(shape, seed, causal=False, sharpness=3.0):
    scores = np.random.default_rng(seed).normal(size=shape) * sharpness
    if causal:
        scores = np.where(np.tri(*shape[2:], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def payload_of(source=SOURCE, writes=WRITES, layers=(3, 2, 2), heads=8, langs=("en", "de"), **fields):
    """Three kinds over two axes, no two lengths alike."""
    target = ["<s>", *writes[:-1]]
    lengths = {"source": len(source), "target": len(target)}
    names = (("encoder", "source", "source"), ("decoder", "target", "target"), ("cross", "target", "source"))
    maps = []
    for seed, ((kind, query, key), count) in enumerate(zip(names, layers, strict=True)):
        shape = (count, heads, lengths[query], lengths[key])
        maps.append(AttentionMap(kind, softmax_maps(shape, seed, kind == "decoder"), query, key))
    axes = {"source": Axis(source, langs[0]), "target": Axis(target, langs[1], writes)}
    fields = {"text": "The animal didn't cross it", "direction": "en-de", "translation": "Das Tier kreuzte.", **fields}
    return encode_attention(maps, axes=axes, model={"name": "guide", "hash": "0" * 64}, **fields)


def scene_page(payload: bytes) -> str:
    """The browser's own page, with the functions of the modules that take pictures away as ``window.pictures``."""
    modules = in_order("host_html")
    for name in PICTURE_MODULES:
        modules |= in_order(name)
    modules["page"] = f"window.pictures = {{ {', '.join(f'...${name}' for name in PICTURE_MODULES)} }};"
    script = f"const STRINGS = {json.dumps(STRINGS)};\n{join(modules)}"
    with patch("viz.browser.html.bundle", lambda host: script):
        return to_html(payload, "A page")
