"""The page 'Positions' without a browser: every choice and every link, what is said of bad ones, and its numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app_pages.i18n import translator as words_of
from app_pages.models import OwnModel
from app_pages.position_parts import kernel, order, patterns, word_order
from app_pages.position_parts.export import HEAD, to_csv
from app_pages.position_parts.formulas import VARIANTS, formulas
from app_pages.position_parts.reading import Reading, message
from app_pages.position_parts.variants import fitting
from experiments.small import smoke_pairs
from transformer.checkpoints import save_checkpoint
from transformer.config import POSITIONS, AttentionConfig, ModelConfig
from transformer.models import build
from transformer.position_models import position_models
from transformer.tokenizers import Tokenizer, train_tokenizer
from transformer.trace import Trace
from transformer.translator import load_translator
from viz.walkthrough.scene import Curves, Matrix, Piece, Table, Tokens, decode_scene

APP = str(Path(__file__).parent.parent / "app.py")
SMALL = {"model": "small", "text": "I am a very tired student."}
PARTS = ("order", "patterns", "kernel")
CAPTION = "Ein Hund läuft durch den Schnee."


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    def open_with(own: OwnModel | None = None, **address: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        if own is not None:
            app.session_state["own model"] = own
        for key, value in {**SMALL, **address}.items():
            app.query_params[key] = value
        app.switch_page("app_pages/positions.py").run()
        assert not app.exception
        return app

    return open_with


def written(app: AppTest, key: str) -> str:
    value = app.query_params.get(key, [""])
    return value[0] if isinstance(value, list) else value


def said(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.info, *app.markdown))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_opens_by_its_link(open_page: Callable[..., AppTest], part: str, language: str) -> None:
    app = open_page(part=part, lang=language)
    assert app.segmented_control(key=f"part {language}").value == part
    assert app.markdown[0].value


def test_shuffle_reverse_undo_and_reset(open_page: Callable[..., AppTest]) -> None:
    app = open_page(order="0.1.2.3.4.5")
    assert app.button(key="order_reset").disabled and app.button(key="order_undo").disabled
    assert "your own order" in said(app)
    app.button(key="order_shuffle").click().run()
    shuffled = written(app, "order")
    assert shuffled != "0.1.2.3.4.5"
    app.button(key="order_reverse").click().run()
    assert word_order.read(written(app, "order"), 6) == (word_order.read(shuffled, 6) or [])[::-1]
    app.button(key="order_undo").click().run()
    assert written(app, "order") == shuffled
    app.button(key="order_reset").click().run()
    assert written(app, "order") == "0.1.2.3.4.5"
    app.button(key="order_undo").click().run()
    assert written(app, "order") == shuffled


def test_a_new_sentence_begins_with_a_new_order(open_page: Callable[..., AppTest]) -> None:
    app = open_page(order="1.0.2.3.4.5")
    app.text_input(key="text").set_value("You are a very tired student.").run()
    assert not app.exception
    assert written(app, "order") == ""


@pytest.mark.parametrize(
    "address",
    [
        {"order": "0.0.1"},
        {"order": "x"},
        {"order": "0.1"},
        {"seen": "causal-99"},
        {"part": "nonsense"},
        {"part": "kernel", "kind": "nobody", "layer": "77", "head": "-1"},
        {"part": "patterns", "places": "3", "layout": "x"},
    ],
)
def test_a_nonsensical_link_opens_the_first_choice(open_page: Callable[..., AppTest], address: dict[str, str]) -> None:
    app = open_page(**address)
    for key in address:
        if key != "part" or address[key] == "nonsense":
            assert written(app, key) != address[key] or key == "order"
    assert app.markdown[0].value


def test_a_layer_that_is_not_there_is_not_kept(open_page: Callable[..., AppTest]) -> None:
    """`small` has four layers in the encoder and two in the decoder."""
    app = open_page(part="kernel", kind="encoder", layer="4")
    assert app.segmented_control(key="layer en").value == "4"
    app.segmented_control(key="kind en").set_value("decoder").run()
    assert not app.exception
    assert app.segmented_control(key="layer en").value == "1"


@pytest.mark.parametrize(
    ("address", "reason"),
    [({"layer": "2"}, "deeper"), ({"kind": "cross"}, "cross"), ({"kind": "decoder", "layer": "2"}, "deeper")],
)
def test_what_cannot_be_split_is_said(open_page: Callable[..., AppTest], address: dict[str, str], reason: str) -> None:
    assert kernel.REASONS[reason] in said(open_page(part="kernel", **address))


@pytest.mark.parametrize("text", ["Hello", "...", " ".join(["the tired animal sleeps"] * 15)])
@pytest.mark.parametrize("part", PARTS)
def test_any_sentence_has_its_picture(
    part: str, text: str, open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One word, punctuation alone, sixty words: every number that is drawn is one."""
    drawn: list[bytes] = []
    monkeypatch.setattr("app_pages.walkthrough_picture._picture", lambda data, **_: drawn.append(data))
    open_page(part=part, text=text)
    figures = decode_scene(drawn[-1])["figures"]
    matrices = [figure["values"] for figure in figures if figure["kind"] == "matrix"]
    assert matrices and all(np.isfinite(values).all() for values in matrices)


def test_pieces_that_are_moved_for_want_of_words_are_called_so(open_page: Callable[..., AppTest]) -> None:
    assert "pieces of words" in said(open_page(text="Hello"))
    assert "pieces of words" not in said(open_page())


def test_one_word_has_no_order(open_page: Callable[..., AppTest]) -> None:
    app = open_page(text="dog")
    assert "One word has no order" in said(app)
    assert app.button(key="order_shuffle").disabled


def test_changes_of_the_heads_are_left_out(open_page: Callable[..., AppTest]) -> None:
    assert "left out here" in said(open_page(changes="off.c.0.0"))


def test_orders_in_the_address() -> None:
    assert word_order.read("", 3) == [2, 1, 0]
    assert word_order.write([2, 1, 0]) == ""
    assert word_order.read(word_order.write([1, 2, 0]), 3) == [1, 2, 0]
    assert [word_order.read(wrong, 3) for wrong in ("0.1", "0.1.3", "0.1.1", "a.b.c", "0.1.2.3", "-1.0.1")] == 6 * [
        None
    ]
    for count in (3, 4, 9):
        home = list(range(count))
        assert word_order.shuffled(home) != home
        assert sorted(word_order.shuffled(home)) == home
    assert sorted(word_order.shuffled([1, 0])) == [0, 1]


@pytest.fixture
def own(tiny_config: ModelConfig, tokenizer: Tokenizer, tmp_path: Path, randomize) -> Callable[..., OwnModel]:
    """A checkpoint that a visitor opened."""

    def make(**settings) -> OwnModel:
        config = replace(tiny_config, vocab_size=len(tokenizer), **settings)
        path = tmp_path / "mine.safetensors"
        save_checkpoint(path, randomize(build(config), std=0.1), tokenizer, {})
        return OwnModel("mine", path.read_bytes(), f"own-{abs(hash(str(settings)))}")

    return make


@pytest.mark.parametrize("position", ["shaw", "transformer_xl", "product", "rotary", "direct_sum"])
def test_a_model_with_position_inside_its_kernel(
    open_page: Callable[..., AppTest], own: Callable[..., OwnModel], position: str
) -> None:
    model = own(input_position="none", encoder_attention=AttentionConfig(position=position))
    for part in PARTS:
        app = open_page(own=model, model=model.key, text="A dog is near the house.", part=part, layer="2")
        assert not app.exception
    refused = kernel.REASONS["rotary"] in said(app)
    assert refused is (position == "rotary")


def test_a_learned_table_is_shown_as_the_models_own(
    open_page: Callable[..., AppTest], own: Callable[..., OwnModel]
) -> None:
    model = own(input_position="learned")
    app = open_page(own=model, model=model.key, text="A dog is near the house.", part="patterns", places="128")
    assert "this model's own" in said(app)
    assert "untrained" not in said(app)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading("small", SMALL["text"], ("en", "de"), "greedy")


_ = words_of("en")


def test_the_maps_of_a_head_add_up_cell_by_cell(reading: Reading) -> None:
    check_sums(reading, load_translator("small").trace(SMALL["text"], "de"))


@pytest.mark.parametrize("position", ["shaw", "transformer_xl", "product"])
def test_the_maps_of_the_bundled_position_models_add_up(position: str) -> None:
    """Trained models, one for each way that position enters the kernel, and none of it in the values."""
    path = position_models()[position]
    trace = load_translator(path).trace(CAPTION, "en")
    figures = check_sums(Reading(str(path), CAPTION, ("de", "en"), "greedy"), trace)
    parts = {name for name in kernel.PART_NAMES if name in figures}
    assert "content_content" in parts and len(parts) == {"shaw": 2, "transformer_xl": 4, "product": 2}[position]
    assert all(np.abs(figures[name]["values"]).max() > 0.1 for name in parts)  # none of them is idle
    assert "see no position" in figures["values"]["heads"][0]


def check_sums(reading: Reading, trace: Trace) -> dict[str, dict]:
    """Compare what travels to the browser, as float32, with the trace; return its figures by name."""
    picture = kernel.part(reading, "en", _)
    scene = decode_scene(message(picture.figures, "x", "y", "en"))
    figures = {figure["name"]: figure for figure in scene["figures"] if "name" in figure}
    total = sum(figures[name]["values"].astype(float) for name in kernel.PART_NAMES if name in figures)
    scores = trace["encoder.layers.0.self_attention.scores"][0, 0].numpy()
    np.testing.assert_allclose(total, scores, rtol=0, atol=1e-6 * np.abs(scores).max())
    np.testing.assert_array_equal(figures["score"]["values"], scores)
    np.testing.assert_array_equal(figures["weights"]["values"], trace["encoder.layers.0.self_attention.weights"][0, 0])
    for row in figures["shares"]["rows"]:
        assert sum(row[1:]) == pytest.approx(100, abs=1e-6)
    return figures


@pytest.mark.parametrize("variant", ["shaw", "transformer_xl", "product"])
def test_a_bundled_model_with_position_inside_can_be_chosen(open_page: Callable[..., AppTest], variant: str) -> None:
    app = open_page(part="kernel", variant=variant)
    assert app.selectbox(key="variant en").value == variant
    assert "This model knows other languages" in said(app)
    app = open_page(part="kernel", variant=variant, text=CAPTION, direction="de-en")
    assert "This model knows other languages" not in said(app)
    written = load_translator(position_models()[variant]).translate(CAPTION, "en").text
    assert any(f"It writes: “{written}”" in caption.value for caption in app.caption)


def test_a_sentence_that_is_too_long_for_a_bundled_model_is_shown_by_the_model_above(
    open_page: Callable[..., AppTest],
) -> None:
    """Its vocabulary is small and its places are few, so that it may fail where the model above reads on."""
    few = load_translator(position_models()["shaw"])
    text = "Wahrscheinlichkeitsverteilungen und Erkenntnistheorien " * 7
    pieces, most = len(few.tokenizer.source(text.strip(), "en")), few.model.config.max_length
    assert pieces > most
    app = open_page(part="kernel", variant="shaw", text=text.strip(), direction="de-en")
    assert f"at most {most} word pieces, and the sentence has {pieces}" in app.warning[0].value
    assert not any("It writes" in caption.value for caption in app.caption)
    assert app.segmented_control(key="head en").options[-1] == str(load_translator("small").model.config.num_heads)


def test_what_a_query_may_not_see_is_left_empty(reading: Reading) -> None:
    import torch

    scores, visible = torch.randn(3, 3), torch.ones(3, 3, dtype=torch.bool).tril()
    shown = kernel.shown_scores(scores, visible, False)
    assert torch.equal(shown, scores.tril())
    centred = kernel.shown_scores(scores, visible, True)
    assert centred.triu(1).abs().max() == 0
    torch.testing.assert_close(centred.sum(-1), torch.zeros(3))


def test_the_states_of_both_orders_and_their_difference(reading: Reading) -> None:
    figures = {figure.name: figure for figure in order.part(reading, "en", _).figures if hasattr(figure, "name")}
    after, before, difference = (figures[name].values for name in ("after", "before", "difference"))
    np.testing.assert_array_equal(difference, after - before)
    assert np.abs(difference).max() < 1e-5 < np.abs(before).max()
    assert figures["cases"].rows[0][1] == pytest.approx(np.abs(difference).max())


def test_patterns_are_the_models_own_function(reading: Reading) -> None:
    figures = {figure.name: figure for figure in patterns.part(reading, "en", _).figures if hasattr(figure, "name")}
    values = figures["patterns"].values
    p, i = np.arange(64)[:, None], np.arange(128)
    np.testing.assert_allclose(values[:, ::2], np.sin(p / 10000 ** (2 * i / 256)), atol=1e-5)
    curves, table = figures["farther_curve"], figures["farther"]
    assert [row[2] for row in table.rows] == curves.values[0].tolist()
    assert curves.values[0, 0] == pytest.approx(load_translator("small").translate(SMALL["text"], "de").score, abs=1e-4)


def test_every_variant_has_its_line_and_only_what_is_recalled_a_badge() -> None:
    told = formulas(_)[1:]
    assert len(told) == len(VARIANTS) == 5
    assert set(VARIANTS) <= set(POSITIONS)
    assert [":orange-badge" in text for text in told] == [recalled for *_rest, recalled in VARIANTS.values()]


def test_the_numbers_as_csv_hold_all_and_run_nothing() -> None:
    figures = [
        Matrix("m", np.array([[1.5, -2.0]]), "map", rows=Tokens(["=A1"], "en"), columns=Tokens(["@x", "▁y"], "en")),
        Curves("c", "curve", np.array([0, 1]), np.array([[3.0, 4.0]]), ["line"], "x", "y"),
        Table("t", "table", ["", "n"], [("-head", 5.25), (Piece("▁a", "en"), 6)]),
    ]
    rows = list(csv.reader(io.StringIO(to_csv(figures))))
    assert tuple(rows[0]) == HEAD
    assert rows[1:] == [
        ["map", "1", "'=A1", "1", "'@x", "1.5"],
        ["map", "1", "'=A1", "2", "▁y", "-2.0"],
        ["curve", "1", "line", "1", "0", "3.0"],
        ["curve", "1", "line", "2", "1", "4.0"],
        ["table", "1", "'-head", "1", "n", "5.25"],
        ["table", "2", "▁a", "1", "n", "6"],
    ]


def test_a_model_of_other_languages_reads_what_it_knows(
    tiny_config: ModelConfig, tokenizer: Tokenizer, tmp_path: Path, randomize, monkeypatch
) -> None:
    text = [side for pair in smoke_pairs() for side in (pair.english, pair.other)]
    into_english = Tokenizer(train_tokenizer(text, 120, languages=["en"]))
    path = tmp_path / "kernel-shaw.safetensors"
    save_checkpoint(path, randomize(build(replace(tiny_config, vocab_size=120))), into_english, {})
    state = {"standing": type("S", (), {"model": "small"})()}
    monkeypatch.setattr("app_pages.position_parts.variants.st.session_state", state)
    into_german = Reading("small", "I am tired.", ("en", "de"), "greedy")
    fitted = fitting(replace(into_german, model=str(path)), _)
    assert (fitted.languages, fitted.text) == (
        ("de", "en"),
        load_translator("small").translate("I am tired.", "de").text,
    )
    from_german = Reading(str(path), "Ich bin müde.", ("de", "en"), "greedy")
    assert fitting(from_german, _) == from_german
