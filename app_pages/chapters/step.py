"""What a chapter is made of: steps, each with a picture, the choices a visitor has, and the code that computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app_pages.chapters.walk import Walk
from app_pages.i18n import N_, Translate
from viz.walkthrough.scene import Figure, Tokens

Chosen = Mapping[str, int]
Draw = Callable[[Walk, Chosen, Translate], Sequence[Figure]]
Facts = Callable[[Walk, Chosen], Mapping[str, Any]]


@dataclass(frozen=True)
class Choice:
    """A choice above a picture: its options as (text, values to fill in), and which is open at first.

    What is chosen stays from chapter to chapter, and in the link, under `address`, counted from 1. Choices of one step
    with the same `together` mean something only together, as a layer and its head: choosing one keeps the others.
    """

    name: str
    label: str
    options: Callable[[Walk], Sequence[tuple[str, Mapping[str, Any]]]]
    address: str
    first: Callable[[Walk], int] = lambda walk: 0
    together: str = ""


def no_facts(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    """Add no numbers to the lesson's text."""
    return {}


@dataclass(frozen=True)
class Step:
    """One step: `name` is its section in the lesson, `code` names what computes it: "module:Class.method".

    Of a long one, a third part names the first and the last line by their beginnings: "module:name:x = … y = ".
    `onward` are other pages of the app to go to from here, as (file, label). `ahead` computes, and the walk keeps, what
    takes longer than turning a leaf.
    """

    name: str
    draw: Draw
    choices: tuple[Choice, ...] = ()
    code: tuple[str, ...] = ()
    facts: Facts = no_facts
    onward: tuple[tuple[str, str], ...] = ()
    ahead: tuple[Callable[[Walk], Any], ...] = ()


ATTENTION = "transformer.attention:MultiHeadAttention.forward"
WEIGHTS = f"{ATTENTION}:q = … weights ="
DECODER_SUBLAYERS = 'transformer.layers:DecoderLayer.forward:def look_back … return trace("residual_post"'


@dataclass(frozen=True)
class Chapter:
    """A chapter: its number from 1 on, its name, its steps."""

    number: int
    name: str
    steps: tuple[Step, ...]


_NUMBER = "{number}"

LAYER = Choice(
    "layer",
    N_("Layer"),
    lambda walk: [(_NUMBER, {"number": i + 1}) for i in range(walk.config.num_encoder_layers)],
    "encoder_layer",
    lambda walk: walk.link.layer,
    "encoder",
)
HEAD = Choice(
    "head",
    N_("Head"),
    lambda walk: [(_NUMBER, {"number": i + 1}) for i in range(walk.config.num_heads)],
    "encoder_head",
    lambda walk: walk.link.head,
    "encoder",
)
DECODER_LAYER = Choice(
    "layer",
    N_("Layer"),
    lambda walk: [(_NUMBER, {"number": i + 1}) for i in range(walk.config.num_decoder_layers)],
    "decoder_layer",
    lambda walk: walk.pairing[0],
    "decoder",
)
DECODER_HEAD = Choice(
    "head",
    N_("Head"),
    lambda walk: [(_NUMBER, {"number": i + 1}) for i in range(walk.config.num_heads)],
    "decoder_head",
    lambda walk: walk.pairing[1],
    "decoder",
)


def shown_pieces(tokens: Tokens) -> list[tuple[str, dict[str, str]]]:
    """Options that are pieces."""
    return [("{piece}", {"piece": piece.replace("▁", " ").strip() or "␣"}) for piece in tokens.pieces]


POSITION = Choice(
    "position",
    N_("Written piece"),
    lambda walk: shown_pieces(walk.writes),
    "written_piece",
)
