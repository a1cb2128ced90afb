"""The walkthrough: The Illustrated Transformer, every picture computed from the visitor's own sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.chapters import NAMES, chapter
from app_pages.chapters.ahead import look_ahead
from app_pages.chapters.show import code
from app_pages.chapters.step import Choice, Step
from app_pages.chapters.walk import Walk, follows_the_paper
from app_pages.decodings import read
from app_pages.i18n import Translate, translator
from app_pages.lessons import Section, fill, lesson
from app_pages.translation import Standing
from app_pages.walkthrough_class import hidden, link_popover, present_button, presenting, style, visible_chapters
from app_pages.walkthrough_picture import walkthrough_picture
from viz.browser import decode_header

ARTICLE = "https://jalammar.github.io/illustrated-transformer/"
FEW = 8  # options that stand side by side


def place() -> tuple[int, int]:
    """Chapter and step of the address, from 1 on; a step or a chapter that is not there is the first that is."""
    chapters = visible_chapters(len(NAMES))
    number = int(session.remember("chapter", str(chapters[0]), lambda text: text in map(str, chapters)))
    if number not in chapters:
        number = chapters[0]
        go(number, 1)
    count = len(chapter(number).steps)
    step = session.remember("step", "1", lambda text: text in map(str, range(1, count + 1)))
    if int(step) > count:
        st.session_state["step"] = step = "1"
    return number, int(step)


def go(number: int, step: int) -> None:
    """Open a step; the address gets chapter and step at once, so that the way back leads past no mixture of two."""
    st.session_state["chapter"], st.session_state["step"] = str(number), str(step)
    usual = {"chapter": str(visible_chapters(len(NAMES))[0]), "step": "1"}
    address = {**dict(st.query_params), "chapter": str(number), "step": str(step)}
    st.query_params.from_dict({key: value for key, value in address.items() if usual.get(key) != value})


def all_places() -> list[tuple[int, int]]:
    """Chapters and steps in the order of the walk."""
    return [(each, step) for each in visible_chapters(len(NAMES)) for step in range(1, len(chapter(each).steps) + 1)]


def navigation(number: int, step: int, language: str, _: Translate) -> None:
    """Show where one is, and the ways on."""
    places = all_places()
    at = places.index((number, step))
    titles = {each: lesson(each, language).title for each in visible_chapters(len(NAMES))}
    with st.container(horizontal=True, vertical_alignment="center", key="walk_navigation"):
        for text, key, about, shortcut, to in (
            ("‹", "walk_back", _("Back"), "Left", at - 1),
            ("›", "walk_forward", _("Forward"), "Right", at + 1),
        ):
            there = 0 <= to < len(places)
            target = places[to] if there else (number, step)
            st.button(text, key=key, help=about, shortcut=shortcut, disabled=not there, on_click=go, args=target)
        key = f"walk_chapter {language}"
        st.session_state[key] = number
        st.selectbox(
            _("Chapter"),
            list(titles),
            format_func=lambda each: f"{each} · {titles[each]}",
            key=key,
            on_change=lambda: go(st.session_state[key], 1),
            label_visibility="collapsed",
            width=280,
        )
        steps = chapter(number).steps
        sections = lesson(number, language).sections
        key_step = f"walk_step {number} {language}"
        st.session_state[key_step] = step
        st.segmented_control(
            _("Step"),
            range(1, len(steps) + 1),
            format_func=lambda each: f"{each} · {sections[steps[each - 1].name].heading}",
            key=key_step,
            on_change=lambda: go(number, st.session_state[key_step] or step),
            label_visibility="collapsed",
        )
        st.space("stretch")
        present_button(_)
        if not presenting():
            link_popover(titles, number, _)
    st.progress((at + 1) / len(places))


def chosen_before(choice: Choice, walk: Walk, count: int) -> int:
    """The option in the link or chosen before, in any chapter that has the choice; else the one open at first.

    The address counts from 1, as the page does. What is open at first is of the sentence, and is not written there.
    """
    first = str(choice.first(walk) + 1)
    kept = session.remember(choice.address, "", {"", *map(str, range(1, count + 1))}.__contains__)
    # Another sentence or model may lack what was chosen for the one before.
    return int(kept if kept.isdecimal() and 1 <= int(kept) <= count else first) - 1


def choose(choices: tuple[Choice, ...], walk: Walk, language: str, _: Translate) -> tuple[int, ...]:
    """Show a step's choices side by side; what was chosen stays for other chapters, and is in the link."""
    if not choices:
        return ()
    chosen = []
    with st.container(horizontal=True, key="walk_choices"):
        for choice in choices:
            options = choice.options(walk)
            option = chosen_before(choice, walk, len(options))
            key = f"walk {choice.address} {language}"
            st.session_state[key] = option

            def remember(choice: Choice = choice) -> None:
                for each in choices:
                    kept = st.session_state[f"walk {each.address} {language}"]
                    if kept is not None and (each is choice or (each.together and each.together == choice.together)):
                        st.session_state[each.address] = str(kept + 1)

            texts = [_(text, **values) for text, values in options]
            label, each, text = _(choice.label), range(len(options)), texts.__getitem__
            if len(options) <= FEW:
                st.segmented_control(label, each, format_func=text, key=key, on_change=remember)
            else:
                st.selectbox(label, each, format_func=text, key=key, on_change=remember, width=220)
            chosen.append(option)
    return tuple(chosen)


def prose(lead: str, section: Section, facts: Mapping[str, Any], step: Step, at: str, _: Translate) -> None:
    """Show a step's text, formula and question; what is opened is so at this place only."""
    st.caption(lead)
    st.subheader(section.heading, anchor=False)
    st.markdown(fill(section.text, facts))
    if "Formula" in section.parts:
        st.markdown(section.parts["Formula"].replace("$$", "\n$$\n"))  # lines of its own: in full size
    note = "Other note" if facts.get("other_sentence") and "Other note" in section.parts else "Note"
    if note in section.parts:
        st.caption(fill(section.parts[note], facts))
    if "Question" in section.parts:
        with st.container(border=True):
            before = _("Before you look")
            st.markdown(f"**{before}** — {fill(section.parts['Question'], facts)}")
            if "answers" not in hidden():
                with st.expander(_("The answer"), key=f"answer {at}"):
                    other = facts.get("other_answer") and "Other answer" in section.parts
                    st.markdown(fill(section.parts["Other answer" if other else "Answer"], facts))
    for page, label in step.onward:
        st.page_link(page, label=_(label), icon=":material/arrow_forward:")


def show_code(step: Step, at: str, _: Translate) -> None:
    """Show what computes a step, as wide as the page: its lines are long."""
    if step.code and "code" not in hidden():
        with st.expander(_("Show me the code"), key=f"code {at}"):
            for reference in step.code:
                where, lines = code(reference)
                st.caption(where)
                st.code(lines, language="python")


@st.fragment
def leaf(model: str, message: bytes, language: str) -> None:
    """Show one step of one chapter; turning the leaf runs only this."""
    _ = translator(language)
    number, step = place()
    style()
    header = decode_header(message)
    sentence = (
        model,
        header["text"],
        header["direction"],
        tuple(header["axes"]["target"]["writes"]),
        header["translation"],
    )
    walk = session.walk(*sentence)
    if not follows_the_paper(walk.config):
        st.info(_("The chapters follow a model built as the paper's; this one is built otherwise. Choose another one."))
        return
    navigation(number, step, language, _)
    shown = chapter(number).steps[step - 1]
    told = lesson(number, language)
    text, picture = st.columns([4, 9], gap="large")
    with picture:
        chosen = choose(shown.choices, walk, language, _)
        with st.spinner(_("Computing …"), show_time=False):
            scene, facts = session.scene(sentence, number, step - 1, chosen, language)
        walkthrough_picture(scene, key="walkthrough_picture")
    with text:
        prose(fill(told.lead, facts), told.sections[shown.name], facts, shown, f"{number} {step}", _)
    show_code(shown, f"{number} {step}", _)
    look_ahead(walk)


language = st.session_state.get("language", "en")
standing: Standing | None = st.session_state.get("standing")
_ = translator(language)
if standing is not None:
    message = standing.message
    if standing.changes:
        st.info(_("What you changed in the heads is left out here: the walkthrough shows the model as it is."))
        message = session.attention(standing.model, standing.text, standing.direction, **read(standing.decoding))
    leaf(standing.model, message, language)
st.caption(
    _(
        "After Jay Alammar's [The Illustrated Transformer]({article}) (CC BY-NC-SA): its order of ideas; "
        "the text, the pictures and the numbers here are our own.",
        article=ARTICLE,
    )
)
