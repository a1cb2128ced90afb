"""What the attention browser asks of the running model: numbers of one head, what they mean, and pages to take away.

A question is a record with `what`; an answer is bytes, see `viz.browser.encode_reply`. A question that makes no sense
gets a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from app_pages.decodings import NUMBERS
from app_pages.i18n import Translate
from viz.browser import encode_reply

if TYPE_CHECKING:
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator


@dataclass(frozen=True)
class Pass:
    """One translation with everything that was computed: what the questions are about."""

    translator: Translator
    translation: Translation
    trace: Trace
    message: bytes
    text: str
    target: str
    changes: str
    decoding: Mapping[str, Any]


class Refusal(ValueError):
    """Why a question has no answer, in the visitor's language."""


Reply = tuple[dict[str, Any], dict[str, Any]]  # header and arrays


def weights(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with the exact weights of one head, (Q, K)."""
    path, head = _place(asked, done, _)
    return {}, {"weights": done.trace[f"{path}.weights"][0, head]}


def neuron(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with what one head computed on the way to its weights and its output."""
    path, head = _place(asked, done, _)
    arrays = {
        name: done.trace[f"{path}.{name}"][0, head] for name in ("q", "k", "v", "scores", "weights", "head_outputs")
    }
    visible = done.trace[f"{path}.visible"][0, 0].expand_as(arrays["weights"])
    config = getattr(done.translator.model.config, f"{asked['kind']}_attention")
    d_head = arrays["q"].shape[-1]
    plain = config.kernel.name == "exponential" and config.position.name == "none"
    header = {
        "d_head": d_head,
        "scale": (config.kernel.options.get("scale") or d_head**0.5) if plain else None,
        "kernel": config.kernel.name,
        "position": config.position.name,
    }
    return header, {**arrays, "visible": visible.float()}


def beam(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with every hypothesis of a beam search, and with what greedy search writes, under the same changes."""
    from transformer.changes import read

    sizes = {name: _number(asked, name) for name in ("beam_size", "length_penalty")}
    try:
        record = done.translator.beam(done.text, done.target, changes=read(done.changes), **sizes)
    except ValueError as error:  # the beam writes less than the translation with the given piece
        raise Refusal(
            _("A beam ends before the step whose piece is given. Take that change back to see it.")
        ) from error
    return asdict(record), {}


ANSWERS: dict[str, Callable[[Mapping[str, Any], Pass, Translate], Reply]] = {
    "weights": weights,
    "neuron": neuron,
    "beam": beam,
}


def answer(asked: Any, done: Callable[[], Pass], browser: str, _: Translate) -> bytes:
    """Answer a question `{"number": ..., "request": {"what": ...}}` of a browser, which knows its answer by the number."""
    number = asked.get("number") if isinstance(asked, dict) else None
    try:
        request = asked["request"]
        header, arrays = ANSWERS[request["what"]](request, done(), _)
    except Refusal as refusal:
        header, arrays = {"refusal": str(refusal)}, {}
    except (KeyError, TypeError, IndexError, AttributeError):  # the question is not ours: another version of the page
        header, arrays = {"refusal": _("This page is not of this app any more. Load it again.")}, {}
    return encode_reply({**header, "number": number, "browser": browser}, arrays)


def _number(asked: Mapping[str, Any], name: str) -> Any:
    """Return a number of a beam as the page's own choice of decoding has it; TypeError if it could not be."""
    smallest, largest = next(limits for each, *limits in NUMBERS["beam"] if each == name)
    value = asked[name]
    if isinstance(value, bool) or not smallest <= value <= largest or type(smallest)(value) != value:
        raise TypeError(f"{name} is {value!r}")
    return type(smallest)(value)


def _place(asked: Mapping[str, Any], done: Pass, _: Translate) -> tuple[str, int]:
    """Return the path of the attention and the number of the head that a question names."""
    from transformer.changes import KINDS, check_head

    kind, layer, head = asked["kind"], asked["layer"], asked["head"]
    try:
        check_head(done.translator.model.config, kind, layer, head)
    except ValueError as error:
        raise Refusal(_("There is no such head in this model.")) from error
    return KINDS[kind].format(layer), head
