"""Order: what attention makes of the same words in another order.

Attention over all keys without position is permutation-equivariant: Att(P X) = P Att(X). A causal filter is not, since
what a word sees depends on the order; yet in one causal layer the last word sees the same set (Tsai et al. 2019, 2.4).
(L)ength, (D)model; one sentence, no batch. An order lists, for each new place, the old place of what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from transformer.config import AttentionConfig, Choice
from transformer.decoding import MAX_EXTRA, greedy
from transformer.edits import Edits, Here
from transformer.layers import Layer
from transformer.likelihood import log_probability
from transformer.masks import FILTERS
from transformer.models import EncoderDecoder
from transformer.next_tokens import next_tokens
from transformer.pieces import WORD_START
from transformer.trace import NO_TRACE, NoTrace

SPECIAL_PLACES = 1  # at either end of what an encoder reads: the tag of the target, and the end


def words(pieces: Sequence[str]) -> list[list[int]]:
    """Group the places of the pieces between tag and end into words; where there are no spaces, each piece is one."""
    places = range(SPECIAL_PLACES, len(pieces) - SPECIAL_PLACES)
    groups: list[list[int]] = []
    for place in places:
        if groups and not pieces[place].startswith(WORD_START):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups if len(groups) > 2 else [[place] for place in places]


def piece_order(groups: Sequence[Sequence[int]], order: Sequence[int], length: int) -> list[int]:
    """Turn an order of words into one of all pieces; tag and end stay where they are.

    Raises
    ------
    ValueError
        If the order is not of these words.
    """
    if sorted(order) != list(range(len(groups))):
        raise ValueError(f"an order of {len(groups)} words names each of them once, got {list(order)}")
    moved = [place for word in order for place in groups[word]]
    return [*range(SPECIAL_PLACES), *moved, *range(length - SPECIAL_PLACES, length)]


def orderless(attention: AttentionConfig) -> AttentionConfig:
    """Return an attention without position in its kernel and its values, over everything."""
    return replace(attention, position=Choice("none"), value_position="none", filters=(Choice("everything"),))


def without_position(model: EncoderDecoder) -> EncoderDecoder:
    """Return a model whose encoder takes no position in its kernels and values; it shares the weights of the first.

    What is added to the embeddings stays: decoders need it. `position_off` takes it out of the encoder.
    """
    config = replace(model.config, encoder_attention=orderless(model.config.encoder_attention))
    with torch.device("meta"):
        blind = EncoderDecoder(config)
    kept = blind.state_dict().keys()
    blind.load_state_dict({name: weight for name, weight in model.state_dict().items() if name in kept}, assign=True)
    return blind.eval().requires_grad_(False)


def position_off(model: EncoderDecoder) -> NoTrace:
    """Return what a forward takes as its trace so that its encoder reads embeddings without position."""

    def take_out(embedding: Tensor, here: Here) -> Tensor:
        length = embedding.size(1)
        return embedding - model.embedding.position(torch.zeros_like(embedding), torch.arange(length))

    return Edits({"encoder.embedding": [take_out]})


def first_layers(model: EncoderDecoder, count: int, dtype: torch.dtype) -> Iterator[Layer]:
    """Give the encoder's first layers one after the other; those in another precision are copies."""
    for layer in list(model.encoder.layers)[:count]:
        assert isinstance(layer, Layer)
        own = next(layer.parameters()).dtype == dtype
        yield layer if own else deepcopy(layer).to(dtype)


@dataclass(frozen=True)
class Reordered:
    """Outputs (L, D) for the words in their order, and for another order, put back into the first."""

    before: Tensor
    after: Tensor

    @property
    def difference(self) -> float:
        """The largest difference of any number."""
        return float((self.after - self.before).abs().max())

    @property
    def last_difference(self) -> float:
        """The largest difference at the last place."""
        return float((self.after[-1] - self.before[-1]).abs().max())

    @property
    def size(self) -> float:
        """The largest number."""
        return float(self.before.abs().max())

    @property
    def same(self) -> bool:
        """Whether no number differs by more than rounding: a few hundred units in the last place of the largest."""
        return self.difference <= 512 * torch.finfo(self.before.dtype).eps * self.size

    @property
    def last_same(self) -> bool:
        """Whether that holds at the last place."""
        return self.last_difference <= 512 * torch.finfo(self.before.dtype).eps * self.size


@dataclass(frozen=True)
class Setting:
    """Layers to be tried: which keys a query sees, how many layers, and whether position is left in."""

    set_filter: str  # a name of `masks.FILTERS`
    num_layers: int
    position: bool = False


def settings(num_layers: int) -> list[Setting]:
    """Return what the claims of Tsai et al. 2019 (section 2.4) are about, for an encoder of so many layers."""
    depths = sorted({1, min(2, num_layers), num_layers})
    return [
        *(Setting("everything", depth) for depth in depths),
        *(Setting("causal", depth) for depth in depths),
        Setting("everything", 1, position=True),
    ]


@torch.no_grad()
def reorder(
    model: EncoderDecoder, embeddings: Tensor, order: Sequence[int], dtype: torch.dtype
) -> dict[Setting, Reordered]:
    """Run the encoder's own layers on token embeddings (L, D) in both orders, in every setting of `settings`.

    Parameters
    ----------
    embeddings : content alone, as `encoder.token_embedding` is recorded
    order : of the places of the pieces
    dtype : the precision of weights and numbers; float64 tells rounding from a difference
    """
    x = embeddings.to(dtype)
    both = torch.stack((x, x[torch.tensor(order)]))
    asked = settings(model.config.num_encoder_layers)
    outputs: dict[Setting, Tensor] = {}
    for position in (False, True):
        start = model.embedding.position(both, torch.arange(len(x))) if position else both
        layers = first_layers(model if position else without_position(model), deepest(asked, position), dtype)
        outputs |= run(layers, start, [each for each in asked if each.position == position])
    back = torch.tensor(order).argsort()  # where each piece went
    return {setting: Reordered(pair[0], pair[1][back]) for setting, pair in outputs.items()}


def deepest(asked: Sequence[Setting], position: bool) -> int:
    """Return how many layers the settings need."""
    return max(each.num_layers for each in asked if each.position == position)


def run(layers: Iterable[Layer], start: Tensor, asked: Sequence[Setting]) -> dict[Setting, Tensor]:
    """Run layers on states (2, L, D), all filters side by side in one batch; keep what each setting asks for."""
    filters = sorted({each.set_filter for each in asked})
    places = torch.arange(start.size(1))
    seen = torch.stack([FILTERS[name]()(places, places) for name in filters])  # (F, L, L)
    visible = seen.repeat_interleave(len(start), 0)[:, None]
    x = start.repeat(len(filters), 1, 1)
    kept: dict[Setting, Tensor] = {}
    for depth, layer in enumerate(layers, 1):
        x = layer(x, places, places, visible)
        by_filter = dict(zip(filters, x.unflatten(0, (len(filters), -1)), strict=True))
        kept |= {each: by_filter[each.set_filter] for each in asked if each.num_layers == depth}
    return kept


@torch.no_grad()
def with_and_without(model: EncoderDecoder, source: Sequence[int], written: Sequence[int]) -> Mapping[bool, float]:
    """Log-probability of an output with position in the encoder (True) and without (False)."""
    runs = {True: (model, NO_TRACE), False: (without_position(model), position_off(model))}
    return {
        position: float(log_probability(model_, source, written, seam)) for position, (model_, seam) in runs.items()
    }


@torch.no_grad()
def write(model: EncoderDecoder, source: Sequence[int], position: bool = True) -> list[int]:
    """Write greedily what comes of these ids, up to the end; without `position`, the encoder sees no order."""
    seam = NO_TRACE if position else position_off(model)
    step = next_tokens(model if position else without_position(model), torch.tensor([list(source)]), changes=seam)
    most = min(len(source) + MAX_EXTRA, model.config.max_length)
    return [int(each.chosen[0]) for each in greedy(step, 1, most)]
