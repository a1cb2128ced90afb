"""Order: what attention makes of the same words in another order.

Attention over all keys without position is permutation-equivariant: Att(P X) = P Att(X). A causal filter is not, since
what a word sees depends on the order; yet in one causal layer the last word sees the same set (Tsai et al. 2019, 2.4).
(L)ength, (D)model; one sentence, no batch. An order lists, for each new place, the old place of what stands there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import cast

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


class Trial:
    """A model beside its twin whose encoder has no position: made once, then run on one order after the other.

    It keeps copies of the encoder's layers in the precisions that were asked for.
    """

    def __init__(self, model: EncoderDecoder) -> None:
        self.settings = settings(model.config.num_encoder_layers)
        self._models = {True: model, False: without_position(model)}  # by whether position is left in
        self._seams = {True: NO_TRACE, False: position_off(model)}
        self._copies: dict[tuple[bool, torch.dtype], list[Layer]] = {}

    @torch.no_grad()
    def outputs(self, embeddings: Tensor, dtype: torch.dtype) -> dict[Setting, Tensor]:
        """Run the encoder's own layers on token embeddings (L, D): in every setting, what comes out (L, D).

        Parameters
        ----------
        embeddings : content alone, as `encoder.token_embedding` is recorded
        dtype : the precision of weights and numbers; float64 tells rounding from a difference
        """
        content = embeddings.to(dtype)
        placed = self._models[True].embedding.position(content[None], torch.arange(len(content)))[0]
        return self._run(content, False) | self._run(placed, True)

    def _run(self, start: Tensor, position: bool) -> dict[Setting, Tensor]:
        """Run layers on states (L, D), all filters side by side in one batch; keep what each setting asks for."""
        asked = [each for each in self.settings if each.position == position]
        filters = sorted({each.set_filter for each in asked})
        places = torch.arange(len(start))
        visible = torch.stack([FILTERS[name]()(places, places) for name in filters])[:, None]  # (filters, 1, L, L)
        x = start.repeat(len(filters), 1, 1)
        kept: dict[Setting, Tensor] = {}
        for depth, layer in enumerate(self._layers(position, start.dtype), 1):
            x = layer(x, places, places, visible)
            by_filter = dict(zip(filters, x, strict=True))
            kept |= {each: by_filter[each.set_filter] for each in asked if each.num_layers == depth}
        return kept

    def _layers(self, position: bool, dtype: torch.dtype) -> list[Layer]:
        """Return the layers that the settings need; those in another precision are copies."""
        if (position, dtype) not in self._copies:
            deepest = max(each.num_layers for each in self.settings if each.position == position)
            first = cast(list[Layer], list(self._models[position].encoder.layers)[:deepest])
            own = next(first[0].parameters()).dtype == dtype
            self._copies[position, dtype] = first if own else [deepcopy(layer).to(dtype) for layer in first]
        return self._copies[position, dtype]

    @torch.no_grad()
    def log_probabilities(self, source: Sequence[int], written: Sequence[int]) -> Mapping[bool, float]:
        """Log-probability of an output with position in the encoder (True) and without (False)."""
        return {
            position: float(log_probability(model, source, written, self._seams[position]))
            for position, model in self._models.items()
        }

    @torch.no_grad()
    def write(self, source: Sequence[int], position: bool = True) -> list[int]:
        """Write greedily what comes of these ids, up to the end; without `position`, the encoder sees no order."""
        model = self._models[position]
        step = next_tokens(model, torch.tensor([list(source)]), changes=self._seams[position])
        most = min(len(source) + MAX_EXTRA, model.config.max_length)
        return [int(each.chosen[0]) for each in greedy(step, 1, most)]


def reorder(
    trial: Trial, embeddings: Tensor, order: Sequence[int], before: Mapping[Setting, Tensor]
) -> dict[Setting, Reordered]:
    """Run token embeddings (L, D) in another order of their places; `before` is what came out in their own."""
    places = torch.tensor(order)
    back = places.argsort()  # where each piece went
    dtype = next(iter(before.values())).dtype
    after = trial.outputs(embeddings[places], dtype)
    return {setting: Reordered(before[setting], after[setting][back]) for setting in before}
