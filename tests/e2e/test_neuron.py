"""The neuron view in a real browser: every number on the way from q and k to a weight, computed again in NumPy."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from app_pages import analysis, answers, i18n
from app_pages.zoo import drawable
from tests.e2e.hosted import open_hosted, present, printed, values
from transformer.attention import MultiHeadAttention
from transformer.changes import HeadChange, write
from transformer.config import AttentionConfig, Choice, ModelConfig
from transformer.trace import Trace
from transformer.translator import load_translator
from viz.browser import STRINGS, AttentionMap, Axis, encode_attention, with_header
from viz.style import PAGE, SIGNED

TEXT = "The animal didn't cross the street."
PATHS = {
    "encoder": "encoder.layers.1.self_attention",
    "decoder": "decoder.layers.1.self_attention",
    "cross": "decoder.layers.1.cross_attention",
}
HEAD = 3
OFFERS = {"offers": ["neuron"]}


@cache
def real(changes=""):
    """A sentence of the small model: its payload, its trace, and the app's own answers about it."""
    translator = load_translator("small")
    translation, trace = analysis.record(translator, TEXT, "de", changes)
    payload = analysis.encode(translator, TEXT, "en", "de", translation, trace, changes)
    done = answers.Pass(translator, translation, trace, TEXT, "de", changes, {}, None, lambda room: payload)
    english = i18n.translator("en")
    return payload, trace, lambda request: answers.ANSWERS[request["what"]](request, done, english)


def recorded(kind, *names):
    """The head's recorded tensors in float64."""
    trace = real()[1]
    return [trace[f"{PATHS[kind]}.{name}"][0, HEAD].double().numpy() for name in names]


def softmax(scores):
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def expected(kind):
    """q · k, q · k / sqrt(d) and weights of the head, (Q, K), from its q and k alone."""
    q, k = recorded(kind, "q", "k")
    dots = q @ k.T
    scaled = dots / np.sqrt(q.shape[1])
    visible = np.tri(*scaled.shape, dtype=bool) if kind == "decoder" else np.full(scaled.shape, True)
    return dots, scaled, softmax(np.where(visible, scaled, -np.inf))


def same(actual, wanted):
    np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-5)


def rounds_to(texts, numbers, decimals):
    """Whether each text is its number, rounded as the page rounds."""
    for text, number in zip(texts, numbers, strict=True):
        if text.startswith("<"):
            assert 0 < number < 0.5 * 10**-decimals
        else:
            assert abs(float(text) - number) <= 0.500001 * 10**-decimals, (text, number)


@pytest.fixture
def show(page, tmp_path):
    """Open a head of the small model in the neuron view."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def open_head(kind, payload=None, answer=None, width=1280, height=1000, **header):
        page.set_viewport_size({"width": width, "height": height})
        query = f"?view=neuron&kind={kind}&layer=2&head={HEAD + 1}"
        open_hosted(page, tmp_path, with_header(payload or real()[0], **OFFERS | header), answer or real()[2], query)
        return page

    yield open_head
    assert problems == []


def choose_query(page, query):
    page.locator(".neuron .query-choice").select_option(str(query))


def row(page, key):
    return page.locator(".neuron-frame tbody tr").nth(key)


@pytest.mark.parametrize("kind", PATHS)
def test_every_number_on_the_way_to_the_weights(show, kind):
    page = show(kind)
    page.wait_for_selector(".neuron-steps li")
    dots, scaled, weights = expected(kind)
    for query in range(len(dots)):
        choose_query(page, query)
        numbers = np.reshape(values(page, ".neuron-frame tbody"), (-1, 3))
        same(numbers, np.stack([dots[query], scaled[query], weights[query]], axis=1))
        texts = np.reshape(printed(page, ".neuron-frame tbody"), (-1, 3))
        for column, decimals in enumerate((2, 2, 4)):
            rounds_to(texts[:, column], numbers[:, column], decimals)


@pytest.mark.parametrize("kind", PATHS)
def test_the_arithmetic_is_written_out_and_holds(show, kind):
    page = show(kind)
    dots, scaled, weights = expected(kind)
    query, key = len(dots) - 2, 1
    choose_query(page, query)
    row(page, key).click()
    seen = scaled[query][: query + 1] if kind == "decoder" else scaled[query]
    exponential, total = np.exp(scaled[query, key] - seen.max()), np.exp(seen - seen.max()).sum()
    same(
        values(page, ".neuron-steps"),
        [dots[query, key], *[scaled[query, key]] * 2, seen.max(), exponential, total, weights[query, key]],
    )
    steps = page.locator(".neuron-steps li").all_inner_texts()
    assert steps[1].startswith("÷ √32 = ")
    assert "exp(" in steps[2] and "Σ" in steps[2]
    spoken = page.locator(".neuron-frame caption").text_content()
    assert all(step in spoken for step in steps)


def test_components_as_numbers_and_under_the_pointer(show):
    page = show("cross")
    q, k = recorded("cross", "q", "k")
    query, key, component = 3, 2, 17
    choose_query(page, query)
    row(page, key).click()
    page.locator(".neuron-components summary").click()
    page.wait_for_selector(".neuron-components td")
    table = np.reshape(values(page, ".neuron-components"), (-1, 3))
    same(table, np.stack([q[query], k[key], q[query] * k[key]], axis=1))
    assert table[:, 2].sum() == pytest.approx(expected("cross")[0][query, key], abs=1e-4)
    strips, canvas = row(page, key).locator(".strips").bounding_box(), page.locator(".neuron-strips").bounding_box()
    cell = (canvas["width"] - 14) / 2 / 32  # the strips of k and of the products, with their gap
    for left in (0, 32 * cell + 14):
        page.mouse.move(strips["x"] + left + (component + 0.5) * cell, strips["y"] + strips["height"] / 2)
        same(
            values(page, ".neuron-component"), [q[query, component], k[key, component], (q[query] * k[key])[component]]
        )
        assert f"Component {component + 1}:" in page.locator(".neuron-component").inner_text()
    page.mouse.move(2, 2)
    largest = np.abs(q[query] * k[key]).argmax()
    assert f"component, {largest + 1}:" in page.locator(".neuron-component").inner_text()


def test_colours_are_exact_at_the_limit_and_at_zero(show):
    """The number of greatest size has the scale's last colour, and a zero that of the page."""
    q, k = recorded("cross", "q", "k")
    k = k.copy()
    k[1] = 0
    key, component = np.unravel_index(np.abs(k).argmax(), k.shape)
    k[key, component] *= 1 + np.abs(q).max()  # larger than any q

    def answer(request):
        header, arrays = real()[2](request)
        return header, {**arrays, "k": k}

    page = show("cross", answer=answer)
    page.wait_for_selector(".neuron-steps li")
    read = """([row, at]) => {
      const canvas = document.querySelector(".neuron-strips");
      const pitch = canvas.height / document.querySelectorAll(".neuron-frame tbody tr").length;
      const cell = (canvas.width - 14) / 2 / 32;
      const place = [(at + 0.5) * cell, (row + 0.5) * pitch].map(Math.floor);
      return [...canvas.getContext("2d").getImageData(...place, 1, 1).data].slice(0, 3); }"""
    wanted = SIGNED["positive" if k[key, component] > 0 else "negative"].light
    assert page.evaluate(read, [int(key), int(component)]) == list(bytes.fromhex(wanted[1:]))
    for at in (0, 13, 31):
        assert page.evaluate(read, [1, at]) == list(bytes.fromhex(PAGE["background"].light[1:]))
    ticks = page.locator(".signed-legend").first.locator(".ticks span").all_inner_texts()
    assert ticks[2] == "0" and ticks[0] == f"−{ticks[-1]}"
    assert float(ticks[-1]) == pytest.approx(abs(k[key, component]), rel=0.01)


def test_keys_that_a_query_does_not_see_are_shown_as_hidden(show):
    page = show("decoder")
    choose_query(page, 2)
    masked = page.locator(".neuron-frame tbody tr").evaluate_all(
        "all => all.map(each => each.classList.contains('masked'))"
    )
    assert masked == [False] * 3 + [True] * (len(masked) - 3)
    assert row(page, 4).inner_text().split()[-2:] == [STRINGS["neuron_hidden"], "0"]
    row(page, 4).click()
    assert values(page, ".neuron-steps li:last-child") == [0]
    assert "may not look there" in page.locator(".neuron-steps li").last.inner_text()


def test_a_change_that_overrules_the_softmax_is_a_step_of_its_own(show):
    payload, trace, answer = real(write([HeadChange("cross", 1, HEAD, "uniform")]))
    page = show("cross", payload, answer)
    choose_query(page, 2)
    q, k = (trace[f"{PATHS['cross']}.{name}"][0, HEAD].double().numpy() for name in "qk")
    softmaxed = softmax(q @ k.T / np.sqrt(q.shape[1]))[2]
    key = int(softmaxed.argmax())
    row(page, key).click()
    *_, share = values(page, ".neuron-steps li:nth-child(3)")
    same([share, *values(page, ".neuron-steps li:nth-child(4)")], [softmaxed[key], 1 / len(k)])
    assert "change of yours" in page.locator(".neuron-steps").inner_text()


def feature(x):
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


# Of each kernel: what it sums up over the components of one query and all keys, and how the sum becomes kernel values.
KERNELS = {
    "exponential": (lambda q, k: q * k, lambda total, d: np.exp(total / np.sqrt(d))),
    "rbf": (lambda q, k: (q - k) ** 2, lambda total, d: np.exp(-total / np.sqrt(d))),
    "polynomial": (lambda q, k: q * k, lambda total, d: total**2),
    "linear_nonnegative": (lambda q, k: feature(q) * feature(k), lambda total, d: total),
}
NAMED = {
    "exponential": ("q × k", "q · k", "÷ √{d}", "softmax"),
    "rbf": ("(q − k)²", "‖q − k‖²", "÷ −√{d}", "kernel / Σ kernels"),
    "polynomial": ("q × k", "q · k", "(q · k)²", "kernel / Σ kernels"),
    "linear_nonnegative": ("φ(q) × φ(k)", "φ(q) · φ(k)", "φ(q) · φ(k)", "kernel / Σ kernels"),
}


def follows_its_kernel(page, kernel, q, k, query, visible):
    """Check every number and name of a query's table, its steps and one component by NumPy, from q and k alone."""
    components, value_of = KERNELS[kernel]
    product, total, scored, normalised = (text.format(d=q.shape[1]) for text in NAMED[kernel])
    choose_query(page, query)
    parts = components(q[query], k)
    values_of_kernel = value_of(parts.sum(1), q.shape[1])
    weights = np.where(visible, values_of_kernel, 0) / values_of_kernel[visible].sum()
    score = np.log(values_of_kernel) if kernel in ("exponential", "rbf") else values_of_kernel
    columns = [parts.sum(1), score, weights][1 if kernel == "linear_nonnegative" else 0 :]
    shown = np.reshape(values(page, ".neuron-frame tbody"), (len(k), -1))
    np.testing.assert_allclose(shown, np.stack(columns, axis=1), rtol=2e-5, atol=2e-4)
    titles = page.locator(".neuron-frame .titles").inner_text()
    assert product in titles and total in titles and scored in titles
    key = int(np.argsort(weights)[-2])
    row(page, key).click()
    steps = page.locator(".neuron-steps").inner_text()
    assert total in steps and scored in steps and normalised in steps
    assert (STRINGS[f"kernel_{kernel}"] in steps) == (kernel != "exponential")
    assert ("softmax" in page.locator(".neuron").inner_text()) == (kernel == "exponential")
    share = values(page, ".neuron-steps li:last-child")
    assert share[-3] / share[-2] == pytest.approx(share[-1], rel=1e-4, abs=1e-6)
    assert share[-1] == pytest.approx(weights[key], rel=1e-4, abs=1e-5)
    page.mouse.move(2, 2)
    largest = np.abs(parts[key]).argmax()
    assert f"component, {largest + 1}:" in page.locator(".neuron-component").inner_text()
    same(values(page, ".neuron-component"), [q[query, largest], k[key, largest], parts[key, largest]])


@pytest.mark.parametrize("kernel", KERNELS)
def test_other_kernels_say_what_their_score_is(show, kernel):
    generator = torch.Generator().manual_seed(3)
    sizes = ModelConfig(vocab_size=9, d_model=8, num_heads=4, d_ff=8, num_encoder_layers=2, num_decoder_layers=2)
    attention = MultiHeadAttention(AttentionConfig(kernel=Choice(kernel)), sizes).eval()
    x, place, trace = torch.randn(1, 5, 8, generator=generator), torch.arange(5), Trace()
    with torch.no_grad():
        attention(x, x, x, place, place, torch.ones(1, 1, 5, 5, dtype=torch.bool), trace=trace)
    weights = F.pad(trace["weights"], (0, 0, 0, 0, 0, 0, 1, 0)).numpy()  # layer 2 of two, as the page's address says
    axis = Axis([f"▁w{i}" for i in range(5)], "en")
    payload = encode_attention(
        [AttentionMap("encoder", weights, "source", "source")],
        axes={"source": axis},
        model={"name": "m", "hash": "0"},
    )

    def answer(request):
        arrays = {name: trace[name][0, request["head"]].numpy() for name in ("q", "k", "v", "scores", "weights")}
        scale = answers.DIVISORS[kernel](attention.kernel, 2)
        header = {"d_head": 2, "scale": scale, "degree": 2, "coef0": 0.0, "kernel": kernel, "position": "none"}
        return header, arrays

    page = show("encoder", payload, answer)
    q, k = (trace[name][0, HEAD].double().numpy() for name in "qk")
    follows_its_kernel(page, kernel, q, k, 4, np.full(5, True))


@pytest.mark.parametrize("model", drawable())
def test_the_models_of_the_kernel_zoo_show_the_steps_of_their_kernels(show, page, model):
    translator = load_translator(model)
    text = "Ein Mann fährt Fahrrad."
    translation, trace = analysis.record(translator, text, "en", "")
    payload = analysis.encode(translator, text, "de", "en", translation, trace, "")
    done = answers.Pass(translator, translation, trace, text, "en", "", {}, None, lambda room: payload)
    english = i18n.translator("en")
    show("encoder", payload, lambda request: answers.ANSWERS[request["what"]](request, done, english))
    kernel = translator.model.config.encoder_attention.kernel.name
    for kind, path in PATHS.items():
        page.evaluate(
            "kind => document.getElementById('atlas').attentionBrowser.atlas.actions.select({kind, layer: 1, head: 3})",
            kind,
        )
        page.wait_for_selector(".neuron[aria-busy=false] .neuron-steps li")
        q, k = (trace[f"{path}.{name}"][0, HEAD].double().numpy() for name in "qk")
        query = len(q) - 2
        visible = np.arange(len(k)) <= query if kind == "decoder" else np.full(len(k), True)
        follows_its_kernel(page, kernel, q, k, query, visible)


def test_the_keyboard_chooses_query_key_and_component(show):
    page = show("cross")
    page.wait_for_selector(".neuron-steps li")
    pair = page.locator(".neuron-pair bdi")
    page.locator(".neuron-scroll").focus()
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert pair.all_inner_texts() == ["<s>", "<2de>"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert pair.all_inner_texts() == ["Das", "animal"]
    assert page.locator("[aria-live=polite]").first.text_content().startswith("“Das” attends ")
    before = page.locator(".neuron-component").inner_text()
    page.keyboard.press("Shift+ArrowRight" if ", 32:" not in before else "Shift+ArrowLeft")
    q, k = recorded("cross", "q", "k")
    component = np.abs(q[1] * k[2]).argmax()
    component += 1 if component < 31 else -1
    same(values(page, ".neuron-component"), [q[1, component], k[2, component], q[1, component] * k[2, component]])
    assert page.locator("[aria-live=polite]").first.text_content().startswith(f"Component {component + 1}:")
    page.keyboard.press("Escape")
    weights = recorded("cross", "weights")[0]
    query, key = np.unravel_index(weights.argmax(), weights.shape)
    assert page.locator(".neuron-frame tr.chosen").get_attribute("aria-current") == "true"
    assert values(page, ".neuron-frame tr.chosen")[-1] == pytest.approx(weights[query, key])


def test_hover_is_a_look_and_a_click_stays(show):
    page = show("cross")
    page.wait_for_selector(".neuron-steps li")
    key = page.locator(".neuron-pair .key")
    row(page, 4).click()
    page.mouse.move(2, 2)
    chosen = key.inner_text()
    row(page, 5).hover()
    assert key.inner_text() != chosen
    page.mouse.move(2, 2)
    assert key.inner_text() == chosen == row(page, 4).locator("bdi").inner_text()


@pytest.mark.parametrize("kind", PATHS)
def test_a_phone_sees_all_numbers(show, kind):
    page = show(kind, width=390)
    page.wait_for_selector(".neuron-steps li")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    right = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    assert page.locator(".neuron data").evaluate_all(right) <= 390
    numbers = page.locator(".neuron-frame td.number-cell:has(data)")
    assert numbers.evaluate_all("all => all.every(each => each.scrollWidth <= each.clientWidth)")


def test_what_cannot_be_computed_is_said_and_can_be_tried_again(show):
    broken = [True]

    def answer(request):
        if broken:
            raise ValueError("The model is busy.")
        return real()[2](request)

    page = show("cross", answer=answer)
    page.wait_for_selector(".notice.failed")
    assert page.locator(".neuron .notice p").inner_text() == STRINGS["answer_failed"].format(
        reason="The model is busy."
    )
    broken.clear()
    page.get_by_role("button", name=STRINGS["answer_again"]).click()
    page.wait_for_selector(".neuron-steps li")
    assert page.locator(".neuron .notice").is_hidden()


def test_where_no_model_runs_there_is_no_such_tab(show):
    page = show("cross", offers=[])
    assert page.locator('.tab[data-view="neuron"]').is_hidden()
    assert page.locator(".neuron").count() == 0


def test_new_data_are_asked_for_anew(show):
    asked = []

    def answer(request):
        asked.append(request)
        return real()[2](request)

    page = show("cross", answer=answer)
    page.wait_for_selector(".neuron-steps li")
    row(page, 3).hover()
    assert asked == [{"what": "neuron", "kind": "cross", "layer": 1, "head": HEAD}]
    present(page, with_header(real()[0], **OFFERS))
    page.wait_for_function("!document.querySelector('.neuron').classList.contains('stale')")
    assert len(asked) == 2
