"""One sentence, translated and traced, as the message that the attention browser draws.

The default sentence's message is shipped beside its model, so that the first picture does not wait for torch:
`python -m app_pages.analysis` writes it. It names the model file's hash, and is used only while that is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from app_pages.examples import DEFAULT_DIRECTION, DEFAULT_TEXT
from app_pages.languages import split_direction
from app_pages.what_if import to_browser
from transformer.changes import KINDS, check, num_layers, read
from transformer.model_files import BUNDLED, DEFAULT_MODEL, bundled, checkpoint_hash
from viz.browser import decode_header

if TYPE_CHECKING:
    from transformer.config import ModelConfig
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator
    from viz.browser import AttentionMap

LONGEST = 128  # pieces a side, tag and end counted
LARGEST = 2_500_000  # bytes of a message: what a browser on a school's network takes at once
SHIPPED = BUNDLED / f"{DEFAULT_MODEL}.default.atlas"
OFFERS = ("weights", "neuron", "changes")  # what the page answers and does; see `answers`


@cache
def model_hash(name: str) -> str:
    """Hash of a bundled model's file, read once a process."""
    return checkpoint_hash(bundled(name))


class TooLong(ValueError):
    """The text, or what the model wrote for it, has more pieces than a picture has room for."""

    def __init__(self, pieces: int, most: int) -> None:
        super().__init__(f"{pieces} pieces, and {most} are the most")
        self.pieces, self.most = pieces, most


def longest(config: ModelConfig) -> int:
    """How many pieces a side a message of this model has room for, at 16 bits a weight."""
    maps = config.num_heads * (config.num_encoder_layers + 2 * config.num_decoder_layers)
    return min(LONGEST, math.isqrt(LARGEST // (2 * maps)))


def record(
    translator: Translator, text: str, target: str, changes: str = "", **decoding: Any
) -> tuple[Translation, Trace]:
    """Translate under the changes (see `transformer.changes`), and record the whole pass over both texts.

    Raises
    ------
    ValueError
        If there is no text, or it cannot be changed so; `TooLong` if it has more pieces than `longest` allows.
    """
    sizes = translator.model.config
    pieces = len(translator.tokenizer.source(text, target))
    _check_length(pieces, longest(sizes))
    made = read(changes)
    check(made, sizes, pieces)
    translation = translator.translate(text, target, changes=made, **decoding)
    _check_length(len(translation.steps), longest(sizes))
    return translation, translator.trace(text, target, translation, changes=made)


def analyse(
    translator: Translator,
    text: str,
    source: str,
    target: str,
    *,
    changes: str = "",
    fingerprint: str | None = None,
    **decoding: Any,
) -> bytes:
    """Translate, trace and encode: all weights of every head, and in the header what the page says.

    `fingerprint` is the hash of a model that is not bundled. Raises what `record` raises.
    """
    translation, trace = record(translator, text, target, changes, **decoding)
    return encode(translator, text, source, target, translation, trace, changes, fingerprint, decoding)


def encode(
    translator: Translator,
    text: str,
    source: str,
    target: str,
    translation: Translation,
    trace: Trace,
    changes: str = "",
    fingerprint: str | None = None,
    decoding: Mapping[str, Any] | None = None,
) -> bytes:
    """Write a recorded translation as the message of the browser; `decoding` is named where it was not greedy."""
    import numpy as np

    from viz.browser import AttentionMap, Axis, encode_attention

    maps = []
    for kind, path in KINDS.items():
        paths = [f"{path.format(layer)}.weights" for layer in range(num_layers(translator.model.config, kind))]
        weights = np.stack([trace[path][0].numpy() for path in paths])
        maps.append(AttentionMap(kind, weights, trace.axis(paths[0], "query"), trace.axis(paths[0], "key")))
    kind, layer, head = best_aligned(maps[-1])
    axes = {
        "source": Axis(trace.tokens["source"][0], source),
        "target": Axis(trace.tokens["target"][0], target, trace.tokens["output"][0]),
    }
    return encode_attention(
        maps,
        axes=axes,
        model={"name": translator.name, "hash": fingerprint or model_hash(translator.name)},
        selection={"kind": kind, "layer": layer, "head": head},
        text=text,
        direction=f"{source}-{target}",
        translation=translation.text,
        steps=[
            {
                "probability": _short(math.exp(step.log_probability)),
                "candidates": [(piece, _short(probability)) for piece, probability in step.candidates],
            }
            for step in translation.steps
        ],
        log_probability=translation.score,
        unknown=translator.tokenizer.unknown(text),
        changes=to_browser(read(changes), translator.tokenizer.pieces),
        offers=OFFERS,
        **({"decoding": dict(decoding)} if decoding else {}),
    )


def best_aligned(cross: AttentionMap) -> tuple[str, int, int]:
    """Find the head of the cross-attention to open with: the one that pairs up the words of both sides most clearly.

    Words are the keys between the tag and the end. A pairing is clear where each query has one word that it gives
    most to, and each word one query that it gets most from: a head that looks at one word only is not.
    """
    words = cross.weights[..., 1:-1]
    clearness = words.max(-1).mean(-1) + words.max(-2).mean(-1)
    layer, head = divmod(int(clearness.argmax()), clearness.shape[1])
    return cross.kind, layer, head


def _short(probability: float) -> float:
    """Keep four digits, however small it is."""
    return float(f"{probability:.4g}")


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
