"""The attention browser in a real one: the exported page shows the numbers that went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from viz.browser import STRINGS, AttentionMap, Axis, decode_weights, encode_attention, to_html
from viz.browser.bundle import join

SOURCE = ["▁The", "▁animal", "▁didn", "'", "t", "▁cross", "</s>"]
WRITES = ["▁Das", "▁Tier", "▁kreuz", "te", "</s>"]
SELECTION = {"kind": "encoder", "layer": 1, "head": 2}


def softmax_maps(shape, seed, causal=False):
    scores = np.random.default_rng(seed).normal(size=shape) * 2
    if causal:
        scores = np.where(np.tri(*shape[2:], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def payload_of(source=SOURCE, writes=WRITES, layers=(4, 2, 2), heads=8, target_lang="de", **fields):
    """Three kinds over two axes; unequal numbers of layers and tokens, so that a swapped axis shows."""
    target = ["<s>", *writes[:-1]]
    lengths = {"source": len(source), "target": len(target)}
    names = (("encoder", "source", "source"), ("decoder", "target", "target"), ("cross", "target", "source"))
    maps = []
    for seed, ((kind, query, key), count) in enumerate(zip(names, layers, strict=True)):
        shape = (count, heads, lengths[query], lengths[key])
        maps.append(AttentionMap(kind, softmax_maps(shape, seed, kind == "decoder"), query, key))
    axes = {"source": Axis(source, "en"), "target": Axis(target, target_lang, writes)}
    fields = {"selection": SELECTION, **fields}
    return encode_attention(maps, axes=axes, model={"name": "small", "hash": "0"}, **fields)


@pytest.fixture
def show(page, tmp_path: Path):
    """Open a payload's page, with a query string; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def open_page(payload, query="", size=(1280, 800)):
        path = tmp_path / "page.html"
        path.write_text(to_html(payload, "A page"), "utf-8")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{path.as_uri()}{query}")
        page.wait_for_selector("button.head[aria-selected=true]")
        return page

    yield open_page
    assert problems == []


def shown(weight):
    """A weight as the page writes it: four decimals, and what is not nothing is not said to be nothing."""
    return "0" if weight == 0 else "<0.0001" if weight < 5e-5 else f"{weight:.4f}"


def hover(page, rows, columns, query, key):
    box = page.locator(".matrix canvas").bounding_box()
    x = box["x"] + box["width"] * (key + 0.5) / columns
    y = box["y"] + box["height"] * (query + 0.5) / rows
    page.mouse.move(x, y)


def head(page, kind, layer, number):
    return page.locator(f'button.head[data-kind="{kind}"][data-layer="{layer}"][data-head="{number}"]')


def title(page):
    return page.locator(".detail h3.title").inner_text()


@pytest.mark.parametrize(("kind", "rows", "columns"), [("encoder", 7, 7), ("decoder", 5, 5), ("cross", 5, 7)])
def test_every_number_shown_is_the_number_sent(show, kind, rows, columns):
    payload = payload_of()
    page = show(payload, "?view=matrix")
    head(page, kind, 1, 3).click()
    weights = decode_weights(payload, kind)[1, 3]
    for query in range(rows):
        for key in range(columns):
            hover(page, rows, columns, query, key)
            assert page.locator(".large-number data").inner_text() == shown(weights[query, key]), (query, key)
        listed = page.locator(".strongest li:not(.blank) .value").all_inner_texts()
        assert listed == [shown(weight) for weight in sorted(weights[query][weights[query] > 0])[:-6:-1]]


def test_rows_are_queries_and_columns_are_keys(show):
    page = show(payload_of(), "?view=matrix&kind=cross&layer=1&head=1")
    hover(page, 5, 7, 2, 5)
    assert page.locator("p.cell").inner_text().split() == ["Tier", "→", "cross"]
    assert page.locator("p.writes").inner_text() == "then writes “kreuz”"
    assert page.locator(".labels.query .token:not(.float)").all_inner_texts() == [
        "<s>",
        "Das",
        "Tier",
        "kreuz",
        "te",
    ]
    assert page.locator(".labels.key .token:not(.float)").count() == 7
    assert page.locator(".labels.query .token.piece").all_inner_texts() == ["te"]
    assert page.locator(".labels.query .special:not(.float)").all_inner_texts() == ["<s>"]


def test_zero_is_the_background_and_weights_are_darker(show):
    page = show(payload_of(), "?view=matrix&kind=decoder&layer=1&head=1")
    read = """() => { const canvas = document.querySelector(".matrix canvas"), n = 5;
      const context = canvas.getContext("2d"), cell = canvas.width / n;
      return [[0, 4], [0, 0]].map(([row, column]) =>
        [...context.getImageData((column + .5) * cell, (row + .5) * cell, 1, 1).data].slice(0, 3)); }"""
    masked, first = page.evaluate(read)
    assert masked == [255, 255, 255]
    assert first == [0x1D, 0x2B, 0x53]  # the first position sees only itself: weight 1


def test_a_click_opens_a_head_and_the_address_follows(show):
    page = show(payload_of(), "?lang=ja&kind=nonsense#here")
    assert title(page) == "Encoder self-attention · layer 2 · head 3"
    head(page, "cross", 1, 7).click()
    assert title(page) == "Cross-attention · layer 2 · head 8"
    page.wait_for_url("**/page.html?lang=ja&kind=cross&layer=2&head=8#here")
    assert page.locator("button.head[aria-selected=true]").count() == 1


def test_the_arrow_keys_walk_the_stacked_grids_with_one_tab_stop(show):
    page = show(payload_of())
    assert page.locator("button.head[tabindex='0']").count() == 1
    head(page, "encoder", 1, 2).focus()
    for key, expected in (
        ("ArrowRight", "Encoder self-attention · layer 2 · head 4"),
        ("ArrowDown", "Encoder self-attention · layer 3 · head 4"),
        ("Home", "Encoder self-attention · layer 3 · head 1"),
        ("ArrowLeft", "Encoder self-attention · layer 3 · head 1"),
        ("End", "Encoder self-attention · layer 3 · head 8"),
        ("ArrowDown", "Encoder self-attention · layer 4 · head 8"),
        ("ArrowDown", "Decoder self-attention · layer 1 · head 8"),
        ("Control+End", "Cross-attention · layer 2 · head 8"),
        ("Control+Home", "Encoder self-attention · layer 1 · head 1"),
    ):
        page.keyboard.press(key)
        assert title(page) == expected
    assert page.locator("button.head[tabindex='0']").count() == 1


def test_the_keyboard_reads_cells_and_a_kept_cell_stays_from_head_to_head(show):
    payload = payload_of()
    page = show(payload, "?view=matrix")
    page.locator(".matrix").focus()
    for key in ("Home", "PageUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    weights = decode_weights(payload, "encoder")
    assert page.locator("p.cell").inner_text().split() == ["animal", "→", "animal"]
    assert page.locator(".large-number data").inner_text() == f"{weights[1, 2, 1, 1]:.4f}"
    head(page, "encoder", 3, 5).click()
    assert page.locator(".large-number data").inner_text() == f"{weights[3, 5, 1, 1]:.4f}"
    page.locator(".matrix").focus()
    page.keyboard.press("Escape")
    assert page.locator(".readout .caption").first.inner_text() == STRINGS["cell_strongest_off_diagonal"]


@pytest.mark.parametrize("query", ["?kind=cross&layer=2&head=4", "?head=4&layer=2&kind=cross&lang=en"])
def test_a_link_opens_its_head(show, query):
    assert title(show(payload_of(), query)) == "Cross-attention · layer 2 · head 4"


@pytest.mark.parametrize("query", ["?kind=cross&layer=3&head=1", "?kind=cross&layer=0&head=1", "?layer=x&head=-1"])
def test_a_link_to_no_head_opens_the_first_there_is(show, query):
    kind = "Cross-attention" if "cross" in query else "Encoder self-attention"
    page = show(payload_of(), query)
    assert title(page) == f"{kind} · layer 1 · head 1"
    assert page.locator(".note p").count() == query.count("layer") + query.count("head=-1")


def test_six_layers_of_128_tokens_stay_light(show):
    source = [f"▁w{i}" for i in range(128)]
    page = show(payload_of(source=source, writes=source, layers=(6, 6, 6)), "?view=matrix")
    assert page.evaluate("document.querySelectorAll('*').length") < 3000
    hover(page, 128, 128, 77, 101)
    assert page.locator(".labels.query .float").inner_text() == "w77"
    assert page.locator(".labels.key .float").inner_text() == "w101"
    tops = page.eval_on_selector_all(
        ".labels.query .token:not(.float)", "all => all.map(each => each.getBoundingClientRect().top)"
    )
    assert len(tops) > 20 and min(np.diff(tops)) >= 14  # thinned out until none touches another
    head(page, "decoder", 4, 4).click()
    hover(page, 128, 128, 127, 0)
    assert page.locator("p.cell").inner_text().split() == ["w126", "→", "<s>"]
    overview = page.locator(".overview").bounding_box()
    assert overview["height"] <= 640


def update(page, payload):
    """What a host does when its data changes."""
    page.evaluate(
        "bytes => document.getElementById('atlas').attentionBrowser.update(Uint8Array.from(bytes), null)", list(payload)
    )


def test_new_data_keeps_the_readers_head_and_focus_and_the_cell_if_its_tokens_stay(show):
    page = show(payload_of(), "?view=matrix")
    head(page, "encoder", 2, 6).click()
    page.locator(".matrix").focus()
    for key in ("Home", "PageUp"):
        page.keyboard.press(key)
    update(page, payload_of(bits=8, selection={"kind": "cross", "layer": 0, "head": 0}))
    assert title(page) == "Encoder self-attention · layer 3 · head 7"
    assert page.locator("p.cell").inner_text().split() == ["The", "→", "The"]
    head(page, "encoder", 2, 6).focus()
    update(page, payload_of(source=[*SOURCE, "!"]))
    assert page.locator(".readout .caption").first.inner_text() == STRINGS["cell_strongest_off_diagonal"]
    assert page.evaluate("document.activeElement.dataset.head") == "6"
    update(page, payload_of(layers=(3, 2, 2), strings={"title_encoder": "エンコーダー"}))
    assert title(page) == "エンコーダー · layer 3 · head 7"
    assert page.evaluate("document.activeElement.dataset.head") == "6"
    update(page, payload_of(layers=(1, 1, 1), heads=2))
    assert title(page) == "Encoder self-attention · layer 1 · head 1"
    assert page.locator(".atlas").count() == 1


HOSTILE = [
    "<script>alert(1)</script>",
    "</script>",
    "<img src=x onerror=alert(1)>",
    "שלום עולם",
    "\u202eevil",
    "👩‍👩‍👧‍👦",
    "a" * 200,
    "",
    "▁",
    "\n\x00",
    "{token}",
    "\ud800",
    "Z̸̡̛" * 30,
]


def test_hostile_tokens_are_only_text(show):
    dialogs: list[str] = []
    payload = payload_of(source=HOSTILE, writes=HOSTILE, target_lang='"><script>')
    page = show(payload, "?view=matrix&kind=cross&layer=1&head=1")
    page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
    for row in range(len(HOSTILE)):
        hover(page, len(HOSTILE), len(HOSTILE), row, row)
    hover(page, len(HOSTILE), len(HOSTILE), 1, 0)
    assert page.locator("p.cell .key").inner_text() == HOSTILE[0]
    assert page.locator(".atlas script, .atlas img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert dialogs == []


def test_a_phone_needs_no_sideways_scrolling_and_shows_the_opened_head(show):
    page = show(payload_of(layers=(6, 6, 6)), size=(390, 780))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = head(page, "encoder", 0, 7).bounding_box()
    assert box["x"] + box["width"] <= 390
    head(page, "encoder", 0, 7).click()
    assert page.evaluate("document.querySelector('.detail').getBoundingClientRect().top") < 390


def test_the_theme_follows_the_system_at_once(show):
    page = show(payload_of(), "?view=matrix&kind=decoder&layer=1&head=1")
    corner = """() => { const canvas = document.querySelector(".matrix canvas");
      return [...canvas.getContext("2d").getImageData(canvas.width - 5, 5, 1, 1).data].slice(0, 3); }"""
    for scheme, zero in (("dark", [0x0E, 0x11, 0x17]), ("light", [255, 255, 255])):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f".atlas[data-scheme={scheme}]")
        assert page.evaluate(corner) == zero


def test_each_axis_speaks_its_language_and_strings_are_the_hosts(show):
    writes = ["▁動物", "は", "</s>"]
    payload = payload_of(writes=writes, target_lang="ja", lang="ja", strings={"title_cross": "交差", "query": "クエリ"})
    page = show(payload, "?view=matrix&kind=cross&layer=1&head=1")
    assert page.locator(".atlas").get_attribute("lang") == "ja"
    assert set(page.eval_on_selector_all(".labels.query .token:not(.float)", "all => all.map(e => e.lang)")) == {"ja"}
    assert set(page.eval_on_selector_all(".labels.key .token:not(.float)", "all => all.map(e => e.lang)")) == {"en"}
    assert page.locator(".labels.query .piece").count() == 0
    assert title(page).startswith("交差 · ")
    assert page.locator(".axis-title.query").inner_text() == "クエリ"


def test_eight_bits_are_never_printed_as_numbers(show):
    page = show(payload_of(bits=8), "?view=matrix")
    hover(page, 7, 7, 2, 3)
    assert page.locator(".large-number data").inner_text() == "…"
    assert set(page.locator(".strongest .value").all_inner_texts()) == {"…"}


def test_no_attention_is_said_not_drawn(page, tmp_path: Path):
    path = tmp_path / "page.html"
    path.write_text(to_html(encode_attention([], axes={}, model={"name": "m", "hash": "0"}), "Empty"), "utf-8")
    page.goto(path.as_uri())
    assert page.locator(".problem").inner_text() == "There is no attention to show."


def test_modules_keep_their_own_names(page):
    """Two modules with the same private name, and one that imports from both."""
    script = join(
        {
            "a": "const same = 1;\nexport function first() {\n  return same;\n}\n",
            "b": "const same = 2;\nexport const second = () => same;\n",
            "c": 'import { first } from "./a.js";\nimport { second } from "./b.js";\n'
            "window.sum = first() + 10 * second();",
        }
    )
    page.add_script_tag(content=script)
    assert page.evaluate("window.sum") == 21


def test_heads_shown_together_wait_in_their_kind(show):
    page = show(payload_of())
    head(page, "encoder", 1, 3).click(modifiers=["Control"])
    head(page, "cross", 0, 1).click(modifiers=["Control"])
    assert page.locator(".head-chip").count() == 0
    said = STRINGS["set_waits"].format(count=2, kind="Encoder self-attention")
    assert page.locator(".note p").all_inner_texts() == [said]
    head(page, "encoder", 1, 2).click()
    assert page.locator(".head-chip > span").all_inner_texts() == ["layer 2 · head 3", "layer 2 · head 4"]
