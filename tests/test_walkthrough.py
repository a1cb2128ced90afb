"""The walkthrough without a browser: turning its leaves, its links, and what a class is not shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app_pages.chapters import NAMES, chapter
from app_pages.chapters.self_attention import SENTENCES
from app_pages.chapters.show import code
from app_pages.chapters.walk import follows_the_paper
from app_pages.lessons import lesson
from app_pages.walkthrough_class import class_link
from transformer.config import PRESETS, preset

APP = str(Path(__file__).parent.parent / "app.py")
SMALL = {"model": "small", "text": "I am a student."}


@pytest.fixture
def open_walk() -> Callable[..., AppTest]:
    def open_with(**address: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        for key, value in {**SMALL, **address}.items():
            app.query_params[key] = value
        app.switch_page("app_pages/walkthrough.py").run()
        assert not app.exception
        return app

    return open_with


def heading(app: AppTest) -> str:
    return app.subheader[0].value


def headings(number: int, language: str = "en") -> Sequence[str]:
    return [section.heading for section in lesson(number, language).sections.values()]


def place(app: AppTest) -> tuple[str, str]:
    read = {key: app.query_params.get(key, ["1"]) for key in ("chapter", "step")}
    return tuple(value[0] if isinstance(value, list) else value for value in read.values())


@pytest.mark.parametrize("number", range(1, len(NAMES) + 1))
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_step_opens_by_its_link(open_walk: Callable[..., AppTest], number: int, language: str) -> None:
    app = open_walk(lang=language, chapter=str(number))
    assert heading(app) == headings(number, language)[0]
    for step in range(2, len(chapter(number).steps) + 1):
        app.query_params["step"] = str(step)
        app.run()
        assert not app.exception
        assert heading(app) == headings(number, language)[step - 1]


def test_forward_and_back_through_steps_and_chapters(open_walk: Callable[..., AppTest]) -> None:
    app = open_walk(chapter="1", step="4")
    app.button(key="walk_forward").click().run()
    assert (heading(app), place(app)) == (headings(2)[0], ("2", "1"))
    app.button(key="walk_back").click().run()
    assert (heading(app), place(app)) == (headings(1)[3], ("1", "4"))
    assert open_walk().button(key="walk_back").disabled
    assert open_walk(chapter=str(len(NAMES)), step="2").button(key="walk_forward").disabled


def test_a_choice_stays_from_chapter_to_chapter(open_walk: Callable[..., AppTest]) -> None:
    app = open_walk(chapter="5", step="2")
    other = (app.segmented_control(key="walk encoder_layer en").value + 1) % 4  # than the one open at first
    app.segmented_control(key="walk encoder_layer en").set_value(other).run()
    for _turn in range(2):
        app.button(key="walk_forward").click().run()
    assert app.segmented_control(key="walk encoder_layer en").value == other
    assert app.query_params["encoder_layer"] in (str(other + 1), [str(other + 1)])


@pytest.mark.parametrize("chosen", ["layer", "head"])
def test_a_layer_and_its_head_stay_together_for_another_sentence(
    open_walk: Callable[..., AppTest], chosen: str
) -> None:
    def shown(app: AppTest) -> list[int]:
        return [app.segmented_control(key=f"walk encoder_{name} en").value for name in ("layer", "head")]

    other = "The cat sleeps on the old table."
    first = shown(open_walk(chapter="5", step="2"))
    assert all(
        here != there for here, there in zip(first, shown(open_walk(chapter="5", step="2", text=other)), strict=True)
    )
    app = open_walk(chapter="5", step="2")
    now = dict(zip(("layer", "head"), first, strict=True))
    now[chosen] = (now[chosen] + 1) % 4
    app.segmented_control(key=f"walk encoder_{chosen} en").set_value(now[chosen]).run()
    assert [app.query_params[f"encoder_{name}"] for name in now] in (
        [str(each + 1) for each in now.values()],
        [[str(each + 1)] for each in now.values()],
    )
    app.query_params["text"] = other
    app.run()
    assert app.session_state["standing"].text == other
    assert shown(app) == list(now.values())


def test_a_choice_comes_back_by_its_link(open_walk: Callable[..., AppTest]) -> None:
    def chosen(app: AppTest) -> list[int]:
        return [
            app.segmented_control(key=f"walk {name} en").value for name in ("product", "encoder_layer", "encoder_head")
        ]

    app = open_walk(chapter="6", product="3", encoder_layer="2", encoder_head="1")
    assert chosen(app) == [2, 1, 0]
    first = chosen(open_walk(chapter="6"))
    assert first == chosen(open_walk(chapter="6", product="9", encoder_layer="0", encoder_head="x"))


@pytest.mark.parametrize("address", [{"chapter": "99"}, {"chapter": "x"}, {"chapter": "2", "step": "9"}])
def test_a_nonsensical_link_opens_a_first_step(open_walk: Callable[..., AppTest], address: dict[str, str]) -> None:
    number = 2 if address["chapter"] == "2" else 1
    assert heading(open_walk(**address)) == headings(number)[0]


def test_a_class_is_not_shown_what_the_link_leaves_out(open_walk: Callable[..., AppTest]) -> None:
    def expanders(app: AppTest) -> list[str]:
        return [each.label for each in app.expander]

    assert {"The answer", "Show me the code"} <= set(expanders(open_walk(chapter="4")))
    app = open_walk(chapter="4", hide="answers,code,5,6")
    assert not {"The answer", "Show me the code"} & set(expanders(app))
    app.button(key="walk_forward").click().run()
    app.button(key="walk_forward").click().run()
    assert place(app) == ("7", "1")
    assert heading(open_walk(chapter="5", hide="1,5")) == headings(2)[0]


def test_the_note_on_it_is_of_the_articles_sentence_only(open_walk: Callable[..., AppTest]) -> None:
    notes = lesson(4, "en").sections["links"].parts

    def captions(text: str) -> list[str]:
        return [each.value for each in open_walk(chapter="4", text=text).caption]

    own, other = captions(SENTENCES["tired"]), captions("I am a student.")
    assert notes["Note"] in own and notes["Other note"] not in own
    assert notes["Other note"] in other and notes["Note"] not in other


def test_presenting_is_in_the_address(open_walk: Callable[..., AppTest]) -> None:
    app = open_walk()
    app.button(key="walk_present").click().run()
    assert app.query_params["present"] in ("1", ["1"])
    app.button(key="walk_present").click().run()
    assert "present" not in app.query_params


def test_a_link_for_a_class_keeps_the_rest_of_the_address() -> None:
    link = class_link("http://host:1/walkthrough?x=1", {"text": "Ça & là", "hide": "2"}, ["answers", "3"])
    assert link == "http://host:1/walkthrough?x=1&text=%C3%87a+%26+l%C3%A0&hide=answers,3"
    assert class_link("http://host:1/walkthrough", {"hide": "2"}, []) == "http://host:1/walkthrough"


@pytest.mark.parametrize(
    "reference", sorted({each for n in range(1, len(NAMES) + 1) for s in chapter(n).steps for each in s.code})
)
def test_the_code_shown_is_the_code_that_runs(reference: str) -> None:
    where, lines = code(reference)
    file, _, first = where.partition(":")
    text = [line.strip() for line in (Path(APP).parent / file).read_text("utf-8").splitlines()]
    shown = [line.strip() for line in lines.splitlines()]
    assert file.startswith("transformer/")
    assert text[int(first) - 1] == shown[0]
    _module, name, *part = reference.split(":", 2)
    if part:
        assert text[int(first) - 1 : int(first) - 1 + len(shown)] == shown
        begin, _, end = part[0].partition(" … ")
        assert shown[0].startswith(begin) and shown[-1].startswith(end)
    else:
        rest = iter(text[int(first) - 1 :])
        assert all(line in rest for line in shown)  # in this order, without the docstring
        assert any(f"{kind} {name.rpartition('.')[2]}" in lines for kind in ("def", "class"))


def test_the_code_of_a_step_is_read_at_a_glance() -> None:
    for number in range(1, len(NAMES) + 1):
        for step in chapter(number).steps:
            assert sum(len(code(each)[1].splitlines()) for each in step.code) <= 25, step.name


def test_a_model_of_another_build_is_told_apart() -> None:
    sizes = {"vocab_size": 8, "d_model": 16, "num_heads": 2, "d_ff": 16}
    assert follows_the_paper(preset("vaswani", **sizes))
    for other in sorted(set(PRESETS) - {"vaswani"}):
        assert not follows_the_paper(preset(other, **sizes)), other
    assert not follows_the_paper(preset("vaswani", **sizes, norm="pre"))
