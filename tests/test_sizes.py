"""Table 3 in small: what its rows change, how its runs resume, and what chapter 16 says of them."""

from __future__ import annotations

import csv
import math
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import experiments.sizes.__main__ as command
from app_pages.chapters import sizes as page
from app_pages.chapters.paper_tables import TABLE_3
from app_pages.i18n import translator as interface
from experiments.kernels import sweep
from experiments.kernels.recipes import SMALL_TRANSLATOR, Sources, load
from experiments.kernels.results import COLUMNS, Cell, Outcome, Results
from experiments.kernels.verdicts import write_verdicts
from experiments.sizes.__main__ import HERE, KERNELS, SAME, borrow, plan
from experiments.sizes.variants import TABLE, settings
from experiments.sizes.verdicts import BASE, CLAIMS, claims_of
from transformer.models import build
from transformer.training import TrainingConfig

SMOKE = Sources(smoke=True)
TRAINING = TrainingConfig(steps=1)
_ = interface("en")
QUANTILE = {2: 4.302652729911275, 4: 2.7764451051977987}  # Student's t, 0.975, from tables
ROWS = [(group, row) for group, rows in TABLE.items() for row in rows if group != "base"]
# What a row's name says it changes; both stacks are as deep. Nothing else may differ.
FACTORS = {
    "heads": {"num_heads"},
    "d_k": {"d_head", "d_value"},
    "layers": {"num_encoder_layers", "num_decoder_layers"},
    "d_model": {"d_model"},
    "d_ff": {"d_ff"},
    "dropout": {"dropout"},
    "smoothing": {"label_smoothing"},
    "positions": {"input_position"},
}


def lines(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the rows ---


@pytest.mark.parametrize(("group", "row"), ROWS)
def test_a_row_changes_one_thing(group: str, row: str) -> None:
    factor, __, value = row.partition("-")
    size = TABLE[group][row]
    before = asdict(SMALL_TRANSLATOR) | asdict(TRAINING)
    after = asdict(size.configure(SMALL_TRANSLATOR)) | asdict(size.schedule(TRAINING))
    assert {name for name in before if before[name] != after[name]} == FACTORS[factor]
    assert str(after[min(FACTORS[factor])]) == value
    model = size.configure(SMALL_TRANSLATOR)
    if group == "A":  # as much work as the base model: as many numbers in all heads together
        assert model.num_heads * model.head_size == SMALL_TRANSLATOR.num_heads * SMALL_TRANSLATOR.head_size
    if group == "B":
        assert model.value_size == SMALL_TRANSLATOR.value_size


def test_the_table_has_the_papers_groups() -> None:
    assert Counter(group for group, __ in ROWS) == {"A": 4, "B": 2, "C": 9, "D": 5, "E": 1}
    assert list(TABLE) == list(dict.fromkeys(row[0] for row in TABLE_3 if row[0] != "big"))
    assert len({size for rows in TABLE.values() for size in rows.values()}) == 1 + len(ROWS)


def test_every_row_trains_a_step() -> None:
    task = load(SMOKE)["multi30k"]
    batch = next(task.batches(1, torch.device("cpu")))
    for group, row in ROWS:
        model = build(TABLE[group][row].configure(task.model))
        total, count = task.loss()(model, batch, 0.1)
        total.backward()
        assert math.isfinite(total.item() / int(count)), row
        assert all(parameter.grad is not None for parameter in model.parameters()), row


# --- the runs ---


def test_a_seed_of_every_row_comes_before_the_next(tmp_path: Path) -> None:
    runs = plan(TABLE, 3, SMOKE, Results(tmp_path))
    assert [run.seed for run in runs] == [seed for seed in (1, 2, 3) for __ in range(1 + len(ROWS))]
    assert [len(cells) for cells in runs.values()] == [1] * len(runs)
    cells = [cell for (cell,) in runs.values()]
    assert len(set(cells)) == len(cells) == 3 * (1 + len(ROWS))
    done = cells[5]
    Results(tmp_path).add([done], Outcome({"BLEU": 1.5}, [], 7, 1.0, "CPU"))
    assert [cell for (cell,) in plan(TABLE, 3, SMOKE, Results(tmp_path)).values()] == [*cells[:5], *cells[6:]]


def test_the_base_model_is_the_kernels_own_run(tmp_path: Path) -> None:
    """Every run that is there is taken over, once; none that is there already is touched."""
    results = Results(tmp_path)
    results.add([Cell(*BASE, "multi30k", 2)], Outcome({"BLEU": 1.5, "bits per piece": 9.0}, [], 7, 1.0, "CPU"))
    borrow(results, Results(KERNELS))
    borrow(results, Results(KERNELS))
    theirs = [
        row
        for row in lines(KERNELS / "results.csv")
        if (row["table"], row["variant"], row["dataset"]) == (*SAME, "multi30k")
    ]
    assert len(results.rows()) == len(theirs) >= 6
    for row in results.rows():
        same = next(each for each in theirs if (each["metric"], each["seed"]) == (row["metric"], row["seed"]))
        expected = {"2": 1.5 if row["metric"] == "BLEU" else 9.0}.get(row["seed"], float(same["value"]))
        assert float(row["value"]) == expected
    assert not any(run.variant == TABLE["base"]["base"] for run in plan(TABLE, 3, SMOKE, results))


def call(*arguments: object):
    app = command.typer.Typer()
    app.command()(command.main)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_table_is_filled_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sweep, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(1))
    options = ("--smoke", "--seeds", 1, "--workers", 1, "--group", "base", "--group", "E", "--output", tmp_path)
    first = call(*options, "--minutes", 1e-9)
    assert (first.exit_code, Results(tmp_path).rows()) == (75, [])
    assert "2 runs are left: the same command goes on with them" in first.output
    second = call(*options)
    assert second.exit_code == 0, second.output
    cells = [Cell("base", "base", "multi30k", 1), Cell("E", "positions-learned", "multi30k", 1)]
    assert Results(tmp_path).finished() == set(cells)
    assert "0 runs to make" in call(*options).output
    learned = {row["variant"]: row["positions"] for row in lines(tmp_path / "rows.csv")}
    assert Counter(learned.values()) == {"sinusoidal": len(ROWS), "learned": 1}
    judged = {line["claim"]: line["outcome"] for line in lines(tmp_path / "verdicts.csv")}
    assert judged.keys() == CLAIMS.keys()
    assert set(judged.values()) == {"not decided"}  # one run a row has no interval


def test_it_says_what_is_missing(tmp_path: Path) -> None:
    def said(*arguments: object) -> str:
        return " ".join(call(*arguments).output.replace("│", " ").split())

    assert "give the directory of the data as --multi30k" in said()
    assert "no train.en.gz and no train.en" in said("--multi30k", tmp_path, "--output", tmp_path)
    assert "there is no group 'Z': choose of base, A" in said("--smoke", "--group", "Z")
    assert "give them an --output of their own" in said("--smoke")


def test_the_committed_files_belong_together(tmp_path: Path) -> None:
    results = Results(HERE)
    rows = results.rows()
    assert len(rows) == len({tuple(row[c] for c in COLUMNS[:5]) for row in rows})
    made = {cell for cell in results.finished() if cell.table != "base"}
    assert made == {Cell(group, row, "multi30k", seed) for group, row in ROWS for seed in (1, 2, 3)}
    committed = {(line["table"], line["variant"]): list(line.values()) for line in lines(HERE / "rows.csv")}
    for group, row, *values in settings(SMALL_TRANSLATOR, TRAINING):
        assert committed[group, row][2:] == list(map(str, values))
        assert {each["parameters"] for each in rows if each["variant"] == row} == {str(values[-1])}
    for cell in results.finished():
        bleu = next(
            float(r["value"]) for r in rows if Cell(r["table"], r["variant"], r["dataset"], int(r["seed"])) == cell
        )
        assert results.failed(cell) is (bleu < 1)
    write_verdicts(results, claims_of, tmp_path / "verdicts.csv")
    assert (tmp_path / "verdicts.csv").read_text() == (HERE / "verdicts.csv").read_text()


# --- chapter 16 ---


def test_the_page_says_what_the_runs_say() -> None:
    claims, ours, __ = page.experiments(None, {}, _)
    runs = lines(HERE / "results.csv")
    order = [row for row in lines(HERE / "rows.csv") if any(run["variant"] == row["variant"] for run in runs)]
    assert len(ours.rows) == len(order)
    for shown, row in zip(ours.rows, order, strict=True):
        values = {
            metric: np.array(
                [float(r["value"]) for r in runs if (r["variant"], r["metric"]) == (row["variant"], metric)]
            )
            for metric in ("BLEU", "bits per piece")
        }
        failed = len(list((HERE / "failures").glob(f"{row['table']}-{row['variant']}-*.csv")))
        perplexity, bleu, parameters = shown[9:]
        count = len(values["BLEU"])
        assert parameters == int(row["parameters"]) / 1e6
        assert "Mean of 3 runs (5 of the base model)" in ours.note and count == (5 if shown is ours.rows[0] else 3)
        if failed:
            assert bleu == perplexity == f"✗ {failed} of {count} runs failed"
            continue
        for text, numbers, digits in ((bleu, values["BLEU"], 1), (perplexity, 2 ** values["bits per piece"], 2)):
            half = QUANTILE[len(numbers) - 1] * numbers.std(ddof=1) / math.sqrt(len(numbers))
            assert text.replace("\N{NO-BREAK SPACE}", " ") == f"{numbers.mean():.{digits}f} ± {half:.{digits}f}"
    judged = {(line["claim"], line["metric"]): line["verdict"] for line in lines(HERE / "verdicts.csv")}
    assert page.CLAIMS.keys() == CLAIMS.keys()
    for shown, claim in zip(claims.rows, CLAIMS, strict=True):
        assert [each.split("\N{NO-BREAK SPACE}", 1)[1] for each in (shown[2], shown[4])] == [
            judged[claim, "BLEU"],
            judged[claim, "bits per piece"],
        ]


def test_the_paper_says_what_its_authors_say() -> None:
    """Section 6.2 in words; section 5.4: smoothing 'hurts perplexity' and 'improves accuracy and BLEU'."""
    shown = {claim: row for claim, row in zip(CLAIMS, page.experiments(None, {}, _)[0].rows, strict=True)}
    against = {claim for claim, row in shown.items() if not row[1].startswith("✓")}
    assert against == {"more_layers_better"}  # in BLEU 8 layers were no better than 6
    assert {claim for claim, row in shown.items() if not row[3].startswith("✓")} == {"smoothing_better"}


def test_the_lessons_numbers_count_what_the_table_shows() -> None:
    facts = page.of_the_runs()
    rows = page.experiments(None, {}, _)[0].rows
    assert facts["claims"] == len(rows) == facts["same"] + facts["other"] + facts["open"]
    assert facts["same"] == sum(row[1] == row[2] for row in rows)
    assert facts["all_runs"] * 2 == len(lines(HERE / "results.csv"))
    assert facts["failed"] == len(list((HERE / "failures").iterdir()))


def test_without_the_files_the_papers_table_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rows.csv", "results.csv"):
        shutil.copy(HERE / name, tmp_path)
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    paper, lost = page.experiments(None, {}, _)
    assert len(paper.rows) == len(TABLE_3)
    assert "experiments/sizes/verdicts.csv" in lost.title
    assert set(page.of_the_paper(None, {})) >= {"same", "failed"} and page.of_the_runs()["same"] == "–"
