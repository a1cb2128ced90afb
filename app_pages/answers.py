"""What the attention browser asks of the running model: numbers of one head, what they mean, and pages to take away.

A question is a record with `what`; an answer is bytes, see `viz.browser.encode_reply`. A question that makes no sense
gets a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from app_pages.decodings import NUMBERS
from app_pages.i18n import Translate
from transformer.changes import KINDS, check_head, read
from viz.browser import encode_reply

if TYPE_CHECKING:
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator
    from viz.browser.codes import Room


@dataclass(frozen=True)
class Pass:
    """One translation with everything that was computed: what the questions are about.

    `unchanged` is the message that the browser compares with, and `header` what it was told beside the message.
    """

    translator: Translator
    translation: Translation
    trace: Trace
    text: str
    target: str
    changes: str
    decoding: Mapping[str, Any]
    unchanged: bytes | None
    encode: Callable[[Room], bytes]
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[list[int], list[int]]:
        """Ids of the source and of what was written."""
        return self.translator.source(self.text, self.target), self.translation.ids


class Refusal(ValueError):
    """Why a question has no answer, in the visitor's language."""


# By what each kernel divides what it sums up over the components of q and k.
DIVISORS: dict[str, Callable[[Any, int], float]] = {
    "exponential": lambda kernel, d: kernel.scale or d**0.5,
    "rbf": lambda kernel, d: kernel.divisor * d**0.5,
    "polynomial": lambda kernel, d: kernel.scale,
    "linear": lambda kernel, d: 1.0,
    "linear_nonnegative": lambda kernel, d: 1.0,
}

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
    kernel = done.translator.model.get_submodule(path).kernel
    d_head = arrays["q"].shape[-1]
    plain = config.position.name == "none"
    header = {
        "d_head": d_head,
        "scale": DIVISORS[config.kernel.name](kernel, d_head) if plain else None,
        "degree": getattr(kernel, "degree", 1),
        "coef0": getattr(kernel, "coef0", 0.0),
        "kernel": config.kernel.name,
        "position": config.position.name,
    }
    return header, {**arrays, "visible": visible.float()}


def meaning(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with what five methods say of one query of a head, and how far they agree."""
    from transformer.explanations import METHODS, explain

    path, _head = _place(asked, done, _)
    if not 0 <= asked["query"] < done.trace[f"{path}.weights"].size(-2):
        raise IndexError(asked["query"])
    place = asked["kind"], asked["layer"], asked["head"], asked["query"]
    found = explain(done.translator.model, *done.ids, *place, changes=read(done.changes))
    own = found.axes["raw"]
    header = {
        "methods": [{"id": name, "axis": "key" if found.axes[name] == own else found.axes[name]} for name in METHODS],
        "agreement": found.agreement,
        "explains": _explained(asked, done, _),
        "log_probability": found.log_probability,
    }
    return header, {**found.vectors, "visible": found.visible.float()}


def _explained(asked: Mapping[str, Any], done: Pass, _: Translate) -> str:
    """Say which log-probability gradient and occlusion explain."""
    if asked["kind"] == "encoder":
        return _("the log-probability of the whole translation")
    piece = done.translation.pieces[asked["query"]].replace("\u2581", " ").strip()
    return _("the log-probability of “{piece}”, which this position writes", piece=piece)


def importance(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with what the translation's log-probability changes by where a head of one layer is off, (heads,)."""
    from transformer.importance import head_importance

    _place({**asked, "head": 0}, done, _)
    changed = head_importance(done.translator.model, *done.ids, asked["kind"], asked["layer"], read(done.changes))
    return {}, {"change": changed}


def beam(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with every hypothesis of a beam search, and with what greedy search writes, under the same changes."""
    sizes = {name: _number(asked, name) for name in ("beam_size", "length_penalty")}
    try:
        record = done.translator.beam(done.text, done.target, changes=read(done.changes), **sizes)
    except ValueError as error:  # the beam writes less than the translation with the given piece
        raise Refusal(
            _("A beam ends before the step whose piece is given. Take that change back to see it.")
        ) from error
    return asdict(record), {}


def html(asked: Mapping[str, Any], done: Pass, _: Translate) -> Reply:
    """Answer with an offline page of this translation: it opens as the visitor sees it, with the answers they had."""
    from viz.browser import STRINGS, to_html, with_header, with_reference
    from viz.browser.codes import FILE

    kept = [request for request in asked["had"][:MOST_KEPT] if request["what"] in KEPT]
    replies = [(request, encode_reply(*ANSWERS[request["what"]](request, done, _))) for request in kept]
    message = done.encode(FILE)
    if done.unchanged is not None:
        message = with_reference(message, done.unchanged)
    strings = {key: _(text) for key, text in STRINGS.items()}
    offers = sorted({request["what"] for request in kept})
    told = {name: done.header[name] for name in TOLD if name in done.header}
    opens = asked["view"][:LONGEST_VIEW]
    message = with_header(message, strings=strings, lang=asked["lang"], offers=offers, opens=opens, **told)
    title = _("Attention Atlas: {text}", text=done.text)
    return {}, {"page": to_html(message, title, replies).encode()}


MOST_KEPT = 200
LONGEST_VIEW = 4000  # characters
TOLD = ("model", "file", "reference_name")
KEPT = ("neuron", "meaning", "importance", "beam")
ANSWERS: dict[str, Callable[[Mapping[str, Any], Pass, Translate], Reply]] = {
    "weights": weights,
    "neuron": neuron,
    "meaning": meaning,
    "importance": importance,
    "beam": beam,
    "html": html,
}


def answer(asked: Any, done: Callable[[], Pass], browser: str, _: Translate) -> bytes:
    """Answer a question `{"number": ..., "request": {"what": ...}}`; the browser knows its answer by the number."""
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
    kind, layer, head = asked["kind"], asked["layer"], asked["head"]
    try:
        check_head(done.translator.model.config, kind, layer, head)
    except ValueError as error:
        raise Refusal(_("There is no such head in this model.")) from error
    return KINDS[kind].format(layer), head
