"""The tables of Transformer Dissection: what their rows are, and how their runs are shared and resumed."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import experiments.kernels.__main__ as command
from experiments.kernels.__main__ import cells_of, plan
from experiments.kernels.recipes import Sources, load
from experiments.kernels.results import COLUMNS, Cell, Outcome, Results
from experiments.kernels.runs import Run
from experiments.kernels.variants import AT_INPUT, INSIDE, NONE, PRODUCT, TABLES, Smoother, with_position
from transformer.models import build

SMOKE = Sources(smoke=True)

# --- what the rows are ---


def test_the_tables_have_the_papers_rows():
    sizes = {name: {kind: len(rows) for kind, rows in kinds.items()} for name, kinds in TABLES.items()}
    assert sizes["position"] == {"translation": 5, "prediction": 5}
    assert sizes["kernel"] == {"translation": 8, "prediction": 8}
    assert sizes["value"] == {"translation": 8, "prediction": 8}
    assert sizes["placement"] == {"translation": 5, "prediction": 3}
    for kind in ("translation", "prediction"):  # a run that stands in several tables is made once
        distinct = {smoother for kinds in TABLES.values() for smoother in kinds[kind].values()}
        assert len(distinct) == {"translation": 19, "prediction": 17}[kind]


@pytest.mark.parametrize("kind", ["translation", "prediction"])
def test_every_row_trains_a_step(kind):
    task = next(task for task in load(SMOKE).values() if task.kind == kind)
    batch = next(task.batches(1, torch.device("cpu")))
    for smoother in {row for kinds in TABLES.values() for row in kinds[kind].values()}:
        model = build(smoother.configure(task.model))
        total, count = task.loss()(model, batch, 0.1)
        total.backward()
        assert math.isfinite(total.item() / int(count)), smoother
        # Nothing is configured that has no part in the computation.
        assert all(parameter.grad is not None for parameter in model.parameters()), smoother


def moved(smoother: Smoother, config, randomize) -> dict[str, bool]:
    """Does an output change when two tokens that it sees change places? For the encoder and for the decoder alone."""
    torch.manual_seed(5)
    model = randomize(build(smoother.configure(replace(config, num_decoder_layers=1))))
    source, target = torch.tensor([[5, 6, 7, 8, 9]]), torch.tensor([[2, 6, 7, 8]])
    swapped = torch.tensor([[6, 5, 7, 8, 9]])
    # With one decoder layer and nothing to tell places apart, the last output depends on the set before it alone.
    states = model.encode(source).states[0, 4], model.encode(swapped).states[0, 4]
    encoded = model.encode(source)
    logits = [model.decode(ids, encoded)[0, -1] for ids in (target, torch.tensor([[2, 7, 6, 8]]))]
    return {
        "encoder": not torch.allclose(*states, atol=1e-5),
        "decoder": not torch.allclose(*logits, atol=1e-5),
    }


@pytest.mark.parametrize(
    ("smoother", "encoder", "decoder"),
    [
        (NONE, False, False),
        (AT_INPUT, True, True),
        (PRODUCT, True, True),
        (replace(PRODUCT, places="AB"), True, False),
        (with_position(replace(INSIDE, places="AB")), True, False),
        (with_position(replace(INSIDE, places="C")), False, True),
    ],
)
def test_position_is_seen_where_it_is_placed(smoother, encoder, decoder, tiny_config, randomize):
    assert moved(smoother, tiny_config, randomize) == {"encoder": encoder, "decoder": decoder}


def test_a_kernel_without_values_position_only_loses_it_there(tiny_config):
    """With uniform weights nothing but the value can tell places apart."""
    for smoother, sees in ((INSIDE, False), (with_position(INSIDE), True)):
        config = replace(smoother.configure(tiny_config), architecture="decoder", num_decoder_layers=1)
        model = build(config)
        with torch.no_grad():
            for name in ("w_q", "w_k"):
                getattr(model.decoder.layers[0].self_attention.projection, name).weight.zero_()
        same = torch.full((1, 6), 7)  # of equal tokens every mean is the same, unless values see their places
        states = model.eval()(same)[0]
        assert torch.allclose(states[0], states[5], atol=1e-5) is not sees


# --- plan and results ---


def test_three_seeds_of_every_table_come_before_a_fourth(tmp_path):
    tasks = list(load(SMOKE).values())
    runs = plan(tasks, list(TABLES), 5, SMOKE, Results(tmp_path), None)
    assert len(runs) == 5 * (19 + 17)
    seeds = [run.seed for run in runs]
    assert max(seeds[: 3 * 36]) == 3
    assert seeds[3 * 36 :] == [4] * 36 + [5] * 36
    cells = [cell for cells in runs.values() for cell in cells]
    assert len(cells) == len(set(cells)) == 5 * (5 + 8 + 8 + 5 + 5 + 8 + 8 + 3)
    first = list(runs.values())[: 3 * 10]
    assert all(any(cell.table == "position" for cell in cells) for cells in first)


def test_finished_cells_are_not_run_again(tmp_path):
    tasks = list(load(SMOKE).values())
    results = Results(tmp_path)
    outcome = Outcome({"BLEU": 1.5, "bits per piece": 2.0}, [], 7, 1.0, "CPU")
    shared = cells_of(tasks[0], AT_INPUT, 1)
    assert {(cell.table, cell.variant) for cell in shared} == {
        ("position", "direct_sum"),
        ("kernel", "exponential-asymmetric"),
    }
    results.add(shared, outcome)
    runs = plan(tasks, ["kernel"], 1, SMOKE, results, None)
    assert len(runs) == 15
    assert not any(run.variant == AT_INPUT and run.dataset == "multi30k" for run in runs)
    again = plan(tasks, ["kernel"], 1, SMOKE, results, tmp_path / "zoo")  # its model is not there yet
    assert [run for run, cells in again.items() if not cells] == [
        Run(SMOKE, "multi30k", AT_INPUT, 1, tmp_path / "zoo" / "kernels" / "kernel-exponential-asymmetric.safetensors")
    ]


def test_results_hold_what_was_put_in(tmp_path):
    results = Results(tmp_path)
    good, bad = Cell("kernel", "rbf-symmetric", "multi30k", 1), Cell("kernel", "linear-symmetric", "multi30k", 1)
    results.add([good], Outcome({"BLEU": 34.25, "bits per piece": 1.75}, [], 1234, 12.34, "NVIDIA H100"))
    curve = [(25, 5.5, 1.0, 1e-3), (50, math.nan, math.nan, math.nan)]
    results.add([bad], Outcome({"BLEU": None, "bits per piece": None}, curve, 1000, 3.0, "NVIDIA H100"))
    assert results.file.read_text().splitlines() == [
        "table,variant,dataset,metric,seed,value,parameters,seconds,hardware",
        "kernel,rbf-symmetric,multi30k,BLEU,1,34.25,1234,12.3,NVIDIA H100",
        "kernel,rbf-symmetric,multi30k,bits per piece,1,1.75,1234,12.3,NVIDIA H100",
        "kernel,linear-symmetric,multi30k,BLEU,1,,1000,3.0,NVIDIA H100",
        "kernel,linear-symmetric,multi30k,bits per piece,1,,1000,3.0,NVIDIA H100",
    ]
    assert results.finished() == {good, bad}
    assert (results.failed(good), results.failed(bad)) == (False, True)
    with open(results.curve(bad), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["loss"]) for row in rows] == [("25", "5.5"), ("50", "nan")]
    results.file.write_text("table,value\n1,2\n")
    with pytest.raises(ValueError, match="has not the columns table,variant"):
        results.rows()


def test_the_committed_results_are_of_these_tables():
    results = Results(Path(command.__file__).parent)
    rows = results.rows()
    kinds = {"multi30k": "translation", "shakespeare": "prediction"}
    assert all(row["variant"] in TABLES[row["table"]][kinds[row["dataset"]]] for row in rows)
    assert len(rows) == len({tuple(row[c] for c in COLUMNS[:5]) for row in rows})
    failed = {path.stem for path in results.failures.glob("*.csv")}
    assert failed <= {cell.stem for cell in results.finished()}
    assert {
        Cell(*(row[c] for c in ("table", "variant", "dataset")), int(row["seed"])).stem
        for row in rows
        if not row["value"]
    } <= failed
