"""A beam search as a tree: every hypothesis of every step, the path that won, and what greedy search wrote instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transformer.decoding import BeamStep, Hypothesis, length_normaliser
from transformer.tokenizers import END, Tokenizer


@dataclass(frozen=True)
class Output:
    """A whole output: `score` is its log-probability over its length normaliser (Wu et al. 2016, equation 14)."""

    text: str
    pieces: list[str]
    log_probabilities: list[float]  # natural logarithms, one a piece
    log_probability: float  # of all pieces together
    length_normaliser: float
    score: float


@dataclass(frozen=True)
class Node:
    """One hypothesis of a step: it goes on with `piece` from the node `parent` of the step before (None: the start).

    `best` marks the path of the best output; `score` is that of hypotheses that are done, None for all others.
    """

    id: int
    piece: str
    parent: int | None
    log_probability: float  # of the whole hypothesis up to here
    ended: bool
    best: bool = False
    score: float | None = None


@dataclass(frozen=True)
class BeamRecord:
    """What a beam search kept: a list of nodes a step, those that live first (best first), then those that ended."""

    beam_size: int
    length_penalty: float
    greedy: Output
    best: Output
    steps: list[list[Node]]


def record_beam(
    best: Hypothesis,
    steps: Sequence[BeamStep],
    greedy: tuple[Sequence[int], Sequence[float]],
    tokenizer: Tokenizer,
    *,
    beam_size: int,
    length_penalty: float,
) -> BeamRecord:
    """Record the search for one sentence, that of a batch of one.

    Parameters
    ----------
    best, steps : the best output that `beam_search` found, and its steps
    greedy : ids that greedy search wrote, and the log-probability of each
    tokenizer : names the ids
    beam_size, length_penalty : what the search was done with
    """
    return BeamRecord(
        beam_size,
        length_penalty,
        _output(*greedy, tokenizer, length_penalty),
        _output(best.ids, best.log_probabilities, tokenizer, length_penalty),
        list(_tree(steps, best, tokenizer, length_penalty)),
    )


def _output(
    ids: Sequence[int], log_probabilities: Sequence[float], tokenizer: Tokenizer, length_penalty: float
) -> Output:
    total, normaliser = sum(log_probabilities), length_normaliser(len(ids), length_penalty)
    text, pieces = tokenizer.decode(ids), tokenizer.pieces(ids)
    return Output(text, pieces, list(log_probabilities), total, normaliser, total / normaliser)


def _tree(
    steps: Sequence[BeamStep], best: Hypothesis, tokenizer: Tokenizer, length_penalty: float
) -> Iterator[list[Node]]:
    end = tokenizer.pieces([END])[0]
    for number, step in enumerate(steps):
        normaliser = length_normaliser(number + 1, length_penalty)
        rows = zip(step.parents[0].tolist(), step.chosen[0].tolist(), step.scores[0].tolist(), strict=True)
        living = [
            Node(token, tokenizer.pieces([token])[0], parent if number else None, score, ended=False)
            for parent, token, score in rows
            if score > float("-inf")  # fewer than `beam_size` live
        ]
        ended = [
            Node(END, end, parent if number else None, total, ended=True, score=total / normaliser)
            for _, parent, total in step.ended
        ]
        nodes = [*living, *ended]
        if number < len(best.ids):
            place = _place(best, number, nodes)
            nodes[place] = replace(nodes[place], best=True)
            if number == len(best.ids) - 1:
                nodes[place] = replace(nodes[place], score=best.score)  # one that ran into the limit has one too
        yield nodes


def _place(best: Hypothesis, number: int, nodes: Sequence[Node]) -> int:
    """Which node of a step the best output goes through."""
    if number < len(best.ids) - 1:
        return best.path[number + 1]
    if best.ids[-1] != END:
        return 0  # cut at the limit: the best of those that live
    parent = best.path[number] if number else None
    return next(place for place, node in enumerate(nodes) if node.ended and node.parent == parent)
