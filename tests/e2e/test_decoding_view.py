"""The decoding view in a real browser: its numbers against NumPy, its tree against the search, and tokens as text."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from app_pages.analysis import analyse, record
from tests.e2e.scenes import as_shown
from transformer.translator import load_translator
from viz.browser import encode_reply, to_html, with_header
from viz.browser.codes import Room

TEXT, BEAM = "We sailed around the island in a small wooden boat.", {"beam_size": 4, "length_penalty": 0.6}
DRAW = {"temperature": 1.0, "seed": 3}  # writes pieces that are not among the ten likeliest
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def translator():
    return load_translator("small")


@pytest.fixture(scope="module")
def drawn(translator):
    """A translation drawn at random: its message, its record, and the logits (Q, V) in double precision."""
    translation, trace = record(translator, TEXT, "de", **DRAW)
    logits = trace["logits"][0].double().numpy()
    return analyse(translator, TEXT, "en", "de", **DRAW), translation, trace, logits


@pytest.fixture(scope="module")
def beam(translator):
    return translator.beam(TEXT, "de", **BEAM)


@pytest.fixture
def show(page, tmp_path: Path):
    """Open a message's page in the decoding view, with the beam's answer; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def open_page(message, replies=(), **header):
        path = tmp_path / "page.html"
        path.write_text(to_html(with_header(message, **{"offers": [], **header}), "A page", replies), "utf-8")
        page.goto(f"{path.as_uri()}?view=decoding&kind=cross&layer=2&head=3")
        page.wait_for_selector(".decoding")
        return page

    yield open_page
    assert problems == []


def go_to(page, step):
    page.locator(".timeline .steps button").nth(step).click()


def set_slider(page, selector, value):
    page.locator(selector).evaluate(
        """(input, value) => { input.value = value;
        for (const type of ["input", "change"]) input.dispatchEvent(new Event(type)); }""",
        str(value),
    )


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def percent(probability):
    return "<0.1 %" if 0 < probability < 0.0005 else f"{100 * probability:.1f} %"


# --- the candidates of a step ---


@pytest.mark.parametrize(("place", "temperature"), [(4, 0.5), (9, 1.0), (16, 1.7)])
def test_probabilities_are_those_of_the_whole_vocabulary(place, temperature, show, drawn, translator):
    message, translation, _, logits = drawn
    page = show(message)
    set_slider(page, ".temperature input", place)
    assert page.locator(".temperature output").inner_text() == f"{temperature:.1f}"
    likeliest = np.argsort(-logits, axis=-1, kind="stable")[:, :10]
    unlikely = [step for step, token in enumerate(translation.ids) if token not in likeliest[step]]
    for step in (0, 3, unlikely[0]):
        go_to(page, step)
        probabilities = softmax(logits[step] / temperature)
        ids = likeliest[step].tolist()
        ids += [translation.ids[step]] * (step in unlikely)
        expected = [*probabilities[ids], 1 - probabilities[ids].sum()]
        shown = page.locator(".candidates td.share data")
        values = shown.evaluate_all("all => all.map(each => Number(each.value))")
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-5)
        assert shown.all_inner_texts() == [percent(value) for value in values]
        names = page.locator(".candidates th .token").evaluate_all("all => all.slice(0, -1).map(each => each.title)")
        assert names == translator.tokenizer.pieces(ids)
        written = page.locator(".candidates tr[aria-current=true] .token")
        assert written.evaluate_all("all => all.map(each => each.title)") == [translation.pieces[step]]


@pytest.mark.parametrize(
    ("piece", "lang", "shown"),
    [
        ("▁Haus", "de", "Haus"),
        ("tür", "de", "·tür"),
        (".", "de", "."),
        ("</s>", "de", "</s>"),
        ("茶", "ja", "茶"),
        ("茶", "de", "茶"),
        ("▁", "ja", "␣"),
        (HOSTILE, "de", HOSTILE),
    ],
)
def test_pieces_as_people_read_them(piece, lang, shown, show, drawn):
    message, *_ = drawn
    header = header_of(message)
    header["axes"]["target"]["lang"] = lang
    header["steps"][0]["pieces"][2] = piece
    page = show(message, axes=header["axes"], steps=header["steps"])
    token = page.locator(".candidates tr:nth-child(3) .token")
    joined = token.evaluate("each => getComputedStyle(each, '::before').content") == '"·"'
    assert "·" * joined + token.inner_text() == shown
    assert token.get_attribute("lang") == lang


def header_of(message):
    from viz.browser import decode_header

    return decode_header(message)


# --- the attention of a step ---


@pytest.mark.parametrize("mean", [False, True])
def test_each_token_is_shaded_by_the_weight_of_its_step(mean, show, drawn):
    message, translation, trace, _ = drawn
    page = show(message)
    page.locator(".switch button").nth(int(mean)).click()
    for step in (0, 3, len(translation.ids) - 1):
        go_to(page, step)
        for line, kind, keys in ((0, "cross", None), (1, "self", step + 1)):
            weights = trace[f"decoder.layers.1.{kind}_attention.weights"][0].double().numpy()
            expected = (weights.mean(0) if mean else weights[2])[step, :keys]
            tokens = page.locator(".shaded").nth(line).locator("li:visible")
            assert tokens.count() == len(expected)
            number = page.locator(".shaded").nth(line).locator(".shaded-readout data")
            assert float(number.get_attribute("value")) == pytest.approx(expected.max(), abs=2e-5)
            for key in {0, len(expected) // 2, len(expected) - 1}:
                tokens.nth(key).hover()
                value = float(number.get_attribute("value"))
                assert value == pytest.approx(expected[key], abs=2e-5)  # 16 bits a weight
                assert tokens.nth(key).get_attribute("aria-label").split()[-1] == number.inner_text()
            page.mouse.move(0, 0)


def test_darker_is_more(show, drawn):
    message, _, trace, _ = drawn
    page = show(message)
    page.emulate_media(reduced_motion="reduce")
    go_to(page, 4)
    weights = trace["decoder.layers.1.cross_attention.weights"][0, 2, 4].numpy()
    sum_of_channels = """all => all.map((each) => getComputedStyle(each).backgroundColor.match(/\\d+/g)
        .map(Number).reduce((a, b) => a + b))"""
    colors = page.locator(".shaded").first.locator("li").evaluate_all(sum_of_channels)
    assert (np.diff(np.array(colors)[np.argsort(weights)]) <= 0).all()
    assert len(set(colors)) > 3


def test_eight_bits_print_no_number_until_the_exact_ones_are_there(page, show, drawn):
    message, _, trace, _ = drawn
    kinds = ("cross", "decoder")
    paths = {"cross": "cross_attention", "decoder": "self_attention"}
    weights = {kind: trace[f"decoder.layers.1.{paths[kind]}.weights"][0, 2] for kind in kinds}
    replies = [
        ({"what": "weights", "kind": kind, "layer": 1, "head": 2}, encode_reply({}, {"weights": weights[kind]}))
        for kind in kinds
    ]
    coarse = in_eight_bits(message)
    show(coarse)
    expect(page.locator(".shaded-readout data").first).to_have_text("…")
    show(coarse, replies, offers=["weights"])
    for line, kind in enumerate(kinds):
        number = page.locator(".shaded-readout data").nth(line)
        expect(number).not_to_have_text("…")
        assert float(number.get_attribute("value")) == pytest.approx(weights[kind][0].max().item(), rel=1e-6)


def in_eight_bits(message, **room):
    from viz.browser import AttentionMap, Axis, decode_weights, encode_attention

    header = header_of(message)
    maps = [
        AttentionMap(kind["id"], decode_weights(message, kind["id"]), kind["query_axis"], kind["key_axis"])
        for kind in header["kinds"]
    ]
    axes = {name: Axis(**axis) for name, axis in header["axes"].items()}
    kept = ("steps", "temperatures", "decoding")
    return encode_attention(
        maps, axes=axes, model=header["model"], bits=8, **room, **{name: header[name] for name in kept}
    )


def test_a_long_text_says_what_is_shaded_until_the_numbers_are_there(page, show, drawn):
    message, *_ = drawn
    show(in_eight_bits(message, room=Room(fine=0, most=2000)))
    note = page.locator(".shaded p").last
    expect(note).to_contain_text("largest")
    expect(page.locator(".shaded-readout data").first).to_have_text("…")


# --- the time line ---


def test_the_output_grows_step_by_step(show, drawn, translator):
    message, translation, *_ = drawn
    page = show(message)
    last = len(translation.ids) - 1
    written = page.locator(".so-far")
    for key, step in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("End", last),
        ("ArrowRight", last),
        ("ArrowLeft", last - 1),
    ):
        page.locator(".steps button[aria-current=step]").focus()
        page.keyboard.press(key)
        assert written.inner_text().strip() == translator.tokenizer.decode(translation.ids[: step + 1])
        assert page.locator(".steps button").nth(step).evaluate("each => each === document.activeElement")
        assert page.locator(".player .place").inner_text() == f"step {step + 1} of {last + 1}"
    set_slider(page, ".scrubber", 3)
    assert (
        page.locator(".steps button[aria-current=step]").inner_text()
        == page.locator(".steps button").nth(2).inner_text()
    )
    page.locator(".player .back").click()
    assert page.locator(".player .place").inner_text() == f"step 2 of {last + 1}"
    assert page.locator(".steps button[tabindex='0']").count() == 1


def test_it_plays_to_the_end_and_stops(show, drawn):
    message, translation, *_ = drawn
    page, last = show(message), len(translation.ids)
    page.clock.install()
    go_to(page, last - 3)
    page.locator(".player .play").click()
    assert page.locator(".player .play").get_attribute("aria-label") == "Pause"
    for step in (last - 1, last):
        page.clock.run_for(900)
        assert page.locator(".player .place").inner_text() == f"step {step} of {last}"
    assert page.locator(".player .play").get_attribute("aria-label") == "Play"
    page.locator(".player .play").click()
    assert page.locator(".player .place").inner_text() == f"step 1 of {last}"
    page.get_by_role("tab", name="Matrix").click()
    page.clock.run_for(3000)
    page.get_by_role("tab", name="Decoding").click()
    assert page.locator(".player .place").inner_text() == f"step 1 of {last}", "it plays where nobody sees it"


# --- another piece instead ---


def test_a_candidate_is_written_instead(show, drawn):
    message, *_ = drawn
    page = show(message)
    assert page.locator(".candidates .instead:visible").count() == 0, "nothing can be changed in a file"
    steps = header_of(message)["steps"]
    earlier = {"type": "force", "position": 1, "id": 7, "piece": "x"}
    later = {"type": "force", "position": 5, "id": 8, "piece": "y"}
    changeable = with_header(message, offers=["changes"], changes=[earlier, later])
    page.evaluate(
        """text => { const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
        document.getElementById("atlas").attentionBrowser.update(bytes,
          { ask: async () => ({}), changed: (changes) => { window.told = changes; } }); }""",
        b64encode(changeable).decode(),
    )
    go_to(page, 5)
    assert page.locator("tr[aria-current=true] .badge").all_inner_texts()[-1] == "forced"
    go_to(page, 3)
    row = page.locator(".candidates tr:not([aria-current]):not(.others)").first
    row.locator("button").click()
    forced = row.locator(".token").get_attribute("title")
    place = steps[3]["pieces"].index(forced)
    expected = {"type": "force", "position": 3, "id": steps[3]["ids"][place], "piece": forced.replace("▁", "")}
    assert page.evaluate("window.told") == [earlier, expected]


# --- the beam ---


@pytest.fixture
def tree(show, drawn, beam):
    page = show(drawn[0], [({"what": "beam", **BEAM}, encode_reply(asdict(beam)))], offers=["beam"])
    page.get_by_role("button", name="Show the beam").click()
    page.wait_for_selector(".tree .node")
    return page


def texts(beam, translator):
    """Every node of the record as (step, text of its hypothesis)."""
    found: list[list[str]] = []
    ids: list[list[list[int]]] = []
    for step, nodes in enumerate(beam.steps):
        ids.append([[*(ids[step - 1][node.parent] if step else []), node.id] for node in nodes])
        found.append([translator.tokenizer.decode(each) for each in ids[step]])
    return found


def test_the_tree_shows_every_hypothesis(tree, beam, translator):
    nodes = tree.get_by_role("treeitem")
    expected = texts(beam, translator)
    last = len(beam.steps) - 1 if any(node.score is not None for node in beam.steps[-1]) else len(beam.steps)
    kept = [
        (step, text, node)
        for step, (nodes_of_step, names) in enumerate(zip(beam.steps, expected, strict=True))
        for node, text in zip(nodes_of_step, names, strict=True)
        if step < last or node.score is not None
    ]
    assert nodes.count() == len(kept)
    shown = []
    for i in range(nodes.count()):
        nodes.nth(i).focus()
        text = tree.locator(".tree-readout bdi").inner_text()
        shown.append(
            (int(nodes.nth(i).get_attribute("aria-level")) - 1, text, nodes.nth(i).locator(".log").inner_text())
        )
    assert sorted(shown) == sorted((step, text, minus(node.log_probability)) for step, text, node in kept)
    best = tree.locator(".node.best .token").evaluate_all("all => all.map(each => each.title)")
    assert best == beam.best.pieces
    assert len({each["y"] for each in boxes(tree, ".node.best")}) == 1, "the best path runs straight"


def minus(value):
    return as_shown(value, 3)


def boxes(page, selector):
    return [page.locator(selector).nth(i).bounding_box() for i in range(page.locator(selector).count())]


def test_no_two_edges_cross(tree):
    """Down a column, the parents go down too: every node with its step, its place and that of its parent."""
    places = tree.get_by_role("treeitem").evaluate_all(
        """all => all.map((node) => {
          const top = (each) => each.getBoundingClientRect().y;
          node.focus();
          node.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
          return [Number(node.ariaLevel ?? node.getAttribute("aria-level")), top(node), top(document.activeElement)];
        })"""
    )
    assert len({level for level, *_ in places}) > 10
    for level in {level for level, *_ in places}:
        column = sorted((own, parent) for each, own, parent in places if each == level)
        parents = [parent for _, parent in column]
        assert parents == sorted(parents), level


def test_arrow_keys_walk_the_tree(tree, beam):
    assert tree.locator(".node[tabindex='0']").count() == 1
    tree.locator(".node[tabindex='0']").focus()
    for _ in beam.best.pieces[1:]:
        tree.keyboard.press("ArrowRight")
    focused = tree.locator(".node:focus")
    assert "best" in focused.get_attribute("class") and focused.get_attribute("aria-level") == str(
        len(beam.best.pieces)
    )
    assert tree.locator(".tree-readout bdi").inner_text() == beam.best.text
    assert minus(beam.best.score) in tree.locator(".tree-readout .caption").inner_text()
    tree.keyboard.press("Home")
    tree.keyboard.press("ArrowDown")
    assert focused.get_attribute("aria-level") == "1" and "best" not in focused.get_attribute("class")


def test_greedy_stands_beside_the_beam(tree, beam):
    rows = tree.locator(".beside-greedy tbody tr")
    common = []
    for row, output in zip(rows.all(), (beam.greedy, beam.best), strict=True):
        assert row.locator(".pieces .token").evaluate_all("all => all.map(each => each.title)") == output.pieces
        numbers = (output.log_probability, output.length_normaliser, output.score)
        values = row.locator("data").evaluate_all("all => all.map(each => Number(each.value))")
        assert values == pytest.approx(numbers, rel=1e-9)
        assert row.locator("data").all_inner_texts() == [minus(value) for value in numbers]
        common.append(row.locator(".pieces > span .token").evaluate_all("all => all.map(each => each.title)"))
    assert common[0] == common[1], "what is not marked is in both"
    assert len(common[0]) == longest_common(beam.greedy.pieces, beam.best.pieces), "no more is marked than differs"
    verdict = tree.locator(".beam-verdict").inner_text()
    assert beam.best.log_probability < beam.greedy.log_probability and beam.best.score > beam.greedy.score
    assert verdict.endswith("it wins by its length.")


def longest_common(a, b):
    if not a or not b:
        return 0
    lengths = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            lengths[i + 1, j + 1] = lengths[i, j] + 1 if x == y else max(lengths[i, j + 1], lengths[i + 1, j])
    return lengths[-1, -1]


def test_the_list_tells_every_end(tree, beam, translator):
    tree.locator(".beam-list summary").click()
    rows = tree.locator(".beam-list tbody tr")
    done = sorted(
        (
            (node.score, text)
            for nodes, names in zip(beam.steps, texts(beam, translator), strict=True)
            for node, text in zip(nodes, names, strict=True)
            if node.score is not None
        ),
        reverse=True,
    )
    for row, (score, text) in zip(rows.all(), done, strict=False):
        assert row.locator("bdi").inner_text() == text
        assert row.locator("td").last.inner_text() == minus(score)
    assert all(row.locator("td").last.inner_text() == "–" for row in rows.all()[len(done) :])
    assert rows.count() > len(done)


def test_a_beam_opens_the_tree_and_a_failure_is_told(page, show, translator, beam):
    message = analyse(translator, TEXT, "en", "de", **BEAM)
    show(message, [({"what": "beam", **BEAM}, encode_reply(asdict(beam)))], offers=["beam"])
    expect(page.locator(".tree .node.best")).to_have_count(len(beam.best.pieces))
    page.locator(".beam-controls select").select_option("7")
    expect(page.locator(".beam-message")).to_contain_text("The beam could not be computed: Not in this file")
    expect(page.locator(".tree")).to_be_hidden()
    page.locator(".beam-controls select").select_option("4")
    expect(page.locator(".tree .node.best")).to_have_count(len(beam.best.pieces))
    expect(page.locator(".beam-message")).to_have_text("")


# --- what is not there, and what is not ours ---


def test_hostile_pieces_are_only_text(page, show, drawn, beam):
    message, *_ = drawn
    header, answer = header_of(message), asdict(beam)
    header["axes"]["target"]["writes"][0] = HOSTILE
    header["steps"][0]["pieces"] = [HOSTILE] * 10
    answer["steps"][0][0]["piece"] = answer["best"]["pieces"][0] = HOSTILE
    changed = {"axes": header["axes"], "steps": header["steps"], "offers": ["beam"]}
    show(message, [({"what": "beam", **BEAM}, encode_reply(answer))], **changed)
    page.get_by_role("button", name="Show the beam").click()
    page.wait_for_selector(".tree .node")
    for place in (".so-far", ".steps", ".candidates", ".tree", ".beside-greedy"):
        assert HOSTILE in page.locator(place).inner_text(), place
    assert page.locator(".decoding img").count() == 0


def test_without_records_the_attention_of_each_step_is_still_shown(page, show, drawn):
    message, *_ = drawn
    show(message, steps=[], temperatures=[])
    expect(page.locator(".steps button")).to_have_count(len(header_of(message)["steps"]))
    expect(page.locator(".shaded-readout data").first).not_to_be_empty()
    expect(page.locator(".candidates")).to_be_hidden()
    expect(page.locator(".beam")).to_be_hidden()


def test_without_an_output_a_sentence_says_so(page, show, drawn):
    message, *_ = drawn
    axes = header_of(message)["axes"]
    del axes["target"]["writes"]
    show(message, axes=axes)
    expect(page.locator(".decoding > p")).to_have_text("There is no output here to step through.")
    expect(page.locator(".decoding > div")).to_be_hidden()


def test_nothing_is_cut_off_on_a_telephone(page, show, drawn, beam):
    page.set_viewport_size({"width": 390, "height": 800})
    show(drawn[0], [({"what": "beam", **BEAM}, encode_reply(asdict(beam)))], offers=["beam"])
    page.get_by_role("button", name="Show the beam").click()
    page.wait_for_selector(".tree .node")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".tree-box").evaluate("box => box.scrollWidth > box.clientWidth")
