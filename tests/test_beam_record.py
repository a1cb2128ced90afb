"""The beam as a tree, against a search that is written plainly and runs the whole output again for every step."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transformer import load_translator
from transformer.beam_record import BeamRecord, Node, record_beam
from transformer.changes import ForceToken, HeadChange
from transformer.decoding import beam_search, greedy, length_normaliser
from transformer.tokenizers import END, START

VOCABULARY, LONGEST = 9, 7
SEARCHES = given(seed=st.integers(0, 10**6), width=st.integers(1, 5), penalty=st.sampled_from([0.0, 0.6, 1.5]))


class Language:
    """A made-up language: the next piece's probabilities depend on everything written so far."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def log_probabilities(self, ids: list[int]) -> torch.Tensor:
        generator = torch.Generator().manual_seed(hash((self.seed, *ids)) % 2**63)
        scores = 2 * torch.randn(VOCABULARY, generator=generator, dtype=torch.float64)
        scores[:END] = -torch.inf  # padding, unknown and start are never written
        return scores.log_softmax(-1)

    def total(self, ids: list[int]) -> float:
        return math.fsum(self.log_probabilities(ids[:i])[token].item() for i, token in enumerate(ids))

    def steps(self, width: int):
        """A step function with its own memory of what each row holds."""
        written: list[list[int]] = [[] for _ in range(width)]

        def step(last: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
            kept = [written[row] for row in (range(width) if rows is None else rows.tolist())]
            new = [[token] if token != START else [] for token in last.tolist()]
            written[:] = [ids + token for ids, token in zip(kept, new, strict=True)]
            return torch.stack([self.log_probabilities(ids) for ids in written])

        return step

    def record(self, tokenizer, width: int, penalty: float) -> BeamRecord:
        (found,), steps = beam_search(self.steps(width), 1, LONGEST, beam_size=width, length_penalty=penalty)
        taken = list(greedy(self.steps(1), 1, LONGEST))
        alone = [int(step.chosen) for step in taken], [step.chosen_log_probability.item() for step in taken]
        return record_beam(found[0], steps, alone, tokenizer, beam_size=width, length_penalty=penalty)


def ids_of(record: BeamRecord, step: int, node: Node) -> list[int]:
    """Follow the parents back to the start."""
    ids = [node.id]
    while node.parent is not None:
        step -= 1
        node = record.steps[step][node.parent]
        ids.insert(0, node.id)
    assert step == 0
    return ids


def plain_search(language: Language, width: int, penalty: float) -> tuple[list[set[tuple[int, ...]]], dict]:
    """The beginnings that live after each step, and the score of each output that is done."""
    living: list[tuple[float, list[int]]] = [(0.0, [])]
    alive, done = [], {}
    for length in range(1, LONGEST + 1):
        following = [
            (total + value, [*ids, token])
            for total, ids in living
            for token, value in enumerate(language.log_probabilities(ids).tolist())
            if value > -math.inf
        ]
        best = sorted(following, reverse=True)[: 2 * width]
        for total, ids in best[:width]:
            if ids[-1] == END:
                done[tuple(ids)] = total / length_normaliser(length, penalty)
        living = [(total, ids) for total, ids in best if ids[-1] != END][:width]
        alive.append({tuple(ids) for _, ids in living})
        if done and max(done.values()) >= living[0][0] / length_normaliser(LONGEST, penalty):
            break
    if not done:
        total, ids = living[0]
        done[tuple(ids)] = total / length_normaliser(LONGEST, penalty)
    return alive, done


@SEARCHES
def test_the_tree_is_the_search(seed, width, penalty, tokenizer):
    language = Language(seed)
    record = language.record(tokenizer, width, penalty)
    alive, done = plain_search(language, width, penalty)
    assert len(record.steps) == len(alive)
    found = {}
    for step, nodes in enumerate(record.steps):
        paths = [ids_of(record, step, node) for node in nodes]
        assert {tuple(ids) for ids, node in zip(paths, nodes, strict=True) if not node.ended} == alive[step]
        for ids, node in zip(paths, nodes, strict=True):
            assert node.ended == (ids[-1] == END)
            assert node.piece == tokenizer.pieces([node.id])[0]
            assert node.log_probability == pytest.approx(language.total(ids), abs=1e-9)
            if node.score is not None:
                found[tuple(ids)] = node.score
    assert found == pytest.approx(done, abs=1e-9)


@SEARCHES
def test_the_marked_path_is_the_best_output_and_greedy_stands_beside_it(seed, width, penalty, tokenizer):
    language = Language(seed)
    record = language.record(tokenizer, width, penalty)
    score, ids = max((score, [*ids]) for ids, score in plain_search(language, width, penalty)[1].items())
    path = [(step, node) for step, nodes in enumerate(record.steps) for node in nodes if node.best]
    assert [step for step, _ in path] == list(range(len(ids)))
    assert [node.id for _, node in path] == ids_of(record, *path[-1]) == ids
    alone: list[int] = []
    while len(alone) < LONGEST and alone[-1:] != [END]:
        alone.append(int(language.log_probabilities(alone).argmax()))
    for output, expected in ((record.best, ids), (record.greedy, alone)):
        total, normaliser = language.total(expected), ((5 + len(expected)) / 6) ** penalty
        assert (output.pieces, output.text) == (tokenizer.pieces(expected), tokenizer.decode(expected))
        assert output.log_probability == pytest.approx(total, abs=1e-9)
        assert math.fsum(output.log_probabilities) == pytest.approx(total, abs=1e-9)
        assert output.length_normaliser == pytest.approx(normaliser, abs=1e-12)
        assert output.score == pytest.approx(total / normaliser, abs=1e-9)
    assert path[-1][1].score == pytest.approx(score, abs=1e-9)
    assert record.best.score == pytest.approx(score, abs=1e-9)


@torch.no_grad()
def test_the_bundled_models_tree_is_that_of_a_fresh_pass():
    translator, text = load_translator("small"), "He wants to read a good book tonight."
    source = torch.tensor([translator.source(text, "de")])
    record = translator.beam(text, "de", beam_size=4, length_penalty=0.6)
    best, alone = (translator.translate(text, "de", beam_size=size) for size in (4, 1))
    for output, expected in ((record.best, best), (record.greedy, alone)):
        assert (output.text, output.pieces) == (expected.text, expected.pieces)
        assert output.log_probability == pytest.approx(expected.score, abs=1e-4)
    for step, nodes in enumerate(record.steps):
        for node in nodes:
            ids = ids_of(record, step, node)
            log_p = translator.model(source, torch.tensor([[START, *ids[:-1]]]))[0].double().log_softmax(-1)
            total = log_p.gather(-1, torch.tensor(ids)[:, None]).sum().item()
            assert node.log_probability == pytest.approx(total, abs=1e-3)
            if node.ended:
                assert node.score == pytest.approx(total / length_normaliser(len(ids), 0.6), abs=1e-3)
    path = [(step, node) for step, nodes in enumerate(record.steps) for node in nodes if node.best]
    assert ids_of(record, *path[-1]) == best.ids


def test_the_tree_is_searched_under_the_visitors_changes():
    translator, text = load_translator("small"), "He wants to read a good book tonight."
    plain = translator.translate(text, "de", beam_size=3)
    other = translator.tokenizer.encode("Frau")[0]
    changes = [HeadChange("cross", 1, 2, "off"), ForceToken(2, other)]
    record = translator.beam(text, "de", beam_size=3, changes=changes)
    expected = translator.translate(text, "de", beam_size=3, changes=changes)
    assert record.best.pieces == expected.pieces != plain.pieces
    assert record.best.log_probability == pytest.approx(expected.score, abs=1e-4)
    assert record.greedy.pieces == translator.translate(text, "de", changes=changes).pieces
    assert [len(nodes) for nodes in record.steps[:4]] == [1, 1, 1, 3], "what comes before a given piece is given too"
    assert [nodes[0].best for nodes in record.steps[:3]] == [True] * 3 and record.steps[2][0].id == other
