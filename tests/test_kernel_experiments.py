"""The tables of Transformer Dissection: what their rows are, how their runs are shared, resumed, judged and kept."""

from __future__ import annotations

import csv
import math
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import experiments.kernels.__main__ as command
from experiments.kernels import sweep
from experiments.kernels.__main__ import cells_of, plan
from experiments.kernels.recipes import SMALL_TRANSLATOR, Sources, load
from experiments.kernels.results import COLUMNS, Cell, Outcome, Results
from experiments.kernels.runs import Run, train_and_score
from experiments.kernels.tasks import unigram_bits
from experiments.kernels.variants import (
    AT_INPUT,
    INSIDE,
    NONE,
    PRODUCT,
    TABLES,
    TRANSFORMER_XL,
    Smoother,
    with_position,
)
from experiments.kernels.verdicts import Comparison, as_good, better, judge, verdict, write_verdicts
from transformer import load_translator
from transformer.model_files import bundled, zoo
from transformer.models import build

SMOKE = Sources(smoke=True)
ROOT = Path(__file__).parent.parent

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
    assert not any(run.smoother == AT_INPUT and run.dataset == "multi30k" for run in runs)
    again = plan(tasks, ["kernel"], 1, SMOKE, results, tmp_path / "zoo")  # its model is not there yet
    assert [run for run, cells in again.items() if not cells] == [
        Run(SMOKE, "multi30k", AT_INPUT, 1, tmp_path / "zoo" / "kernel-exponential-asymmetric.safetensors")
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


# --- runs ---


def test_a_loss_that_is_no_longer_finite_is_a_result_without_a_value():
    task = load(SMOKE)["shakespeare"]

    class Diverging:
        """A loss that is infinite from the fourteenth step on."""

        calls = 0

        def __call__(self, model, batch, label_smoothing):
            self.calls += 1
            total, count = task.__class__.loss(task)(model, batch, label_smoothing)
            return total * (math.inf if self.calls >= 14 else 1), count

    class Task(type(task)):
        def loss(self):
            return Diverging()

    broken = Task(**{name: getattr(task, name) for name in task.__dataclass_fields__})
    outcome = train_and_score(broken, Run(SMOKE, "shakespeare", TRANSFORMER_XL, 1))
    assert outcome.values == {"bits per character": None}
    assert [step for step, *_ in outcome.curve] == [10, 20]
    assert math.isfinite(outcome.curve[0][1])
    assert math.isnan(outcome.curve[1][1])


def test_what_is_no_better_than_counting_characters_has_failed():
    task = load(SMOKE)["shakespeare"]
    still = replace(task, training=replace(task.training, peak_rate=1e-9))
    outcome = train_and_score(still, Run(SMOKE, "shakespeare", TRANSFORMER_XL, 1))
    assert outcome.values["bits per character"] > unigram_bits(task.train, task.test, task.model.vocab_size)
    assert len(outcome.curve) == task.training.steps / 10
    learned = train_and_score(task, Run(SMOKE, "shakespeare", TRANSFORMER_XL, 1))
    assert learned.values["bits per character"] < 0.5
    assert not learned.curve
    again = train_and_score(task, Run(SMOKE, "shakespeare", TRANSFORMER_XL, 1))
    assert again.values == learned.values  # a seed is a run


def test_counting_is_the_entropy_of_the_counts():
    train = torch.tensor([0, 0, 0, 1]).numpy()
    expected = -(math.log2(4 / 6) + 2 * math.log2(2 / 6)) / 3  # one more of each, so that nothing is impossible
    assert unigram_bits(train, torch.tensor([0, 1, 1]).numpy(), 2) == pytest.approx(expected)


# --- many runs at a time ---


def test_a_sweep_keeps_the_order_and_the_number_at_a_time():
    running, most = set(), 0

    def work(job: int) -> int:
        nonlocal most
        running.add(job)
        most = max(most, len(running))
        time.sleep(0.01)
        running.discard(job)
        return job * job

    with ThreadPoolExecutor(5) as pool:
        done = dict(sweep.sweep(pool, work, range(12), 3))
    assert done == {job: job * job for job in range(12)}
    assert most <= 3


def test_a_sweep_begins_nothing_that_would_end_too_late(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(sweep.time, "monotonic", lambda: clock[0])

    class Pool:
        def submit(self, function, job):
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(function, job)
            clock[0] += 25.0  # every job takes 25 seconds
            return future

    records = sweep.sweep(Pool(), lambda job: job, range(10), 1, minutes=2)
    done = []
    try:
        while True:
            done.append(next(records)[0])
    except StopIteration as end:
        left = end.value
    assert done == [0, 1, 2, 3]  # the fifth would end at 125 s
    assert left == 6
    assert clock[0] <= 120


def test_a_job_that_fails_is_no_silence():
    def work(job: int) -> int:
        if job == 2:
            raise RuntimeError("no memory")
        return job

    with ThreadPoolExecutor(2) as pool, pytest.raises(RuntimeError, match="no memory"):
        list(sweep.sweep(pool, work, range(5), 2))


def test_ray_is_used_where_it_is(monkeypatch, tmp_path):
    """A small stand-in with Ray's signatures: what we hand over is a function of one job, and a share of a GPU."""
    (tmp_path / "ray.py").write_text(
        """
from concurrent.futures import Future
options, started = [], []
def init(**settings): started.append(settings)
class Reference:
    def __init__(self, value): self.value = value
    def future(self):
        future = Future()
        future.set_result(self.value)
        return future
def remote(**settings):
    options.append(settings)
    class Remote:
        def __init__(self, function): self.function = function
        def remote(self, *arguments): return Reference(self.function(*arguments))
    return Remote
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    with sweep.open_pool(4, on_gpu=True) as pool:
        assert dict(sweep.sweep(pool, lambda job: job + 1, [1, 4, 9], 2)) == {1: 2, 4: 5, 9: 10}
    import ray

    assert ray.options == [{"num_cpus": 1, "num_gpus": 0.25}]
    assert len(ray.started) == 1


# --- the command ---


def call(*arguments: object):
    runner, app = CliRunner(), command.typer.Typer()
    app.command()(command.main)
    return runner.invoke(app, list(map(str, arguments)))


@pytest.fixture
def in_this_process(monkeypatch):
    """Threads instead of processes, which would each load PyTorch."""
    monkeypatch.setattr(sweep.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sweep, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(1))


def test_a_table_is_filled_resumed_and_its_models_kept(tmp_path, in_this_process, monkeypatch):
    names = ("rbf-symmetric", "exponential-asymmetric")
    rows = {name: smoother for name, smoother in TABLES["kernel"]["translation"].items() if name in names}
    kinds = {"translation": rows, "prediction": {"rbf-symmetric": TABLES["kernel"]["prediction"]["rbf-symmetric"]}}
    monkeypatch.setattr(command, "TABLES", {"kernel": kinds})
    options = ("--smoke", "--output", tmp_path, "--seeds", 1, "--workers", 1, "--zoo", tmp_path / "zoo")
    first = call(*options, "--minutes", 1e-9)
    assert (first.exit_code, Results(tmp_path).rows()) == (75, [])  # there was no time for any
    assert "3 runs are left: the same command goes on with them" in first.output
    second = call(*options)
    assert second.exit_code == 0, second.output
    results = Results(tmp_path).rows()
    assert [tuple(row[c] for c in ("table", "variant", "dataset", "metric", "seed")) for row in results] == [
        ("kernel", "exponential-asymmetric", "multi30k", "BLEU", "1"),
        ("kernel", "exponential-asymmetric", "multi30k", "bits per piece", "1"),
        ("kernel", "rbf-symmetric", "multi30k", "BLEU", "1"),
        ("kernel", "rbf-symmetric", "multi30k", "bits per piece", "1"),
        ("kernel", "rbf-symmetric", "shakespeare", "bits per character", "1"),
    ]
    assert "0 runs to make" in call(*options).output
    assert (tmp_path / "verdicts.csv").exists()
    for name in names:
        translator = load_translator(tmp_path / "zoo" / f"kernel-{name}.safetensors")
        assert translator.targets == ("en",)
        assert translator.card["kernel"] == name.split("-")[0]
        assert translator.translate("Der Hund sitzt am Haus 3.", "en").text
        bleu = next(row["value"] for row in results if row["variant"] == name and row["metric"] == "BLEU")
        text = (tmp_path / "zoo" / f"kernel-{name}.md").read_text()
        assert f"in float32, {float(bleu):.2f}" in text
        assert f"{translator.path.stat().st_size / 1e6:.1f} MB" in text


def test_measuring_ends_with_how_many_at_a_time(in_this_process):
    done = call("--smoke", "--measure", "--workers", 2, "--seeds", 1)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    paces = [re.match(r"(\w+): (\d) at a time ([\d.]+) steps a second together", line) for line in lines[:-3]]
    assert [found.groups()[:2] for found in paces] == [
        (dataset, number) for dataset in ("multi30k", "shakespeare") for number in "12"
    ]
    assert "all 36 runs" in lines[-3]
    assert lines[-1] in ("2", "3")


def test_it_says_what_is_missing(tmp_path):
    assert "give the directories of data sets" in " ".join(call().output.replace("│", " ").split())
    nothing = call("--multi30k", tmp_path)
    assert nothing.exit_code == 2
    assert "no train.en.gz and no train.en" in " ".join(nothing.output.replace("│", " ").split())
    assert "there is no table 'colour'" in " ".join(call("--smoke", "--table", "colour").output.split())
    assert "give them an --output of their own" in " ".join(call("--smoke").output.replace("│", " ").split())


def test_processes_of_their_own_do_the_same(tmp_path):
    """As a user starts it, once: a table of one data set, in two processes."""
    options = ("--smoke", "--output", tmp_path, "--seeds", 1, "--table", "placement", "--workers", 2)
    arguments = [sys.executable, "-m", "experiments.kernels", *map(str, options)]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(Results(tmp_path).finished()) == 5 + 3 + 8  # the last are cells of other tables that these runs fill
    assert re.search(r"8 runs to make, 2 at a time, on (cpu|cuda)", done.stdout)


# --- the models that are shipped ---


def test_the_zoo_is_the_kernel_table_and_light():
    assert zoo() == sorted(f"kernel-{variant}" for variant in TABLES["kernel"]["translation"])
    files = [bundled(name) for name in zoo()]
    assert sum(file.stat().st_size for file in files) < 12e6
    rows = {
        (row["variant"], row["metric"]): float(row["value"])
        for row in Results(Path(command.__file__).parent).rows()
        if (row["table"], row["dataset"], row["seed"]) == ("kernel", "multi30k", "1")
    }
    tokenizers = set()
    for file in files:
        variant = file.stem.removeprefix("kernel-")
        translator = load_translator(file.stem)
        smoother = TABLES["kernel"]["translation"][variant]
        assert translator.model.config == smoother.configure(SMALL_TRANSLATOR)
        tokenizers.add(translator.tokenizer.model)
        text = file.with_suffix(".md").read_text(encoding="utf-8")
        kept, trained = map(float, re.search(r"\| BLEU \| ([\d.]+); as trained, in float32, ([\d.]+)", text).groups())
        assert trained == pytest.approx(rows[variant, "BLEU"], abs=0.006)
        assert kept == pytest.approx(trained, abs=0.3)  # 8-bit rows
        failed = smoother.kernel == "linear"
        assert translator.card["failed"] is failed
        assert ("**failed**" in text) is failed
        said = translator.translate("Ein Hund läuft durch den Schnee.", "en").text
        assert (said == "A dog runs through the snow.") is not failed
    assert len(tokenizers) == 1  # so that their heads stand side by side on the same pieces


# --- verdicts ---

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
    write_verdicts(results, {"shakespeare": "prediction"}, tmp_path / "verdicts.csv")
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
