"""What a head is for, where the facts of many sentences say it clearly; most often they do not.

A role has the name of the fact that names it (see `transformer.facts`): a head whose `previous` is 0.72 has the role
`previous`. All these facts are shares from 0 to 1, so one threshold serves them all. Two more are measured only where
a statistical alignment tells which words belong together (`experiments/head_facts.py`): `written` and `read`, the
weight that cross-attention gives to the source word of the piece it is about to write, or has just read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

THRESHOLD = 0.5
"""A role holds where its fact is at least this. It is the majority: one place has more weight than all others together,
or (`breadth`) the weight spreads over more keys than it leaves out, so that two roles hardly ever hold at once."""

STEADY = 2 / 3
"""A role is named only if it holds on at least this share of the sentences: twice as likely as not on the next one."""

ROLES = ("previous", "next", "self", "first", "end", "punctuation", "breadth", "written", "read")

Grid = Sequence[Sequence[float | None]]
"""A number a head, by layer and head; None where it does not apply."""


@dataclass(frozen=True)
class Role:
    """What a head does in the mean: `value` of the fact `name`, and the share of sentences on which it holds."""

    name: str
    value: float
    steady: float


def role(values: Mapping[str, float | None], steady: Mapping[str, float | None]) -> Role | None:
    """Name the role of one head, from the means of its facts and how often each reached `THRESHOLD`; None if unclear.

    Where several are clear it is the one with the largest value, of equal ones the first in `ROLES`.
    """
    found = [
        Role(name, value, often)
        for name in ROLES
        if (value := values.get(name)) is not None
        and (often := steady.get(name)) is not None
        and value >= THRESHOLD
        and often >= STEADY
    ]
    return max(found, key=lambda each: each.value, default=None)


def roles(values: Mapping[str, Grid], steady: Mapping[str, Grid]) -> list[list[Role | None]]:
    """Name the role of every head of one kind; the grids are those of `role`, by fact."""
    layers = next(iter(steady.values()), [])
    return [
        [
            role(*({name: grid[layer][head] for name, grid in grids.items()} for grids in (values, steady)))
            for head in range(len(row))
        ]
        for layer, row in enumerate(layers)
    ]
