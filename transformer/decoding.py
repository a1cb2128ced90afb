"""Decoding: from next-token probabilities to an output, one record a step.

Everything here asks one step function for log-probabilities: greedy, sampling and beam search differ in what they
make of them. (B)atch, (W)idth of the beam, (R)ows = B or B W, (V)ocabulary, (C)andidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from transformer.next_tokens import NextTokens
from transformer.tokenizers import END, PAD, START

MAX_EXTRA = 50  # an output is at most this much longer than its input (Vaswani et al. 2017, section 6.1)


Choose = Callable[[Tensor], Tensor]  # log-probabilities (B, V) -> ids (B,)


@dataclass(frozen=True)
class Step:
    """One step of a batch: the likeliest next tokens, the one chosen, and which sentences have ended.

    A sentence that ended before goes on with padding, whose log-probability counts as 0.
    """

    candidates: Tensor  # (B, C) ids, likeliest first
    log_probabilities: Tensor  # (B, C) natural logarithms
    chosen: Tensor  # (B,) ids
    chosen_log_probability: Tensor  # (B,)
    finished: Tensor  # (B,) booleans


def likeliest(log_probabilities: Tensor) -> Tensor:
    """Choose greedily."""
    return log_probabilities.argmax(-1)


def sampler(*, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0) -> Choose:
    """Make a chooser that draws at random, from the `top_k` likeliest (0: all) that hold `top_p` of the mass.

    The probabilities are sharpened by 1 / temperature first, then cut to top_k, then to top_p: the shortest list of
    likeliest tokens that reaches it (Holtzman et al. 2020).
    """
    if temperature <= 0 or top_k < 0 or not 0 < top_p <= 1:
        raise ValueError(
            f"temperature must be above 0, top_k at least 0 and top_p in (0, 1]; got {temperature}, {top_k}, {top_p}"
        )
    generator = torch.Generator().manual_seed(seed)

    def choose(log_probabilities: Tensor) -> Tensor:
        kept, ids = (log_probabilities / temperature).topk(top_k or log_probabilities.size(-1))
        probabilities = kept.softmax(-1)
        before = probabilities.cumsum(-1) - probabilities
        drawn = torch.multinomial(torch.where(before < top_p, probabilities, 0.0), 1, generator=generator)
        return ids.gather(-1, drawn).squeeze(-1)

    return choose


def given(pieces: Mapping[int, int], choose: Choose) -> Choose:
    """Make a chooser that takes these pieces at their steps, whatever their probability, and chooses at the others.

    It chooses at all steps, and so draws at each the random numbers that it would draw were nothing given. It is for
    one decoding.
    """
    steps = count()

    def choose_or_take(log_probabilities: Tensor) -> Tensor:
        chosen, piece = choose(log_probabilities), pieces.get(next(steps))
        return chosen if piece is None else torch.full_like(chosen, piece)

    return choose_or_take


def follow(
    step: NextTokens, choose: Choose, batch_size: int, max_steps: int, *, num_candidates: int = 5
) -> Iterator[Step]:
    """Write one token after the other, until every sentence has ended or `max_steps` are done."""
    last = torch.full((batch_size,), START)
    finished = torch.zeros(batch_size, dtype=torch.bool)
    for _ in range(max_steps):
        log_probabilities = step(last)
        top, candidates = log_probabilities.topk(min(num_candidates, log_probabilities.size(-1)))
        last = torch.where(finished, PAD, choose(log_probabilities))
        score = torch.where(finished, 0.0, log_probabilities.gather(-1, last[:, None]).squeeze(-1))
        finished = finished | (last == END)
        yield Step(candidates, top, last, score, finished)
        if finished.all():
            return


def greedy(step: NextTokens, batch_size: int, max_steps: int, *, num_candidates: int = 5) -> Iterator[Step]:
    """Take the likeliest token at every step."""
    return follow(step, likeliest, batch_size, max_steps, num_candidates=num_candidates)


@dataclass(frozen=True)
class Decoding:
    """How to write an output: greedily by default, by a beam wider than 1, or at random by a temperature above 0.

    Raises
    ------
    ValueError
        If a number is out of its range, or a beam and a temperature are asked for together.
    """

    beam_size: int = 1
    length_penalty: float = 0.6
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.beam_size < 1 or self.length_penalty < 0:
            got = f"{self.beam_size}, {self.length_penalty}"
            raise ValueError(f"beam_size must be at least 1 and length_penalty at least 0, got {got}")
        if self.temperature < 0 or self.top_k < 0 or not 0 < self.top_p <= 1:
            raise ValueError(
                "temperature and top_k must be at least 0 and top_p in (0, 1], got "
                f"{self.temperature}, {self.top_k}, {self.top_p}"
            )
        if self.beam_size > 1 and self.temperature > 0:
            raise ValueError("choose a beam or a temperature: a beam does not draw at random")

    def chooser(self) -> Choose:
        """Return what picks the next token where there is no beam."""
        if self.temperature == 0:
            return likeliest
        return sampler(temperature=self.temperature, top_k=self.top_k, top_p=self.top_p, seed=self.seed)


@dataclass(frozen=True)
class BeamStep:
    """One step of a beam: what the W living hypotheses of each sentence might go on with, and what they did.

    `parents` and `ended` count in the W hypotheses that lived before the step, best first.
    """

    candidates: Tensor  # (B, W, C) likeliest next tokens of each hypothesis that lived before the step
    log_probabilities: Tensor  # (B, W, C)
    parents: Tensor  # (B, W) which one each hypothesis that lives after the step continues
    chosen: Tensor  # (B, W) with which token
    scores: Tensor  # (B, W) log-probability of the whole; -inf where fewer than W live
    ended: list[tuple[int, int, float]]  # sentence, parent and log-probability of those that ended here


@dataclass(frozen=True)
class Hypothesis:
    """An output: its ids, up to `</s>` if it ended, and the log-probability of each.

    `path[t]` is its place among the hypotheses that lived before step t; `score` is the log-probability of the whole
    over the length penalty.
    """

    ids: list[int]
    path: list[int]
    log_probabilities: list[float]
    score: float


def length_normaliser(length: int, length_penalty: float) -> float:
    """Return lp(Y) = ((5 + |Y|) / 6)^alpha (Wu et al. 2016, equation 14)."""
    return ((5 + length) / 6) ** length_penalty


def beam_search(
    step: NextTokens,
    batch_size: int,
    max_steps: int | Sequence[int],
    *,
    beam_size: int = 4,
    length_penalty: float = 0.6,
    num_candidates: int = 5,
    prefix: Tensor | None = None,
) -> tuple[list[list[Hypothesis]], list[BeamStep]]:
    """Keep the `beam_size` likeliest beginnings; return each sentence's best outputs, best first, and the steps.

    The step function has `beam_size` rows a sentence. A sentence stops early once no living hypothesis can beat its
    best ended one, however it goes on: log P only falls, and its penalty is at most that of `max_steps` (one number,
    or one for each sentence). Every output begins with the sentence's `prefix` (B, P), at its real probability.
    """
    if beam_size < 1 or length_penalty < 0:
        raise ValueError(
            f"beam_size must be at least 1 and length_penalty at least 0, got {beam_size}, {length_penalty}"
        )
    prefix = torch.empty(batch_size, 0, dtype=torch.long) if prefix is None else prefix
    limits = [max_steps] * batch_size if isinstance(max_steps, int) else list(max_steps)
    outputs: list[list[Hypothesis]] = [[] for _ in range(batch_size)]
    searching = set(range(batch_size))
    steps: list[BeamStep] = []
    first_rows = torch.arange(batch_size)[:, None] * beam_size
    tokens = torch.full((batch_size, beam_size, 1), START)
    paths = torch.empty(batch_size, beam_size, 0, dtype=torch.long)
    gains = torch.empty(batch_size, beam_size, 0)  # log-probability of each token
    scores = torch.full((batch_size, beam_size), -torch.inf)
    scores[:, 0] = 0.0  # all rows begin alike: one of them is enough
    rows: Tensor | None = None

    def end(sentence: int, ids: list[int], path: list[int], log_probabilities: list[float], total: float) -> None:
        score = total / length_normaliser(len(ids), length_penalty)
        outputs[sentence].append(Hypothesis(ids, path, log_probabilities, score))

    for length in range(1, max(limits) + 1):
        following = step(tokens[..., -1].flatten(), rows).unflatten(0, (batch_size, beam_size))
        enough = 2 * beam_size  # at most half of them end
        top, candidates = following.topk(min(max(enough, num_candidates), following.size(-1)))
        gain, ids = _only(prefix[:, length - 1], following) if length <= prefix.size(1) else (top, candidates)
        best, places = (scores[..., None] + gain).flatten(1).topk(min(enough, beam_size * gain.size(-1)))
        parents, chosen = places // gain.size(-1), ids.flatten(1).gather(1, places)
        stops = chosen == END
        ended = [
            (sentence, int(parents[sentence, rank]), best[sentence, rank].item())
            for sentence, rank in (stops & best.isfinite())[:, :beam_size].nonzero().tolist()
            if sentence in searching
        ]
        for sentence, parent, value in ended:
            ids, path = tokens[sentence, parent, 1:].tolist(), paths[sentence, parent].tolist()
            last = value - scores[sentence, parent].item()
            end(sentence, [*ids, END], [*path, parent], [*gains[sentence, parent].tolist(), last], value)
        living = stops.float().sort(stable=True).indices[:, :beam_size]  # best first
        parents, chosen = parents.gather(1, living), chosen.gather(1, living)
        before, scores = scores.gather(1, parents), torch.where(stops, -torch.inf, best).gather(1, living)
        gains = torch.cat((_continue(gains.to(scores.dtype), parents), (scores - before)[..., None]), -1)
        tokens = torch.cat((_continue(tokens, parents), chosen[..., None]), -1)
        paths = torch.cat((_continue(paths, parents), parents[..., None]), -1)
        steps.append(
            BeamStep(candidates[..., :num_candidates], top[..., :num_candidates], parents, chosen, scores, ended)
        )
        best_living = scores[:, 0].tolist()
        for sentence in list(searching):
            living_score = best_living[sentence]
            if not outputs[sentence] and length == limits[sentence]:  # it ran into the limit
                ids, path, logs = (kept[sentence, 0].tolist() for kept in (tokens[..., 1:], paths, gains))
                end(sentence, ids, path, logs, living_score)
            if length == limits[sentence] or _settled(
                outputs[sentence], living_score, limits[sentence], length_penalty
            ):
                searching.remove(sentence)
        if not searching:
            break
        rows = (first_rows + parents).flatten()
    for found in outputs:
        found.sort(key=lambda output: output.score, reverse=True)
        del found[beam_size:]
    return outputs, steps


def _only(given: Tensor, following: Tensor) -> tuple[Tensor, Tensor]:
    """Leave each sentence's hypotheses the one token (B,) that is given: its log-probabilities and it, (B, W, 1)."""
    ids = given[:, None, None].expand(-1, following.size(1), -1)
    return following.gather(-1, ids), ids


def _continue(kept: Tensor, parents: Tensor) -> Tensor:
    return kept.gather(1, parents[..., None].expand(-1, -1, kept.size(-1)))


def _settled(outputs: list[Hypothesis], living: float, max_steps: int, length_penalty: float) -> bool:
    reachable = living / length_normaliser(max_steps, length_penalty)
    return bool(outputs) and max(output.score for output in outputs) >= reachable
