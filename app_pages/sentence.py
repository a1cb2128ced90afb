"""The sentence bar: the sentence, its direction, model and examples, and the translation. The same on every page."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from html import escape
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import streamlit as st

from app_pages import session
from app_pages.analysis import TooLong
from app_pages.decodings import choose_decoding, read
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT, EXAMPLES, same_example
from app_pages.i18n import Translate
from app_pages.languages import DIRECTIONS, NAMES, looks_like, split_direction
from app_pages.what_if import is_changes, of_any_sentence
from transformer.model_files import CheckpointError, names
from viz.browser import decode_header, reference_header

MOST_CHARACTERS = 2000  # far above what fits, so that a pasted text is answered, not swallowed
UNUSUAL_LENGTH = 40  # pieces; hardly any training sentence has more


@dataclass(frozen=True)
class Standing:
    """What the visitor chose, and the message with every head that came of it."""

    model: str
    text: str
    direction: str
    decoding: str
    changes: str
    message: bytes

    @property
    def target(self) -> str:
        return split_direction(self.direction)[1]


def sentence_bar(language: str, _: Translate) -> Standing | None:
    """Let the visitor choose; return what stands, or None if there is nothing to show."""
    with st.container(key="sentence_bar"):
        columns = st.columns([10, 5, 3, 4, 3], vertical_alignment="bottom")
        with columns[1]:
            direction = _choose_direction(language, _)
        source = split_direction(direction)[0]
        with columns[2]:
            models = names()
            session.remember("model", models[0], models.__contains__)
            model = st.selectbox(_("Model"), models, key="model")
        with columns[3]:
            decoding = choose_decoding(language, _)
        with columns[4]:
            key = f"example {source}"  # a widget of its own for each list: the browser keeps what was shown
            sentences = [example[source] for example in EXAMPLES]
            placeholder = _("Pick one")
            st.selectbox(
                _("Examples"), sentences, index=None, placeholder=placeholder, key=key, on_change=_take, args=(key,)
            )
        with columns[0]:
            session.remember("text", DEFAULT_TEXT, lambda text: len(text) <= MOST_CHARACTERS)
            placeholder = _("Type a sentence, then press Enter")
            text = st.text_input(_("Your sentence"), max_chars=MOST_CHARACTERS, placeholder=placeholder, key="text")
        return _translated(_, model, text.strip(), direction, decoding)


def _choose_direction(language: str, _: Translate) -> str:
    """Show the select box with the labels of one language; the choice itself is kept apart from the labels."""
    direction = session.remember("direction", DEFAULT_DIRECTION, DIRECTIONS.__contains__)
    key = f"direction {language}"
    st.session_state[key] = direction
    st.selectbox(
        _("Direction"),
        DIRECTIONS,
        format_func=lambda d: " → ".join(_(NAMES[each]) for each in split_direction(d)),
        key=key,
        on_change=_turn_to_shown,
        args=(key,),
    )
    return direction


def _standing_changes(*of: str) -> str:
    """Return what the visitor changed, without what means nothing for another sentence, direction or model."""
    changes = session.remember("changes", "", is_changes)
    if st.session_state.setdefault("changes of", of) != of:
        st.session_state["changes of"] = of
        st.session_state["changes"] = of_any_sentence(changes)
        changes = session.remember("changes", "", is_changes)
    return changes


def _translated(_: Translate, model: str, text: str, direction: str, decoding: str) -> Standing | None:
    if not text:
        st.info(_("Type a sentence above, or pick one of the examples."))
        return None
    changes = _standing_changes(model, text, direction)
    try:
        with st.spinner(_("Translating, and recording every head …"), show_time=False):
            message = _message(_, model, text, direction, decoding, changes)
    except TooLong as error:
        st.warning(
            _(
                "Too long for one picture: {pieces} word pieces; at most {most} fit. Please shorten the sentence.",
                pieces=error.pieces,
                most=error.most,
            )
        )
        return None
    except CheckpointError as error:  # a visitor can only choose; whoever runs the server reads why
        logging.getLogger(__name__).error("%s", error)
        st.error(_("The model “{model}” cannot be loaded here. Choose another one.", model=model))
        return None
    standing = Standing(model, text, direction, decoding, st.session_state["changes"], message)
    _say_translation(_, standing)
    _hints(_, text, direction, decode_header(message))
    return standing


def _message(_: Translate, model: str, text: str, direction: str, decoding: str, changes: str) -> bytes:
    """Return the message of the changed model; where it cannot be changed so, of the unchanged one, and say it."""
    try:
        return session.attention(model, text, direction, changes, **read(decoding))
    except TooLong:
        raise
    except ValueError:
        if not changes:
            raise
        st.session_state["changes"] = ""
        session.remember("changes", "", is_changes)
        st.warning(_("This cannot be changed so for this sentence and this model; the changes were taken back."))
        return session.attention(model, text, direction, **read(decoding))


def _say_translation(_: Translate, standing: Standing) -> None:
    header, before = decode_header(standing.message), reference_header(standing.message)
    said = _(
        "The model “{model}” wrote this. Word pieces: {steps}, one at a time. Log-probability: {score}.",
        model=standing.model,
        steps=len(header["steps"]),
        score=_signed(header["log_probability"]),
    )
    nothing = f"<i>{escape(_('The model wrote nothing.'))}</i>"
    if before is None:
        translation, quiet = escape(header["translation"]) or nothing, f"<p class='atlas-quiet'>{escape(said)}</p>"
    else:
        new, old = mark_differences(header["translation"], before["translation"], standing.target)
        changed = header["log_probability"] - before["log_probability"]
        translation = new or nothing
        quiet = (
            f'<p class="atlas-quiet">{escape(said)} {escape(_("Change: {change}.", change=_signed(changed)))}</p>'
            f'<p class="atlas-quiet atlas-before">{escape(_("Unchanged, it writes:"))} '
            f'<span lang="{standing.target}">{old or nothing}</span></p>'
        )
    st.html(f'<p class="atlas-translation" lang="{standing.target}">{translation}</p>{quiet}')


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "\u2212")


def mark_differences(new: str, old: str, language: str) -> tuple[str, str]:
    """Mark in both texts, as HTML, the words (in Japanese: the characters) in which they differ."""
    parts = [list(text) if language == "ja" else re.findall(r"\s*\S+", text) for text in (new, old)]
    marked: tuple[list[str], list[str]] = ([], [])
    for kind, *ends in SequenceMatcher(None, *parts, autojunk=False).get_opcodes():
        for side, (start, end) in enumerate((ends[2:], ends[:2])[::-1]):
            run = escape("".join(parts[side][start:end]))
            marked[side].append(run if kind == "equal" or not run else f"<mark>{run}</mark>")
    return "".join(marked[0]), "".join(marked[1])


def _hints(_: Translate, text: str, direction: str, header: Mapping[str, Any]) -> None:
    source, target = split_direction(direction)
    seen = looks_like(text)
    if seen and seen != source:
        hint, button = st.columns([7, 3], vertical_alignment="center")
        languages = {"seen": _(NAMES[seen]), "source": _(NAMES[source]), "target": _(NAMES[target])}
        hint.info(_("This looks like {seen}, but the direction is {source} → {target}.", **languages))
        other = f"{seen}-en" if seen != "en" else f"en-{source}"
        button.button(
            _("Translate from {seen}", **languages), key="follow_hint", on_click=_turn, args=(other,), width="stretch"
        )
    if header["unknown"]:
        characters = " ".join(header["unknown"])
        st.info(_("Not in the model's vocabulary, read as <unk>: {characters}", characters=characters))
    if len(header["axes"]["source"]["tokens"]) > UNUSUAL_LENGTH:
        st.info(
            _(
                "Longer than the sentences this model learned from: expect mistakes, in the translation and "
                "in the heads."
            )
        )


def _take(key: str) -> None:
    st.session_state["text"] = st.session_state[key] or st.session_state["text"]
    st.session_state[key] = None


def _turn_to_shown(key: str) -> None:
    _turn(st.session_state[key])
    source = split_direction(st.session_state["direction"])[0]
    # An example keeps what it says; a sentence of the visitor's own stays as it is.
    st.session_state["text"] = same_example(st.session_state["text"], source) or st.session_state["text"]


def _turn(direction: str) -> None:
    st.session_state["direction"] = direction
