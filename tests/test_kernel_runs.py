"""Runs of the tables: when one fails, how many go side by side, what the command does, and the models it keeps."""

from __future__ import annotations

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
from experiments.kernels.recipes import SMALL_TRANSLATOR, Sources, load
from experiments.kernels.results import Outcome, Results
from experiments.kernels.runs import Run, train_and_score
from experiments.kernels.tasks import unigram_bits
from experiments.kernels.variants import NONE, PRODUCT, SHAW, TABLES, TRANSFORMER_XL
from experiments.kernels.zoo import position, put_into_zoo, zoo_file
from transformer import load_translator
from transformer.model_files import BUNDLED, bundled, zoo
from transformer.models import build
from transformer.position_models import position_models

SMOKE = Sources(smoke=True)
ROOT = Path(__file__).parent.parent

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
    positions = {"translation": {"none": NONE, "shaw": SHAW}, "prediction": {}}
    monkeypatch.setattr(command, "TABLES", {"kernel": kinds, "position": positions})
    options = ("--smoke", "--output", tmp_path, "--seeds", 1, "--workers", 1, "--zoo", tmp_path / "zoo")
    first = call(*options, "--minutes", 1e-9)
    assert (first.exit_code, Results(tmp_path).rows()) == (75, [])  # there was no time for any
    assert "5 runs are left: the same command goes on with them" in first.output
    second = call(*options)
    assert second.exit_code == 0, second.output
    results = Results(tmp_path).rows()
    assert [tuple(row[c] for c in ("table", "variant", "dataset", "metric", "seed")) for row in results] == [
        ("kernel", "exponential-asymmetric", "multi30k", "BLEU", "1"),
        ("kernel", "exponential-asymmetric", "multi30k", "bits per piece", "1"),
        ("kernel", "rbf-symmetric", "multi30k", "BLEU", "1"),
        ("kernel", "rbf-symmetric", "multi30k", "bits per piece", "1"),
        ("kernel", "rbf-symmetric", "shakespeare", "bits per character", "1"),
        ("position", "none", "multi30k", "BLEU", "1"),
        ("position", "none", "multi30k", "bits per piece", "1"),
        ("position", "shaw", "multi30k", "BLEU", "1"),
        ("position", "shaw", "multi30k", "bits per piece", "1"),
    ]
    assert "0 runs to make" in call(*options).output
    assert (tmp_path / "verdicts.csv").exists()
    kept = {f"kernels/kernel-{name}": name for name in names} | {"positions/position-shaw": "shaw"}
    zoo_of_these = tmp_path / "zoo"
    assert {str(file.relative_to(zoo_of_these).with_suffix("")) for file in zoo_of_these.rglob("*.*")} == kept.keys()
    for path, name in kept.items():
        translator = load_translator(zoo_of_these / f"{path}.safetensors")
        assert translator.targets == ("en",)
        smoother = {**rows, **positions["translation"]}[name]
        assert (translator.card["kernel"], translator.card["position"]) == (smoother.kernel, smoother.position)
        assert translator.translate("Der Hund sitzt am Haus 3.", "en").text
        bleu = next(row["value"] for row in results if row["variant"] == name and row["metric"] == "BLEU")
        text = translator.path.with_suffix(".md").read_text()
        assert f"in float32, {float(bleu):.2f}" in text
        assert f"{translator.path.stat().st_size / 1e6:.1f} MB" in text


@pytest.mark.parametrize(
    ("bleu", "curve", "said"),
    [
        (None, [(10, math.nan, math.nan, math.nan)], "the loss did not stay finite"),
        (0.25, [(10, 8.0, 1.0, 0.01)], "it went to the end, and what it learned is useless, BLEU below 1"),
        (30.0, [], ""),
    ],
)
def test_a_card_says_how_its_training_failed(tmp_path, bleu, curve, said):
    task = load(SMOKE)["multi30k"]
    file = zoo_file(tmp_path, PRODUCT)
    outcome = Outcome({"BLEU": bleu, "bits per piece": bleu}, curve, 7, 1.0, "CPU")
    put_into_zoo(file, task, build(PRODUCT.configure(task.model)), PRODUCT, outcome)
    text = file.with_suffix(".md").read_text()
    assert ("**failed**" in text) is bool(said) is load_translator(file).card["failed"]
    assert said in text
    assert "in the kernel of encoder, encoder-decoder, decoder attention: a kernel of the places" in text


def test_measuring_ends_with_how_many_at_a_time(tmp_path, in_this_process):
    done = call("--smoke", "--measure", "--workers", 2, "--seeds", 1, "--output", tmp_path)
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


def test_the_zoos_are_the_rows_of_their_tables_and_light():
    inside = {
        name: smoother for name, smoother in TABLES["position"]["translation"].items() if smoother.position != "none"
    }
    shipped = {"kernel": dict(TABLES["kernel"]["translation"]), "position": inside}
    assert zoo() == sorted(f"kernel-{variant}" for variant in shipped["kernel"])
    assert {path.stem for path in position_models().values()} == {f"position-{variant}" for variant in inside}
    rows = {
        (row["table"], row["variant"]): float(row["value"])
        for row in Results(Path(command.__file__).parent).rows()
        if (row["dataset"], row["metric"], row["seed"]) == ("multi30k", "BLEU", "1")
    }
    tokenizers = set()
    for table, most in (("kernel", 12e6), ("position", 5e6)):
        files = [bundled(f"{table}-{variant}") for variant in shipped[table]]
        assert sum(file.stat().st_size for file in files) < most
        for file, (variant, smoother) in zip(files, shipped[table].items(), strict=True):
            assert file == zoo_file(BUNDLED, smoother)
            translator = load_translator(file.stem)
            assert translator.model.config == smoother.configure(SMALL_TRANSLATOR)
            tokenizers.add(translator.tokenizer.model)
            text = file.with_suffix(".md").read_text(encoding="utf-8")
            kept, trained = map(
                float, re.search(r"\| BLEU \| ([\d.]+); as trained, in float32, ([\d.]+)", text).groups()
            )
            assert trained == pytest.approx(rows[table, variant], abs=0.006)
            assert kept == pytest.approx(trained, abs=0.3)  # 8-bit rows
            assert f"| position | {position(translator.model.config)} |" in text
            failed = smoother.kernel == "linear"
            assert translator.card["failed"] is failed
            assert ("**failed**: it went to the end" in text) is failed
            said = translator.translate("Ein Hund läuft durch den Schnee.", "en").text
            assert (said == "A dog runs through the snow.") is not failed
    assert len(tokenizers) == 1  # so that their heads stand side by side on the same pieces
