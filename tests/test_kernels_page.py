"""The page of kernels without a browser: what is sent is what the model computed, and bad choices get a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app_pages import kernel_choices, kernel_picture, kernel_runs, kernel_surface, session
from app_pages.languages import split_direction
from app_pages.zoo import EXAMPLE
from transformer.changes import KINDS, read
from transformer.kernel_lens import head_record, kernel_of, principal_plane
from transformer.kernel_lens import surface as lay
from transformer.model_files import zoo
from transformer.trace import Trace
from transformer.translator import Translation, Translator, load_translator

APP = str(Path(__file__).parent.parent / "app.py")
TEXT, DIRECTION = "I like green tea.", "en-de"
Message = tuple[dict[str, Any], dict[str, np.ndarray]]


def decode(message: bytes) -> Message:
    """The browser's decodeReply."""
    import json

    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    arrays = {}
    for name, place in header["arrays"].items():
        start = 4 + length + place["offset"]
        count = int(np.prod(place["shape"]))
        arrays[name] = np.frombuffer(message, "<f4", count, start).reshape(place["shape"])
    return header, arrays


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, Message]:
    """What the pictures were given, by their keys."""
    messages: dict[str, Message] = {}

    def take(data: bytes, *, key: str, **rest: Any) -> None:
        messages[key] = decode(data)

    monkeypatch.setattr(kernel_picture, "_picture", take)
    return messages


@pytest.fixture
def open_page(sent: dict[str, Message]) -> Callable[..., AppTest]:
    def open_with(**address: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        for key, value in {"model": "small", "text": TEXT, "direction": DIRECTION, **address}.items():
            app.query_params[key] = value
        app.switch_page("app_pages/kernels.py").run()
        assert not app.exception
        return app

    return open_with


@pytest.fixture(scope="module")
def done() -> tuple[Translation, Trace]:
    model = load_translator("small")
    translation = model.translate(TEXT, "de")
    return translation, model.trace(TEXT, "de", translation)


def words_of(app: AppTest) -> str:
    return " ".join(element.value for element in app.warning)


@pytest.mark.parametrize(
    ("kind", "path"), [("encoder", "encoder.layers.1.self_attention"), ("cross", "decoder.layers.1.cross_attention")]
)
def test_one_query_is_sent_with_the_traces_numbers(kind, path, open_page, sent, done):
    open_page(kind=kind, layer="2", head="3")
    header, arrays = sent["kernel_smoother"]
    trace = done[1]
    for name in "qkv":
        np.testing.assert_array_equal(arrays[name], trace[f"{path}.{name}"][0, 2].numpy())
    np.testing.assert_array_equal(arrays["weights"], trace[f"{path}.weights"][0, 2].numpy())
    assert header["keys"] == trace.labels(f"{path}.weights", "key")
    assert header["queries"] == trace.labels(f"{path}.weights", "query")
    points = np.concatenate((arrays["q"], arrays["k"])).astype(float)
    variances = np.linalg.svd(points - points.mean(0))[1] ** 2
    assert header["share"] == pytest.approx(variances[:2].sum() / variances.sum(), rel=1e-5)
    powers = np.exp(arrays["q"].astype(float) @ arrays["k"].T / header["options"]["scale"])
    np.testing.assert_allclose(powers / powers.sum(-1, keepdims=True), arrays["weights"], atol=1e-5)


def test_a_filter_runs_on_the_model(open_page, sent, done):
    open_page(lens="filter", filter="window", window="2", where="all", kind="encoder", layer="1", head="1")
    header, arrays = sent["kernel_filter"]
    model, (translation, before) = load_translator("small"), done
    after = model.trace_ids(model.source(TEXT, "de"), translation.ids, changes=read("filter.e.all.window.2"))
    chosen = np.arange(len(translation.ids)), translation.ids
    for name, trace in (("log_before", before), ("log_after", after)):
        logs = trace["logits"][0].double().log_softmax(-1).numpy()
        np.testing.assert_allclose(arrays[name], logs[chosen], atol=1e-5)
    weights = after["encoder.layers.0.self_attention.weights"][0, 0].numpy()
    np.testing.assert_allclose(arrays["map_after"], weights, atol=1e-6)
    size = len(weights)
    band = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) < 2
    np.testing.assert_array_equal(arrays["map_visible"], band)
    assert header["chosen"] == "window" and header["pieces"] == translation.pieces


@pytest.mark.parametrize("name", ["trained", "everything", "causal", "strided", "padding", "memory"])
@pytest.mark.parametrize("kind", ["encoder", "cross"])
def test_every_filter_has_a_picture_and_rows_that_sum_to_one(kind, name, open_page, sent):
    open_page(lens="filter", filter=name, kind=kind, layer="1", head="1")
    header, arrays = sent["kernel_filter"]
    assert header["chosen"] == name
    assert [each["id"] for each in header["filters"]] == list(
        ("trained", "everything", "causal", "window", "strided", "padding", "memory")
    )
    assert arrays["map_after"].shape == (len(header["queries"]), len(header["keys_after"]))
    np.testing.assert_allclose(arrays["map_after"].sum(-1), 1, atol=1e-5)
    assert (arrays["map_after"][arrays["map_visible"] == 0] == 0).all()
    change = np.abs(arrays["log_after"] - arrays["log_before"]).max()
    assert (change < 1e-5) == (name in ("trained", "padding") or (name == "everything" and kind != "decoder"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"filter": "window", "window": "0"}, "no key at all"),
        ({"filter": "strided", "stride": "-2"}, "no key at all"),
        ({"filter": "padding", "padding": "0"}, "1 to 32"),
        ({"filter": "padding", "kind": "decoder"}, "has none"),
        ({"filter": "memory", "earlier": " "}, "Type the sentence"),
    ],
)
def test_a_bad_filter_gets_a_sentence_and_a_picture_stays(address, said, open_page, sent):
    app = open_page(lens="filter", **{"kind": "encoder", "layer": "1", "head": "1", **address})
    assert said in words_of(app)
    assert "The picture shows the model as it was trained." in words_of(app)
    header, arrays = sent["kernel_filter"]
    assert header["chosen"] == "trained"
    if "window" in address or "stride" in address:  # of less than one place there is no key to see
        assert not arrays[f"filter_{address['filter']}"].any()


def test_the_last_good_filter_stays(open_page, sent):
    app = open_page(lens="filter", filter="window", window="2", kind="encoder", layer="1", head="1")
    app.number_input(key="window number").set_value(0).run()
    assert "no key at all" in words_of(app)
    assert sent["kernel_filter"][0]["chosen"] == "window"
    assert "2" in sent["kernel_filter"][0]["note"]
    assert "The picture stays as it was." in words_of(app)


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        ("cross", 3, "fewer than 3"),
        ("cross", 1, "only the key at its own"),
        ("decoder", 3, "In decoder self-attention"),
    ],
)
def test_a_filter_says_whom_a_query_sees_in_this_attention(kind, size, said, open_page, sent, done):
    open_page(lens="filter", filter="window", window=str(size), kind=kind, layer="1", head="1")
    header, arrays = sent["kernel_filter"]
    if len(done[0].ids) > len(header["keys"]) and kind == "cross" and size == 1:
        return  # the last queries would see nothing: refused
    assert said in header["note"] and ("decoder" in header["note"]) == (kind == "decoder")
    seen = arrays["filter_window"].reshape(len(header["queries"]), -1)
    distance = np.subtract.outer(np.arange(seen.shape[0]), np.arange(seen.shape[1]))
    near = np.abs(distance) < size
    np.testing.assert_array_equal(seen, near & (distance >= 0) if kind == "decoder" else near)


def test_a_window_that_ends_before_the_output_does_is_refused(open_page, sent):
    """In cross-attention the output may be longer than the sentence: its last queries would see nothing."""
    text = "Okay."
    app = open_page(lens="filter", filter="window", window="1", kind="cross", layer="1", head="1", text=text)
    model = load_translator("small")
    longer = len(model.translate(text, "de").ids) > len(model.source(text, "de"))
    assert ("would see no key" in words_of(app)) == longer


def test_the_gallery_and_a_kernel_on_the_model(open_page, sent, done):
    address = {
        "kind": "decoder",
        "layer": "2",
        "head": "1",
        "kernel": "polynomial",
        "degree": "4",
        "kernel_where": "all",
    }
    app = open_page(lens="gallery", **address)
    header, arrays = sent["kernel_gallery"]
    path = "decoder.layers.1.self_attention"
    q, k = (done[1][f"{path}.{name}"][0, 0].double().numpy() for name in "qk")
    values = np.where(np.tri(len(q), dtype=bool), (q @ k.T) ** 4, 0)
    at = [each["name"] for each in header["kernels"]].index("polynomial")
    np.testing.assert_allclose(arrays["maps"][at], values / values.sum(-1, keepdims=True), atol=1e-5)
    model = load_translator("small")
    changes = read("kernel.d.all.all.polynomial.4")
    after = model.trace_ids(model.source(TEXT, "de"), done[0].ids, changes=changes)
    np.testing.assert_allclose(sent["kernel_run"][1]["map_after"], after[f"{path}.weights"][0, 0].numpy(), atol=1e-5)
    app.button(key="kernel_run anew").click().run()
    expected = model.translate(TEXT, "de", changes=changes).text
    shown = [re.sub(r"<[^>]+>", "", element.proto.body) for element in app.get("html")]
    assert any(text.startswith((expected or "The model wrote nothing.") + "Unchanged") for text in shown)


def test_an_odd_degree_gets_a_sentence_and_the_picture_stays(open_page, sent):
    app = open_page(lens="gallery", degree="3", kind="encoder", layer="1", head="1")
    assert "even" in words_of(app)
    assert "kernel_gallery" in sent and "kernel_run" in sent


def test_the_symmetric_gallery_has_eigenvalues(open_page, sent):
    open_page(lens="gallery", sides="queries", kind="encoder", layer="1", head="1")
    header, arrays = sent["kernel_gallery"]
    assert header["symmetric"] == "queries"
    for name in kernel_choices.KERNEL_NAMES:
        assert len(arrays[f"eigenvalues_{name}"]) == len(header["keys"])


def test_the_surface_is_drawn_only_where_it_is_asked_for(open_page):
    assert not open_page(lens="gallery").get("plotly_chart")
    assert open_page(lens="gallery", surface="rbf", query="2").get("plotly_chart")


def test_the_surface_is_taken_along_as_it_was_computed(done):
    """The rows of its CSV: the keys, and the grid in which they lie."""
    record = head_record(load_translator("small").model, done[1], "encoder", 0, 1)
    found = lay(record, kernel_of("rbf"), principal_plane(record.q, record.k), 2, steps=4)
    tokens = [str(number) for number in range(len(found.keys))]
    rows = list(kernel_surface.rows(found, tokens))
    keys = np.array([row[2:] for row in rows if row[0] == "key"], float)
    np.testing.assert_array_equal(keys, np.column_stack((found.keys, found.heights)))
    assert [row[1] for row in rows if row[0] == "key"] == tokens
    grid = {row[2:4]: row[4] for row in rows if row[0] == "surface"}
    assert len(grid) == 16
    for i, second in enumerate(found.y.tolist()):
        for j, first in enumerate(found.x.tolist()):
            assert grid[first, second] == found.values[i, j]


def test_anew_is_greedy_on_both_sides_and_taken_along(open_page):
    """Under a beam, the two that are compared are both greedy, and the page says so."""
    app = open_page(
        lens="filter", filter="causal", where="all", kind="encoder", layer="1", head="1", decoding="beam-4-0.6"
    )
    app.button(key="kernel_filter anew").click().run()
    assert not app.exception
    said = " ".join(each.value for each in app.get("html"))
    assert "Both are written greedily" in said
    translator = load_translator("small")
    plain = translator.translate(TEXT, "de").text
    changed = translator.translate(TEXT, "de", changes=read("filter.e.all.causal")).text
    assert app.get("download_button")
    for text in (plain, changed):
        assert text in re.sub("<[^>]*>", "", said)


def test_choices_of_the_address_that_are_none_are_dropped(open_page, sent):
    app = open_page(kind="sideways", layer="99", head="0", lens="telescope")
    assert "kernel_smoother" in sent
    assert not {"kind", "layer", "head", "lens"} & set(app.query_params)


@pytest.mark.parametrize("text", ["Hello", "...", " ".join(["the tired animal sleeps"] * 15)])
@pytest.mark.parametrize("lens", ["smoother", "filter", "gallery"])
def test_any_sentence_has_its_picture(lens, text, open_page, sent):
    """One word, punctuation alone, sixty words: every number that is drawn is one."""
    open_page(lens=lens, text=text, kind="encoder", layer="1", head="1", surface="rbf")
    for _header, arrays in sent.values():
        assert arrays and all(np.isfinite(values).all() for values in arrays.values())


def test_japanese_names_everything(open_page, sent):
    app = open_page(lang="ja", lens="filter", filter="causal", kind="encoder", layer="1", head="1")
    header = sent["kernel_filter"][0]
    assert header["lang"] == "ja" and header["strings"]["filter_causal"] == "因果的"
    assert [box.label for box in app.selectbox if box.label in ("層", "ヘッド", "場所")] == ["層", "ヘッド", "場所"]


def test_padding_is_named_as_the_model_names_it() -> None:
    assert load_translator("small").tokenizer.pieces([0]) == [kernel_runs.PADDING]


def test_what_is_written_anew_is_what_the_model_translates() -> None:
    from transformer.slot_runs import variant, write_anew

    model, changes = load_translator("small"), read("kernel.c.all.all.rbf~filter.e.0.causal")
    source = model.source(TEXT, split_direction(DIRECTION)[1])
    ids = write_anew(model, source, variant(changes, model.model.config, len(source)))
    assert ids == model.translate(TEXT, "de", changes=changes).ids


# --- models that were trained with each kernel ---


CAPTION = "Zwei Hunde laufen durch den Schnee."


def test_the_zoo_is_not_loaded_before_it_is_asked_for(open_page, sent, monkeypatch):
    loaded: list[str] = []
    load = session.translator

    def noted(name: str) -> Translator:
        loaded.append(name)
        return load(name)

    monkeypatch.setattr(session, "translator", noted)
    open_page(lens="gallery", direction="de-en", text="Ich mag Tee.")
    app = open_page(lens="zoo")  # English to German, which its models do not know
    assert not set(loaded) & set(zoo()) and "kernel_zoo" not in sent
    app.button(key="zoo_example").click().run()
    assert not app.exception
    assert set(zoo()) <= set(loaded) and sent["kernel_zoo"][0]["text"] == EXAMPLE


@pytest.mark.parametrize("kind", ["encoder", "cross"])
def test_one_head_of_every_model_side_by_side(open_page, sent, kind):
    """Each map is what the model's own pass over its own translation has, and NumPy finds its entropy."""
    app = open_page(lens="zoo", direction="de-en", text=CAPTION, kind=kind, layer="2", head="3")
    header, arrays = sent["kernel_zoo"]
    assert [model["id"] for model in header["models"]] == zoo()
    for place, model in enumerate(header["models"]):
        translator = load_translator(model["id"])
        translation = translator.translate(CAPTION, "en")
        trace = translator.trace(CAPTION, "en", translation)
        path = f"{KINDS[kind].format(1)}.weights"
        weights = trace[path][0, 2].numpy()
        np.testing.assert_allclose(arrays[f"map_{place}"], weights, atol=1e-6)
        assert (model["written"], model["queries"], model["keys"]) == (
            translation.text, trace.labels(path, "query"), trace.labels(path, "key"),
        )  # fmt: skip
        if model["entropy"] is not None:
            bits = -(weights * np.log2(np.where(weights > 0, weights, 1))).sum(-1).mean()
            assert model["entropy"] == pytest.approx(bits, abs=1e-5)
        else:
            assert model["lowest"] == pytest.approx(weights.min()) and weights.min() < 0
    links = [each.proto.page_link if hasattr(each.proto, "page_link") else each.proto for each in app.get("page_link")]
    assert len(links) == 2  # its heads, and beside softmax
    assert "| kernel |" in " ".join(each.value for each in app.markdown)


def test_a_model_without_drawable_heads_says_why(open_page, sent):
    app = open_page(lens="zoo", direction="de-en", text=CAPTION, zoo="kernel-linear-symmetric")
    assert not app.get("page_link")
    assert "from 0 to 1 alone" in " ".join(each.value for each in app.caption)
