"""What all chapters compute from: a model, a sentence, what was written for it, and the trace of both."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from viz.walkthrough.scene import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from transformer.config import ModelConfig
    from transformer.trace import Trace
    from transformer.translator import Translator

REFERENT = ("▁it", "▁animal")  # the article's question: what does 'it' refer to?


class Link(NamedTuple):
    """The encoder head that gives most from one word to another."""

    query: int
    key: int
    layer: int
    head: int
    weight: float


@dataclass(frozen=True)
class Walk:
    """One sentence on its way through one model; arrays are (…) of the only sentence of the batch."""

    translator: Translator
    text: str
    translation: str
    languages: tuple[str, str]
    source_ids: Sequence[int]
    written_ids: Sequence[int]
    trace: Trace
    _kept: dict[str, Any] = field(default_factory=dict)
    _making: dict[str, threading.Lock] = field(default_factory=dict)

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Compute what several ask for once; whoever comes meanwhile waits for it."""
        with self._making.setdefault(name, threading.Lock()):
            if name not in self._kept:
                self._kept[name] = compute()
            return self._kept[name]

    def __getitem__(self, path: str) -> NDArray[Any]:
        """Return the tensor at a path of the trace, without the batch."""
        found: NDArray[Any] = self.trace[path][0].numpy()
        return found

    @property
    def config(self) -> ModelConfig:
        """The model's sizes."""
        return self.translator.model.config

    @cached_property
    def source(self) -> Tokens:
        """What the encoder reads."""
        return Tokens(self.trace.tokens["source"][0], self.languages[0])

    @cached_property
    def reads(self) -> Tokens:
        """What the decoder reads."""
        return Tokens(self.trace.tokens["target"][0], self.languages[1])

    @cached_property
    def writes(self) -> Tokens:
        """What the decoder writes."""
        return Tokens(self.trace.tokens["output"][0], self.languages[1])

    def stack(self, path: str, layers: int) -> NDArray[Any]:
        """Return the tensors of all layers at a path with {} for the layer."""
        return np.stack([self[path.format(layer)] for layer in range(layers)])

    @cached_property
    def encoder_weights(self) -> NDArray[Any]:
        """All weights of the encoder (layers, heads, S, S)."""
        return self.stack("encoder.layers.{}.self_attention.weights", self.config.num_encoder_layers)

    @cached_property
    def link(self) -> Link:
        """The article's pair of words where the sentence has it, else the two words that a head links most."""
        weights, pieces = self.encoder_weights, list(self.source.pieces)
        if all(piece in pieces for piece in REFERENT):
            query, key = (pieces.index(piece) for piece in REFERENT)
        else:
            query, key = strongest_pair(weights)
        layer, head = divmod(int(weights[:, :, query, key].argmax()), weights.shape[1])
        return Link(query, key, layer, head, float(weights[layer, head, query, key]))

    @cached_property
    def pairing(self) -> tuple[int, int]:
        """Layer and head of the cross-attention that pairs up the words of both sides most clearly."""
        cross = self.stack("decoder.layers.{}.cross_attention.weights", self.config.num_decoder_layers)
        words = cross[..., 1:-1]
        clearness = words.max(-1).mean(-1) + words.max(-2).mean(-1)
        layer, head = divmod(int(clearness.argmax()), clearness.shape[1])
        return layer, head

    @cached_property
    def logits(self) -> NDArray[Any]:
        """Logits of every target position (T, V)."""
        return self["logits"]

    @cached_property
    def probabilities(self) -> NDArray[Any]:
        """Probabilities of every target position (T, V)."""
        from transformer.candidates import probabilities

        found: NDArray[Any] = probabilities(self.trace["logits"][0]).numpy()
        return found

    def part(self, path: str) -> Any:
        """Return a part of the model by its path."""
        return self.translator.model.get_submodule(path)

    def parameter(self, path: str) -> NDArray[Any]:
        """Return a parameter of the model by its path, as it is saved."""
        found: NDArray[Any] = self.translator.model.get_parameter(path).detach().numpy()
        return found

    def piece(self, token: int) -> str:
        """Return the piece of an id."""
        return self.translator.tokenizer.pieces([token])[0]


def follows_the_paper(config: ModelConfig) -> bool:
    """Whether a model is built as in Vaswani et al. 2017, so that the chapters tell the truth about it."""
    kinds = (config.encoder_attention, config.decoder_attention, config.cross_attention)
    slots = {(kind.kernel.name, kind.projection, kind.position.name, kind.value_position, kind.bias) for kind in kinds}
    whole = (config.norm, config.input_position, config.output)
    plain = slots == {("exponential", "qkv", "none", "none", True)}
    return plain and whole == ("post", "sinusoidal", "tied")


def strongest_pair(weights: NDArray[Any]) -> tuple[int, int]:
    """Find the two different words, tag and end left out, between which some head gives most."""
    most = weights.max((0, 1))[1:-1, 1:-1].copy()
    if len(most) < 2:
        return 1, 1
    np.fill_diagonal(most, -1)
    query, key = divmod(int(most.argmax()), len(most))
    return query + 1, key + 1


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Softmax over the last axis."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares: NDArray[Any] = powers / powers.sum(-1, keepdims=True)
    return shares


def usual(*arrays: NDArray[Any]) -> float:
    """Return the size that all but 1 in 200 numbers keep to: the full colour of states, where a few are far larger."""
    return float(np.quantile(np.abs(np.concatenate([array.ravel() for array in arrays])), 0.995))


def make_walk(translator: Translator, text: str, direction: str, writes: Sequence[str], translation: str) -> Walk:
    """Trace a sentence and the pieces that were written for it."""
    source, target = direction.split("-")
    source_ids, written_ids = translator.source(text, target), translator.tokenizer.ids(writes)
    trace = translator.trace_ids(source_ids, written_ids)
    return Walk(translator, text, translation, (source, target), source_ids, written_ids, trace)
