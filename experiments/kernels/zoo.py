"""The kernel zoo: the small translators of the kernel table that a visitor compares, one a cell, each with its card."""

from __future__ import annotations

from pathlib import Path

import torch

from experiments.kernels.results import Outcome
from experiments.kernels.tasks import Task, Translation
from experiments.kernels.variants import TABLES, Smoother
from transformer.checkpoints import load_checkpoint, save_checkpoint
from transformer.models import EncoderDecoder, Model

TABLE, SEED = "kernel", 1  # whose models are kept
FORMULAS = {
    "linear": "`<q, k>`, signed, as in the paper",
    "polynomial": "`<q, k>^2`",
    "exponential": "`exp(<q, k> / sqrt(d_head))`: softmax attention",
    "rbf": "`exp(-||q - k||^2 / sqrt(d_head))`",
}


def zoo_file(directory: Path, variant: str) -> Path:
    """Where the model of a row of the kernel table is kept."""
    return directory / f"kernel-{variant}.safetensors"


def put_into_zoo(path: Path, task: Task, model: Model, smoother: Smoother, outcome: Outcome) -> None:
    """Write the checkpoint, as 8-bit rows, and beside it the card, with the BLEU of that very file.

    Of a run that failed it holds the last weights that were finite: a visitor may see what became of them.
    """
    assert isinstance(task, Translation)
    path.parent.mkdir(parents=True, exist_ok=True)
    failed = bool(outcome.curve)
    facts = {
        "name": path.stem,
        "data": "Multi30k captions, German to English",
        "licence": "for teaching and research: the captions' images are non-commercial",
        "recipe": f"python -m experiments.kernels --multi30k DIRECTORY --table {TABLE} --zoo DIRECTORY",
        "kernel": smoother.kernel,
        "symmetric": smoother.symmetric,
        "failed": failed,
        "seed": SEED,
        "hardware": outcome.hardware,
        "torch": torch.__version__,
    }
    save_checkpoint(path, model.cpu(), task.tokenizer, facts)
    kept = load_checkpoint(path).model
    assert isinstance(kept, EncoderDecoder)
    path.with_suffix(".md").write_text(card(path, task, smoother, outcome, task.bleu(kept)), encoding="utf-8")


def card(path: Path, task: Translation, smoother: Smoother, outcome: Outcome, bleu: float) -> str:
    """Write what a reader must know of a model."""
    model, training = task.model, task.training
    trained = outcome.values["BLEU"]
    score = f"{bleu:.2f}" + (f"; as trained, in float32, {trained:.2f}" if trained is not None else "")
    fate = "Its training **failed**: these are the last weights that were finite. " if outcome.curve else ""
    rows = {
        "kernel": f"{FORMULAS[smoother.kernel]}, in all three attentions",
        "symmetric": "yes: one map for queries and keys" if smoother.symmetric else "no: a map each",
        "shape": f"encoder-decoder: {model.num_encoder_layers} + {model.num_decoder_layers} layers, d_model "
        f"{model.d_model}, {model.num_heads} heads of {model.head_size}, d_ff {model.d_ff}, post-norm, sinusoids "
        f"summed to the input; {outcome.parameters:,} parameters",
        "vocabulary": f"{model.vocab_size:,} BPE pieces, German and English together; the only target is English",
        "data": f"{len(task.train):,} pairs of captions (Multi30k, `train`), German to English",
        "licence": "for teaching and research: the images that the captions describe are non-commercial",
        "recipe": f"`python -m experiments.kernels --multi30k DIRECTORY --table {TABLE} --zoo DIRECTORY`: "
        f"seed {SEED}, {training.steps:,} steps of {task.max_tokens:,} places, peak rate {training.peak_rate:g} after "
        f"{training.warmup} steps, the last {training.cooldown:,} down to zero, label smoothing "
        f"{training.label_smoothing:g}, dropout {model.dropout:g}",
        "hardware, time": f"{outcome.hardware}, {outcome.seconds:.0f} s beside other runs, PyTorch {torch.__version__}",
        "BLEU": f"{score} (`test_2016_flickr`, {len(task.test):,} captions, sacreBLEU 13a, "
        f"{'greedy' if task.beam_size == 1 else f'beam {task.beam_size}'})",
        "file": f"{path.stat().st_size / 1e6:.1f} MB: 8-bit rows with a scale each, config and tokenizer inside",
    }
    lines = [f"# `{path.stem}`: one cell of the kernel table", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {text} |" for name, text in rows.items()]
    limits = (
        "It knows captions and nothing else. It is here to be compared with its neighbours, which differ in the kernel "
        "alone; one seed says little about which is better: `experiments/kernels/` has the tables."
    )
    return "\n".join([*lines, "", "## Limits", "", fate + limits, ""])


def variant_of(smoother: Smoother) -> str | None:
    """Name the row of the kernel table in which a translator attends so, if there is one."""
    rows = TABLES[TABLE]["translation"]
    return next((variant for variant, other in rows.items() if other == smoother), None)
