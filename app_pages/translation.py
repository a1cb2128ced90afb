"""What the model makes of the visitor's sentence: the message with every head, and the translation in words."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

import streamlit as st

from app_pages import session
from app_pages.analysis import OtherDirection, SignedWeights, TooLong
from app_pages.decodings import read
from app_pages.i18n import Translate
from app_pages.languages import NAMES, split_direction
from app_pages.models import model_name
from app_pages.what_if import is_changes, of_any_sentence
from app_pages.zoo import ZOO_DIRECTION
from transformer.model_files import CheckpointError, zoo
from viz.browser import decode_header, reference_header


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


def standing_changes(*of: str) -> str:
    """Return what the visitor changed, without what means nothing for another sentence, direction or model."""
    changes = session.remember("changes", "", is_changes)
    if st.session_state.setdefault("changes of", of) != of:
        st.session_state["changes of"] = of
        st.session_state["changes"] = of_any_sentence(changes)
        changes = session.remember("changes", "", is_changes)
    return changes


def translated(
    _: Translate, model: str, text: str, direction: str, decoding: str, changes: str = ""
) -> Standing | None:
    """Translate, and say the translation; where that cannot be done, say why and return None."""
    if not text:
        st.info(_("Type a sentence above, or pick one of the examples."))
        return None
    try:
        with st.spinner(_("Translating, and recording every head …"), show_time=False):
            standing = _stand(_, model, text, direction, decoding, changes)
    except TooLong as error:
        st.warning(
            _(
                "Too long for one picture: {pieces} word pieces; at most {most} fit. Please shorten the sentence.",
                pieces=error.pieces,
                most=error.most,
            )
        )
        return None
    except OtherDirection as error:
        _offer_directions(_, model, error.possible)
        return None
    except SignedWeights:
        st.warning(
            _(
                "The weights of the model “{model}” leave the range from 0 to 1 here, so its heads cannot be drawn. "
                "Choose another model.",
                model=model_name(model),
            )
        )
        return None
    except CheckpointError as error:  # a visitor can only choose; whoever runs the server reads why
        logging.getLogger(__name__).error("%s", error)
        st.error(_("The model “{model}” cannot be loaded here. Choose another one.", model=model_name(model)))
        return None
    _say_translation(_, standing)
    return standing


def _stand(_: Translate, model: str, text: str, direction: str, decoding: str, changes: str) -> Standing:
    """Return what comes of the changes; where nothing can be changed so, what comes without, and say it."""
    if model in zoo() and direction != ZOO_DIRECTION:
        raise OtherDirection([ZOO_DIRECTION])
    try:
        message = session.attention(model, text, direction, changes, **read(decoding))
    except (TooLong, OtherDirection, SignedWeights, CheckpointError):
        raise
    except ValueError:
        if not changes:
            raise
        st.session_state["changes"] = ""
        session.remember("changes", "", is_changes)
        st.warning(_("This cannot be changed so for this sentence and this model; the changes were taken back."))
        return _stand(_, model, text, direction, decoding, "")
    return Standing(model, text, direction, decoding, changes, message)


def _offer_directions(_: Translate, model: str, possible: Sequence[str]) -> None:
    """Say in which directions a model translates, with a button for each."""
    st.info(
        _("The model “{model}” does not translate in this direction. Choose one of its own:", model=model_name(model))
    )
    with st.container(horizontal=True):
        for direction in possible:
            names = " → ".join(_(NAMES[each]) for each in split_direction(direction))
            st.button(names, key=f"turn {model} {direction}", on_click=_turn, args=(direction,))


def _turn(direction: str) -> None:
    st.session_state["direction"] = direction


def _say_translation(_: Translate, standing: Standing) -> None:
    header, before = decode_header(standing.message), reference_header(standing.message)
    said = _(
        "The model “{model}” wrote this. Word pieces: {steps}, one at a time. Log-probability: {score}.",
        model=model_name(standing.model),
        steps=len(header["steps"]),
        score=_signed(header["log_probability"]),
    )
    empty = _("The model wrote nothing.")
    nothing = f"<i>{escape(empty)}</i>"
    if before is None:
        translation, quiet = escape(header["translation"]) or nothing, f"<p class='atlas-quiet'>{escape(said)}</p>"
    else:
        new, old = mark_differences(header["translation"], before["translation"], standing.target)
        changed = header["log_probability"] - before["log_probability"]
        translation = new or nothing
        change = _("Change: {change}.", change=_signed(changed))
        same = header["translation"] == before["translation"]
        unchanged = _("The translation stays the same.") if same else _("Unchanged, it writes:")
        old = "" if same else old or nothing
        quiet = (
            f'<p class="atlas-quiet">{escape(said)} {escape(change)}</p>'
            f'<p class="atlas-quiet atlas-before">{escape(unchanged)} '
            f'<span lang="{standing.target}">{old}</span></p>'
        )
    st.html(f'<p class="atlas-translation" lang="{standing.target}">{translation}</p>{quiet}')


def _signed(number: float) -> str:
    if 0 < abs(number) < 0.005:
        return "<0.01" if number > 0 else ">\u22120.01"
    return f"{number:.2f}".replace("-", "\u2212")


def mark_differences(new: str, old: str, language: str) -> tuple[str, str]:
    """Mark in both texts, as HTML, the words (in Japanese: the characters) in which they differ."""
    parts = [list(text) if language == "ja" else re.findall(r"\s*\S+", text) for text in (new, old)]
    marked: tuple[list[str], list[str]] = ([], [])
    bare = [[part.strip() or part for part in side] for side in parts]
    for kind, *ends in SequenceMatcher(None, bare[0], bare[1], autojunk=False).get_opcodes():
        for side, (start, end) in enumerate((ends[:2], ends[2:])):
            run = "".join(parts[side][start:end])
            words = run.lstrip()
            space, words = run[: len(run) - len(words)], escape(words)
            marked[side].append(space + (words if kind == "equal" or not words else f"<mark>{words}</mark>"))
    return "".join(marked[0]), "".join(marked[1])
