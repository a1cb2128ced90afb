"""The facts in the browser's header: a row a head, each number where it was measured."""

from __future__ import annotations

import pytest

from app_pages import analysis, head_facts
from transformer import load_translator
from transformer.corpus_facts import head_facts as shipped_facts
from transformer.facts import sentence_facts
from viz.browser import decode_header

TEXT = "My sister, who lives in Paris, is older than I am."


@pytest.fixture(scope="module")
def translator():
    return load_translator("small")


@pytest.fixture(scope="module")
def header(translator):
    return decode_header(analysis.analyse(translator, TEXT, "en", "fr"))


def test_each_row_has_the_facts_of_its_head(translator, header) -> None:
    measured = sentence_facts(translator.trace(TEXT, "fr"))
    heads = translator.model.config.num_heads
    assert header["facts"].keys() == measured.keys()
    for kind, facts in measured.items():
        table = header["facts"][kind]
        assert table["names"] == list(facts)
        assert len(table["values"]) == len(next(iter(facts.values()))) * heads
        for layer, head in ((0, 0), (1, 5)):
            row = table["values"][layer * heads + head]
            assert row == pytest.approx([values[layer, head] for values in facts.values()], abs=0.0051), kind


def test_the_corpus_is_that_of_the_model(header) -> None:
    shipped, corpus = shipped_facts("small"), header["corpus"]
    assert shipped is not None
    assert (corpus["name"], corpus["sentences"]) == ("Tatoeba", 500)
    assert corpus["alignment"]["correlation"] == shipped["alignment"]["rank_correlation"]["agreement"]
    for kind, part in shipped["kinds"].items():
        table = corpus["kinds"][kind]
        heads = len(part["roles"][0])
        assert [table["roles"][layer * heads + head] for layer in range(2) for head in range(heads)] == [
            part["roles"][layer][head] for layer in range(2) for head in range(heads)
        ]
        for column, fact in enumerate(table["names"]):
            for rows in ("mean", "low", "high"):
                assert table[rows][heads + 3][column] == pytest.approx(part[rows][fact][1][3], abs=0.0051)
            assert table["even"][column] == part["even"].get(fact)


def test_a_model_that_was_not_measured_has_no_corpus(translator) -> None:
    assert head_facts.on_corpus(translator.path, "the hash of another file") is None


def test_a_head_that_is_switched_elsewhere_shows_it(translator, header) -> None:
    """Facts are those of the run that is shown, changes and all."""
    changed = decode_header(analysis.analyse(translator, TEXT, "en", "fr", changes="uniform.e.0.1"))
    column = header["facts"]["encoder"]["names"].index("breadth")
    assert changed["facts"]["encoder"]["values"][1][column] == 1
    assert header["facts"]["encoder"]["values"][1][column] < 0.9
