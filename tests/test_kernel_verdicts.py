"""Verdicts on the claims of Transformer Dissection: what it takes for one."""

from __future__ import annotations

import csv

import pytest

from experiments.kernels.results import Cell, Outcome, Results
from experiments.kernels.variants import TABLES
from experiments.kernels.verdicts import Comparison, as_good, better, claims_of, judge, verdict, write_verdicts

ROW, OTHER = ("kernel", "a"), ("kernel", "b")


@pytest.mark.parametrize(
    ("comparison", "first", "second", "outcome"),
    [
        (better("kernel", "a", "b"), [30.1, 30.2, 30.3], [20.0, 20.1, 20.3], "holds"),
        (better("kernel", "a", "b"), [20.0, 20.1, 20.3], [30.1, 30.2, 30.3], "does not hold"),
        (better("kernel", "a", "b"), [30.1, 20.2, 25.3], [24.0, 26.1, 21.3], "not decided"),
        (as_good("kernel", "a", "b"), [30.1, 30.2, 30.15], [30.2, 30.1, 30.2], "holds"),
        (as_good("kernel", "a", "b"), [28.1, 28.2, 28.3], [30.2, 30.1, 30.2], "does not hold"),
        (as_good("kernel", "a", "b"), [29.0, 31.2, 30.3], [30.2, 29.1, 30.9], "not decided"),
        (better("kernel", "a", "b"), [30.0, 31.0, 29.0, 30.5, 30.1], [None] * 5, "holds"),
        (better("kernel", "a", "b"), [30.0, 31.0, 29.0], [None] * 3, "not decided"),  # chance does that once in 20
        (better("kernel", "a", "b"), [30.0], [20.0], "not decided"),
        (better("kernel", "a", "b"), [30.0, 31.0], [], "not decided"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side(comparison, first, second, outcome):
    assert judge(comparison, "BLEU", {ROW: first, OTHER: second}, {}).outcome == outcome
    if None not in first + second:  # bits are better when they are fewer
        negated = {ROW: [-x / 10 for x in first], OTHER: [-x / 10 for x in second]}
        if comparison.test == "better":
            assert judge(comparison, "bits per character", negated, {}).outcome == outcome


def test_many_comparisons_ask_more_of_the_contrary_alone():
    worse, less = [30.0, 30.2, 30.1], [29.5, 29.6, 29.4]
    for number, contrary in ((1, "does not hold"), (100, "not decided")):
        assert judge(better("kernel", "a", "b"), "BLEU", {ROW: less, OTHER: worse}, {}, number).outcome == contrary
        assert judge(better("kernel", "b", "a"), "BLEU", {ROW: less, OTHER: worse}, {}, number).outcome == "holds"


def test_most_runs_must_fail():
    comparison = Comparison("fails", {ROW: 1.0})
    for failed, outcome in ((6, "holds"), (0, "does not hold"), (4, "not decided")):
        assert judge(comparison, "BLEU", {ROW: [1.0] * 6}, {ROW: failed}).outcome == outcome


def test_a_claim_is_as_strong_as_its_weakest_comparison():
    groups = {ROW: [30.1, 30.2, 30.3], OTHER: [20.0, 20.1, 20.3], ("kernel", "c"): [30.0, 30.3, 30.2]}

    def findings(*pairs: tuple[str, str]):
        return [judge(better("kernel", *pair), "BLEU", groups, {}, len(pairs)) for pair in pairs]

    assert verdict(findings(("a", "b"))) == "holds"
    assert verdict(findings(("a", "b"), ("a", "c"))) == "not decided"
    assert verdict(findings(("a", "b"), ("a", "c"), ("b", "c"))) == "does not hold"


def test_verdicts_are_written_for_every_claim(tmp_path):
    results = Results(tmp_path)
    for table, kinds in TABLES.items():
        for number, variant in enumerate(kinds["prediction"]):
            for seed in (1, 2, 3):
                outcome = Outcome({"bits per character": 2 + number / 10 + seed / 1000}, [], 1, 1.0, "CPU")
                results.add([Cell(table, variant, "shakespeare", seed)], outcome)
    write_verdicts(results, claims_of, tmp_path / "verdicts.csv")
    with open(tmp_path / "verdicts.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["claim"]: row["verdict"] for row in rows} == {
        "product_kernel_best": "does not hold",  # rows were made worse from the first to the last
        "own_kernel_as_good": "does not hold",
        "infinite_features_best": "does not hold",
        "linear_fails": "does not hold",
        "decoder_needs_no_position": "does not hold",
        "better_position_helps_decoder": "holds",
        "value_without_position": "does not hold",
    }
    assert all(row["seeds"] == "3" for row in rows)
    value = next(row for row in rows if row["claim"] == "value_without_position")
    assert float(value["estimate"]) == pytest.approx(-0.1)
