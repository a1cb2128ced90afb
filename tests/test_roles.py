"""Roles: none without a majority of the weight on most sentences; the shipped ones follow from the measured."""

from __future__ import annotations

import json

import pytest

from transformer import model_files
from transformer.corpus_facts import head_facts
from transformer.model_files import bundled, checkpoint_hash, companion, companion_file
from transformer.roles import ROLES, STEADY, THRESHOLD, Role, role, roles


def test_a_role_needs_the_majority_on_most_sentences() -> None:
    assert role({"previous": 0.72, "entropy": 3.0}, {"previous": 0.99}) == Role("previous", 0.72, 0.99)
    assert role({"previous": THRESHOLD}, {"previous": STEADY}) == Role("previous", THRESHOLD, STEADY)
    assert role({"previous": THRESHOLD - 0.001}, {"previous": 1.0}) is None
    assert role({"previous": 0.9}, {"previous": STEADY - 0.001}) is None
    assert role({"previous": None, "entropy": 3.0, "alignment": 1.0}, {"previous": None}) is None


def test_the_clearest_of_two_names_the_head() -> None:
    assert role({"first": 0.6, "breadth": 0.7}, {"first": 1.0, "breadth": 0.9}).name == "breadth"
    assert role({"first": 0.6, "breadth": 0.7}, {"first": 1.0, "breadth": 0.5}).name == "first"


def test_every_head_is_judged_by_its_own_numbers() -> None:
    named = roles({"self": [[0.1, 0.8, 0.2], [0.6, 0.1, 0.9]]}, {"self": [[0, 1, 0], [0.9, 0, 0.1]]})
    assert named == [[None, Role("self", 0.8, 1), None], [Role("self", 0.6, 0.9), None, None]]


@pytest.mark.parametrize("name", ["guide", "small"])
def test_what_is_shipped_belongs_to_the_model(name: str) -> None:
    facts = head_facts(name)
    assert facts is not None
    assert facts["hash"] == checkpoint_hash(bundled(name))
    assert (facts["model"], facts["corpus"]["sentences"], facts["corpus"]["split"]) == (name, 500, "test")
    assert sum(facts["corpus"]["directions"].values()) == 500
    assert (facts["threshold"], facts["steady"]) == (THRESHOLD, pytest.approx(STEADY, abs=0.001))
    assert companion_file(bundled(name), "facts").stat().st_size < 60_000


@pytest.mark.parametrize("name", ["guide", "small"])
def test_shipped_numbers_are_possible_and_their_roles_follow(name: str) -> None:
    from transformer.commands.models import describe

    shape = describe(bundled(name))["config"]
    facts = head_facts(name)
    assert facts is not None
    for kind, part in facts["kinds"].items():
        layers = shape["num_encoder_layers" if kind == "encoder" else "num_decoder_layers"]
        for row in ("mean", "low", "high", "steady"):
            for fact, grid in part[row].items():
                assert [len(heads) for heads in grid] == [shape["num_heads"]] * layers, (kind, row, fact)
        for fact in part["mean"]:
            most = 1 if fact not in {"entropy", "distance"} else 20
            for grids in zip(*(part[row][fact] for row in ("low", "high", "mean")), strict=True):
                assert all(
                    0 <= low <= high <= most and 0 <= mean <= most for low, high, mean in zip(*grids, strict=True)
                )
        assert set(part["steady"]) == set(ROLES) & set(part["mean"])
        named = [[found and Role(**found) for found in row] for row in part["roles"]]
        assert named == roles(part["mean"], part["steady"]), kind


def test_facts_of_another_file_are_not_shown(tmp_path, monkeypatch) -> None:
    model = tmp_path / "mine.safetensors"
    model.write_bytes(b"weights")
    assert head_facts(model) is None
    companion.cache_clear()
    facts = {"hash": checkpoint_hash(model), "corpus": {}}
    companion_file(model, "facts").write_text(json.dumps(facts), "utf-8")
    assert head_facts(model) == facts
    model.write_bytes(b"other weights")
    companion.cache_clear()
    assert head_facts(model) is None
    monkeypatch.setattr(model_files, "checkpoint_hash", None)  # a hash that is known is not computed
    assert head_facts(model, facts["hash"]) == facts
