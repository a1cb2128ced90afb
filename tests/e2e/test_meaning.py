"""'What it means' in a real browser: the numbers of each method, their bars, and how far they are said to agree."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from playwright.sync_api import expect

from app_pages import analysis
from tests.e2e.hosted import open_hosted, present, printed, values
from transformer.changes import KINDS
from transformer.explanations import METHODS, explain
from transformer.translator import load_translator
from viz.browser import STRINGS, with_header

TEXT = "The animal didn't cross the street."
LAYER, HEAD = 1, 3
OFFERS = {"offers": ["meaning"]}


@cache
def real():
    """A sentence of the small model: the model, its payload, its translation and its trace."""
    translator = load_translator("small")
    translation, trace = analysis.record(translator, TEXT, "de")
    return translator, analysis.encode(translator, TEXT, "en", "de", translation, trace), translation, trace


@cache
def explained(kind, query):
    translator, _, translation, _ = real()
    source = translator.tokenizer.source(TEXT, "de")
    return explain(translator.model, source, translation.ids, kind, LAYER, HEAD, query)


def answer(request):
    found = explained(request["kind"], request["query"])
    methods = [{"id": name, "axis": found.axes[name]} for name in METHODS]
    arrays = {name: vector.numpy() for name, vector in found.vectors.items()}
    header = {"methods": methods, "agreement": found.agreement, "explains": "the log-probability of a piece"}
    return header, {**arrays, "visible": found.visible.numpy()}


@pytest.fixture
def show(page, tmp_path):
    """Open a head of the small model in this view."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def open_head(kind, answer=answer, width=1280, **header):
        page.set_viewport_size({"width": width, "height": 1000})
        query = f"?view=meaning&kind={kind}&layer={LAYER + 1}&head={HEAD + 1}"
        open_hosted(page, tmp_path, with_header(real()[1], **OFFERS | header), answer, query)
        return page

    yield open_head
    assert problems == []


def choose_query(page, query):
    page.locator(".meaning .query-choice").select_option(str(query))
    page.wait_for_selector(".meaning-body:not(.stale)[aria-busy=false] .method-bars")


def columns(page, table):
    """Title of each column -> its numbers, as the page holds them, and as it prints them."""
    place = f".method-bars >> nth={table} >> tbody"
    titles = page.locator(".method-bars").nth(table).locator("thead .method span:first-child").all_inner_texts()
    numbers = np.reshape(values(page, place), (-1, len(titles)))
    texts = np.reshape(printed(page, place), (-1, len(titles)))
    return {title: (numbers[:, i], texts[:, i]) for i, title in enumerate(titles)}


def by_hand(kind, query):
    """Raw weight and norm of what each key adds, from the recorded tensors of the head alone."""
    translator, _, _, trace = real()
    path = KINDS[kind].format(LAYER)
    weights = trace[f"{path}.weights"][0, HEAD, query].double().numpy()
    v = trace[f"{path}.v"][0, HEAD].double().numpy()
    w_o = translator.model.get_submodule(path).w_o.weight.detach().double().numpy()
    d = v.shape[1]
    return weights, weights * np.linalg.norm(v @ w_o[:, HEAD * d : (HEAD + 1) * d].T, axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_shows_its_numbers_and_bars_to_scale(show, kind):
    page = show(kind)
    query = 4
    choose_query(page, query)
    shown = {**columns(page, 0), **(columns(page, 1) if kind == "decoder" else {})}
    assert set(shown) == {STRINGS[f"method_{name}"] for name in METHODS}
    for name in METHODS:
        numbers, texts = shown[STRINGS[f"method_{name}"]]
        np.testing.assert_allclose(numbers, explained(kind, query).vectors[name], rtol=1e-5, atol=1e-5)
        for text, number in zip(texts, numbers, strict=True):
            decimals = len(text.partition(".")[2])
            assert text[0] in "<>" or abs(float(text) - number) <= 0.500001 * 10**-decimals
            assert text[0] not in "<>" or abs(number) < 10**-decimals / 2 * 1.000001
    raw, norm = by_hand(kind, query)
    np.testing.assert_allclose(shown[STRINGS["method_raw"]][0], raw, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(shown[STRINGS["method_norm"]][0], norm, rtol=1e-5, atol=1e-5)
    bars = page.locator(".bar-cell").evaluate_all(
        "all => all.map(each => [Number(each.querySelector('data').value), each.classList.contains('signed'),"
        " ...['--from', '--to'].map(name => parseFloat(each.style.getPropertyValue(name)))])"
    )
    largest = {name: max(abs(numbers)) for name, (numbers, _) in shown.items()}
    order = [name for table in range(2 if kind == "decoder" else 1) for name in columns(page, table)]
    per_row = len(columns(page, 0))
    rows = len(shown[STRINGS["method_raw"]][0])
    for i, (value, signed, start, end) in enumerate(bars):
        name = order[i % per_row] if i < rows * per_row else order[per_row]
        share = value / largest[name] if abs(value) >= 0.005 * largest[name] else 0
        assert (start, end) == pytest.approx(
            (50 + 50 * min(share, 0), 50 + 50 * max(share, 0)) if signed else (0, 100 * share), abs=1e-3
        )


def ranks(numbers):
    """Ranks from 0; of equal numbers, their mean."""
    return np.array([(numbers < x).sum() + ((numbers == x).sum() - 1) / 2 for x in numbers])


@pytest.mark.parametrize("query", [2, 5])
def test_the_agreement_and_its_reading_follow_from_the_numbers_on_the_page(show, query):
    page = show("cross")
    choose_query(page, query)
    numbers = [column for column, _ in columns(page, 0).values()]
    names = list(columns(page, 0))
    wanted = np.corrcoef([ranks(each) for each in numbers])[np.tril_indices(5, -1)]
    np.testing.assert_allclose(values(page, ".agreement"), wanted, atol=1e-5)
    assert printed(page, ".agreement") == [f"{rho:.2f}".replace("-0.00", "0.00") for rho in wanted]
    pairs = [(names[j], names[i]) for i, j in zip(*np.tril_indices(5, -1), strict=True)]
    reading = page.locator(".meaning-reading").inner_text().replace("−", "-")
    best, worst = pairs[wanted.argmax()], pairs[wanted.argmin()]
    assert reading == STRINGS["meaning_agreement"].format(
        count=(wanted >= 0.7).sum(),
        all=10,
        threshold=0.7,
        best=STRINGS["meaning_pair"].format(a=best[0], b=best[1], rho=f"{wanted.max():.2f}"),
        worst=STRINGS["meaning_pair"].format(a=worst[0], b=worst[1], rho=f"{wanted.min():.2f}"),
    )


def test_with_two_keys_nothing_is_made_of_their_order(show):
    page = show("decoder")
    choose_query(page, 1)
    assert page.locator(".meaning-reading").inner_text() == STRINGS["meaning_few_keys"].format(count=2)
    masked = page.locator(".method-bars").first.locator("tbody tr.masked").count()
    assert masked == len(explained("decoder", 1).visible) - 2
    assert page.locator(".agreement td").filter(has_text="–").count() == 4  # rollout is over other tokens


def test_the_explained_quantity_the_caveat_and_the_definitions_are_there(show):
    page = show("encoder")
    choose_query(page, 0)
    text = page.locator(".meaning").inner_text()
    assert STRINGS["meaning_explains"].format(what="the log-probability of a piece") in text
    assert STRINGS["meaning_honest"] in text
    assert STRINGS["method_norm_means"] not in text
    page.locator(".meaning summary").click()
    assert page.locator(".meaning dd").all_inner_texts() == [STRINGS[f"method_{name}_means"] for name in METHODS]


HOLD = """(query) => {
  const real = window.answer;
  window.asked = [];
  window.held = [];
  window.answer = async (text) => {
    window.asked.push(JSON.parse(text).query);
    const reply = await real(text);
    if (JSON.parse(text).query === query) await new Promise((resolve) => window.held.push(resolve));
    return reply;
  };
}"""
RUN_OVER = """(queries) => {
  const select = document.querySelector(".meaning .query-choice");
  for (const query of queries) { select.value = query; select.dispatchEvent(new Event("change")); }
}"""


def test_it_asks_where_the_reader_rests_and_keeps_the_old_picture_till_then(show):
    page = show("cross")
    choose_query(page, 0)
    before = columns(page, 0)[STRINGS["method_raw"]][0]
    page.evaluate(HOLD, 4)
    page.evaluate(RUN_OVER, [1, 2, 3, 4])
    page.wait_for_function("window.held.length === 1")
    assert page.locator(".meaning-body").get_attribute("aria-busy") == "true"
    assert "stale" in page.locator(".meaning-body").get_attribute("class")
    np.testing.assert_array_equal(columns(page, 0)[STRINGS["method_raw"]][0], before)
    page.evaluate("window.held[0]()")
    page.wait_for_selector(".meaning-body:not(.stale)")
    assert page.evaluate("window.asked") == [4]
    np.testing.assert_allclose(columns(page, 0)[STRINGS["method_raw"]][0], by_hand("cross", 4)[0], atol=1e-5)


def test_a_reply_that_comes_too_late_is_dropped(show):
    page = show("cross")
    choose_query(page, 0)
    page.evaluate(HOLD, 1)
    page.locator(".meaning .query-choice").select_option("1")
    page.wait_for_function("window.held.length === 1")
    choose_query(page, 2)
    page.evaluate("window.held[0]()")
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
    np.testing.assert_allclose(columns(page, 0)[STRINGS["method_raw"]][0], by_hand("cross", 2)[0], atol=1e-5)


def test_pointing_at_a_row_marks_the_key_everywhere(show):
    page = show("cross")
    choose_query(page, 2)
    page.locator(".method-bars tbody tr").nth(3).hover()
    expect(page.locator(".method-bars tr.chosen")).to_have_count(1)
    assert page.locator(".method-bars tbody tr").nth(3).get_attribute("class") == "chosen"
    assert page.locator(".meaning .query-choice").input_value() == "2"
    page.mouse.move(2, 2)
    assert page.locator(".meaning .query-choice").input_value() == "2"


def test_failure_is_said_and_the_question_can_be_put_again(show):
    broken = [True]

    def failing(request):
        if broken:
            raise ValueError("The model is busy.")
        return answer(request)

    page = show("cross", failing)
    page.wait_for_selector(".notice.failed")
    assert page.locator(".meaning .notice p").inner_text() == STRINGS["answer_failed"].format(
        reason="The model is busy."
    )
    broken.clear()
    page.get_by_role("button", name=STRINGS["answer_again"]).click()
    page.wait_for_selector(".method-bars")


def test_where_no_model_runs_there_is_no_such_tab(show):
    page = show("cross", offers=[])
    assert page.locator('.tab[data-view="meaning"]').is_hidden()
    assert page.locator(".meaning").count() == 0


def test_new_data_keep_nothing_of_the_old_answer(show):
    page = show("cross")
    choose_query(page, 0)
    present(page, with_header(real()[1], offers=[]))
    assert page.locator(".meaning").count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_sees_all_columns(show, kind):
    page = show(kind, width=390)
    page.wait_for_selector(".method-bars")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    right = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    assert page.locator(".meaning data").evaluate_all(right) <= 390
    assert not re.search(r"\d\n\d", page.locator(".method-bars td").first.inner_text())
