"""Chapter 1: the model as a box that opens."""

from __future__ import annotations

from collections.abc import Sequence

from app_pages.chapters.step import DECODER_SUBLAYERS, Chosen, Draw, Step
from app_pages.chapters.walk import Walk
from app_pages.i18n import Translate
from viz.walkthrough.scene import Figure, Machine


def parameters(walk: Walk) -> dict[str, int]:
    """Count the numbers that training has set, in the whole model and in the parts of a layer."""
    parts = {
        "all": "",
        "embedding": "embedding",
        "encoder_layer": "encoder.layers.0",
        "decoder_layer": "decoder.layers.0",
        "self_attention": "decoder.layers.0.self_attention",
        "cross_attention": "decoder.layers.0.cross_attention",
        "feed_forward": "decoder.layers.0.feed_forward",
    }
    counts = {name: sum(each.numel() for each in walk.part(path).parameters()) for name, path in parts.items()}
    for side in ("encoder", "decoder"):
        layer = walk.part(parts[f"{side}_layer"])
        counts[f"{side}_norms"] = sum(each.numel() for name, each in layer.named_parameters() if "_norm." in name)
    return counts


def machine(level: int) -> Draw:
    def draw(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
        layers = walk.config.num_encoder_layers, walk.config.num_decoder_layers
        return [
            Machine(level, walk.text, walk.languages[0], walk.translation, walk.languages[1], layers, parameters(walk))
        ]

    return draw


STEPS = (
    Step("box", machine(0), code=("transformer.models:EncoderDecoder.forward",)),
    Step("stacks", machine(1), code=("transformer.models:EncoderDecoder.__init__",)),
    Step("layers", machine(2), code=("transformer.models:Stack.forward", "transformer.models:DecoderStack.forward")),
    Step("sublayers", machine(3), code=(DECODER_SUBLAYERS,)),
)
