"""The experiment behind the shipped facts: its alignment finds the words, its sentences are held out."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.head_facts import choose, on_links, rank_correlation
from experiments.word_alignment import learn, links
from transformer.corpus_facts import head_facts
from transformer.data.tatoeba import Pair
from transformer.facts import sentence_facts
from transformer.translator import load_translator

ROOT = Path(__file__).parent.parent


def made_up_pairs() -> list[tuple[list[int], list[int]]]:
    """Sentences of three of seven words, each translated as itself + 100, in reverse; 50 has no partner."""
    return [([*words, 50], [word + 100 for word in reversed(words)]) for words in itertools.permutations(range(7), 3)]


def test_model_1_finds_the_words_in_any_order() -> None:
    pairs = made_up_pairs()
    forward, backward = learn(pairs), learn([(f, e) for e, f in pairs])
    assert links(forward, backward, [4, 1, 6, 50], [106, 101, 104]) == [(0, 2), (1, 1), (2, 0)]
    assert links(forward, backward, [4, 99], [104, 198]) == [(0, 0)]  # words that it never saw have no partner
    assert links(forward, backward, [], [104]) == []


def test_model_1_is_a_distribution_that_each_round_makes_likelier(monkeypatch) -> None:
    pairs = made_up_pairs()

    def after(rounds: int):
        monkeypatch.setattr("experiments.word_alignment.ROUNDS", rounds)
        return learn(pairs)

    models = [after(rounds) for rounds in range(1, 6)]
    for model in models:
        table = model.table(range(7), range(100, 107))  # (F, E + 1)
        np.testing.assert_allclose(table.sum(0), 1)
    likelihoods = [sum(np.log(m.table(e, f).mean(-1)).sum() for e, f in pairs) for m in models]
    assert np.diff(likelihoods).min() > 0


def test_sentences_are_spread_over_the_directions_and_none_comes_twice() -> None:
    held = {
        language: [Pair(f"english {language} {i}", f"{language} {i}", language) for i in range(10)]
        for language in ("fr", "de")
    }
    chosen = choose(held, 18)
    assert [(s.source, s.target) for s in chosen] == (
        [("en", "de")] * 5 + [("de", "en")] * 5 + [("en", "fr")] * 4 + [("fr", "en")] * 4
    )
    pairs = [s.text.split()[-2:] for s in chosen]
    assert len({tuple(pair) for pair in pairs}) == 18
    with pytest.raises(ValueError, match="10 held-out pairs of 'de' are too few: 22 are needed"):
        choose(held, 44)


def test_links_are_looked_up_where_a_word_is_written_and_where_it_was_read() -> None:
    maps = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)  # 4 queries; 5 keys: tag, three words, end
    found = on_links(maps, np.array([0, 2]), np.array([1, 0]))
    np.testing.assert_array_equal(found["written"], (maps[..., 0, 2] + maps[..., 2, 1]) / 2)
    np.testing.assert_array_equal(found["read"], (maps[..., 1, 2] + maps[..., 3, 1]) / 2)
    assert np.isnan(on_links(maps, np.array([], int), np.array([], int))["read"]).all()


def test_rank_correlation_sees_order_alone() -> None:
    x = np.array([[0.1, 0.2], [0.4, 0.3]])
    assert rank_correlation(x, np.exp(9 * x)) == 1
    assert rank_correlation(x, -(x**3)) == -1
    assert rank_correlation(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])) == pytest.approx(0.6)  # 1 - 6*4/(4*15)


def test_it_runs_in_miniature(tmp_path) -> None:
    output = tmp_path / "facts.json"
    command = [sys.executable, "-m", "experiments.head_facts", "--smoke", "--model", "small", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"wrote {output}" in done.stdout
    made, shipped = json.loads(output.read_text("utf-8")), head_facts("small")
    assert shipped is not None
    assert (made["corpus"]["sentences"], made["hash"]) == (12, shipped["hash"])
    assert made.keys() == shipped.keys()
    assert {kind: part.keys() for kind, part in made["kinds"].items()} == {
        kind: part.keys() for kind, part in shipped["kinds"].items()
    }


def test_without_data_it_says_what_to_give() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "experiments.head_facts"], capture_output=True, text=True, encoding="utf-8", cwd=ROOT
    )
    assert done.returncode == 2
    words = " ".join(done.stderr.replace("│", " ").split())
    assert "give the directory of the Tatoeba files with --tatoeba, or try --smoke" in words


def test_shipped_facts_are_what_a_sentence_shows() -> None:
    """Where 80 % of 500 sentences lie, most facts of a further sentence of the kind lie too: rows are not mixed up."""
    translator, shipped = load_translator("small"), head_facts("small")
    assert shipped is not None
    facts = sentence_facts(translator.trace("My sister wants to buy a new bicycle.", "de"))
    inside = [
        np.mean(
            (values >= np.array(shipped["kinds"][kind]["low"][fact]))
            & (values <= np.array(shipped["kinds"][kind]["high"][fact]))
        )
        for kind, found in facts.items()
        for fact, values in found.items()
    ]
    assert np.mean(inside) > 0.6
