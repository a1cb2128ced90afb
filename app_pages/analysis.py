"""One sentence, translated and traced, as the message that the attention browser draws.

The default sentence's message is shipped beside its model, so that the first picture does not wait for torch:
`python -m app_pages.analysis` writes it. It names the model file's hash, and is used only while that is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from app_pages import head_facts
from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT
from app_pages.languages import DIRECTIONS, split_direction
from app_pages.what_if import to_browser
from transformer.changes import KINDS, check, read
from transformer.model_files import BUNDLED, DEFAULT_MODEL, bundled, checkpoint_hash, names
from viz.browser import decode_header
from viz.browser.codes import PAGE, TOLERANCE, Room

if TYPE_CHECKING:
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator
    from viz.browser import AttentionMap

SHIPPED = BUNDLED / f"{DEFAULT_MODEL}.default.atlas"
OFFERS = (
    "weights",
    "neuron",
    "meaning",
    "importance",
    "beam",
    "html",
    "changes",
)  # what the page answers and does; see `answers`


@cache
def model_hash(name: str) -> str:
    """Hash of a bundled model's file, read once a process."""
    return checkpoint_hash(bundled(name))


class TooLong(ValueError):
    """The text, or what the model wrote for it, has more pieces than a picture has room for."""

    def __init__(self, pieces: int, most: int) -> None:
        super().__init__(f"{pieces} pieces, and {most} are the most")
        self.pieces, self.most = pieces, most


class OtherDirection(ValueError):
    """The model does not translate in this direction; `possible` are those in which it does."""

    def __init__(self, possible: Sequence[str]) -> None:
        super().__init__(f"choose one of the directions {', '.join(possible)}")
        self.possible = possible


class SignedWeights(ValueError):
    """Weights that leave [0, 1], of which a picture of heads would be untrue."""


def record(
    translator: Translator, text: str, target: str, changes: str = "", **decoding: Any
) -> tuple[Translation, Trace]:
    """Translate under the changes (see `transformer.changes`), and record the whole pass over both texts.

    Raises
    ------
    ValueError
        If there is no text, or it cannot be changed so; `TooLong` if it has more pieces than the model reads or
        writes; `OtherDirection` if the model does not write the target language.
    """
    if target not in translator.targets:
        raise OtherDirection([each for each in DIRECTIONS if split_direction(each)[1] in translator.targets])
    sizes = translator.model.config
    pieces = len(translator.tokenizer.source(text, target))
    _check_length(pieces, sizes.max_length)
    made = read(changes)
    check(made, sizes, pieces)
    translation = translator.translate(text, target, changes=made, **decoding)
    return translation, translator.trace(text, target, translation, changes=made)


def analyse(translator: Translator, text: str, source: str, target: str, **decoding: Any) -> bytes:
    """Translate, trace and encode with a bundled model; `decoding` may name changes. Raises what `record` raises."""
    done = record(translator, text, target, **decoding)
    changes = decoding.pop("changes", "")
    return encode(translator, text, source, target, *done, changes, **decoding)


def encode(
    translator: Translator,
    text: str,
    source: str,
    target: str,
    translation: Translation,
    trace: Trace,
    changes: str = "",
    fingerprint: str | None = None,
    room: Room = PAGE,
    **decoding: Any,
) -> bytes:
    """Write a recorded translation as the message of the browser: all heads, and in the header what the page says.

    `fingerprint` is the hash of the file of a model that is not bundled, `room` how many bytes the host takes. Raises
    `SignedWeights` if a weight is not in [0, 1].
    """
    from transformer.candidates import TEMPERATURES, step_candidates
    from transformer.facts import recorded_attention
    from viz.browser import AttentionMap, Axis, encode_attention

    fingerprint = fingerprint or model_hash(translator.name)
    maps = []
    for kind, attention in recorded_attention(trace).items():
        if not (attention.weights.min() > -TOLERANCE and attention.weights.max() < 1 + TOLERANCE):
            raise SignedWeights(f"weights of {kind} from {attention.weights.min()} to {attention.weights.max()}")
        first = f"{KINDS[kind].format(0)}.weights"
        maps.append(AttentionMap(kind, attention.weights, trace.axis(first, "query"), trace.axis(first, "key")))
    kind, layer, head = best_aligned(maps[-1])
    axes = {
        "source": Axis(trace.tokens["source"][0], source),
        "target": Axis(trace.tokens["target"][0], target, trace.tokens["output"][0]),
    }
    return encode_attention(
        maps,
        axes=axes,
        room=room,
        model={"name": translator.name, "hash": fingerprint},
        selection={"kind": kind, "layer": layer, "head": head},
        text=text,
        direction=f"{source}-{target}",
        translation=translation.text,
        temperatures=TEMPERATURES,
        steps=[asdict(step) for step in step_candidates(trace["logits"][0], translation.ids, translator.tokenizer)],
        log_probability=round(translation.score, 4),
        unknown=translator.tokenizer.unknown(text),
        changes=to_browser(read(changes), translator.tokenizer.pieces),
        offers=OFFERS,
        facts=head_facts.on_sentence(trace),
        corpus=head_facts.on_corpus(translator.name, fingerprint) if translator.name in names() else None,
        decoding=decoding,
    )


def best_aligned(cross: AttentionMap) -> tuple[str, int, int]:
    """Find the head of the cross-attention to open with: the one that pairs up the words of both sides most clearly.

    See `transformer.facts.alignment`. Words are the keys between the tag and the end.
    """
    import numpy as np

    from transformer.facts import alignment

    keys = cross.weights.shape[-1]
    clearness = alignment(cross.weights, [0 < key < keys - 1 for key in range(keys)])
    layer, head = divmod(int(np.argmax(clearness)), clearness.shape[1])
    return cross.kind, layer, head


def _check_length(pieces: int, most: int) -> None:
    if pieces > most:
        raise TooLong(pieces, most)


@cache
def shipped() -> bytes | None:
    """Return the default sentence's message, or None if it is missing or of another model file."""
    if not SHIPPED.exists():
        return None
    message = SHIPPED.read_bytes()
    return message if decode_header(message)["model"]["hash"] == model_hash(DEFAULT_MODEL) else None


def make_shipped() -> bytes:
    """Compute the default sentence's message."""
    from transformer.translator import load_translator

    source, target = split_direction(DEFAULT_DIRECTION)
    return analyse(load_translator(DEFAULT_MODEL), DEFAULT_TEXT, source, target)


if __name__ == "__main__":
    SHIPPED.write_bytes(make_shipped())
    print(f"wrote {SHIPPED.name}, {SHIPPED.stat().st_size / 1000:.0f} kB")
