"""The zoo: small translators of the tables that a visitor compares, one a cell, each with its card.

Kept are all of the kernel table, and those of the position table that have position inside the kernel.
"""

from __future__ import annotations

from pathlib import Path

import torch

from experiments.kernels.results import Outcome
from experiments.kernels.tasks import LOWEST_BLEU, Task, Translation
from experiments.kernels.variants import TABLES, Smoother, Variant
from transformer.checkpoints import load_checkpoint, save_checkpoint
from transformer.config import ModelConfig
from transformer.models import EncoderDecoder, Model

SEED = 1  # whose models are kept
FOLDERS = {"kernel": "kernels", "position": "positions"}  # table -> where its models are
NEIGHBOURS = {
    "kernel": "its neighbours, which differ in the kernel alone",
    "position": "its neighbours, which differ in how position enters the kernel",
}
FORMULAS = {
    "linear": "`<q, k>`, signed, as in the paper",
    "polynomial": "`<q, k>^2`",
    "exponential": "`exp(<q, k> / sqrt(d_head))`: softmax attention",
    "rbf": "`exp(-‖q - k‖^2 / sqrt(d_head))`",
}
POSITIONS = {
    "shaw": "a learned vector for each offset between query and key (Shaw et al. 2018)",
    "transformer_xl": "sinusoids of the offset, through a map of their own, and two learned biases (Dai et al. 2019)",
    "product": "a kernel of the places times that of the words, one map for both sides (Tsai et al. 2019)",
}


def zoo_file(directory: Path, smoother: Smoother) -> Path | None:
    """Where the translator that attends so is kept; None for one that is not."""
    for table, folder in FOLDERS.items():
        for variant, other in TABLES[table]["translation"].items():
            if other == smoother and (table == "kernel" or smoother.position in POSITIONS):
                return directory / folder / f"{table}-{variant}.safetensors"
    return None


def put_into_zoo(path: Path, task: Task, model: Model, smoother: Variant, outcome: Outcome) -> None:
    """Write the checkpoint, as 8-bit rows, and beside it the card, with the BLEU of that very file.

    Of a run whose loss did not stay finite it holds the last weights that were: a visitor may see what became of them.
    """
    assert isinstance(task, Translation) and isinstance(smoother, Smoother)  # `zoo_file` names no other
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "name": path.stem,
        "data": "Multi30k captions, German to English",
        "licence": "for teaching and research: the captions' images are non-commercial",
        "recipe": recipe(path),
        "kernel": smoother.kernel,
        "symmetric": smoother.symmetric,
        "position": smoother.position,
        "failed": bool(outcome.curve),
        "seed": SEED,
        "hardware": outcome.hardware,
        "torch": torch.__version__,
    }
    save_checkpoint(path, model.cpu(), task.tokenizer, facts)
    kept = load_checkpoint(path).model
    assert isinstance(kept, EncoderDecoder)
    path.with_suffix(".md").write_text(card(path, task, smoother, outcome, task.bleu(kept)), encoding="utf-8")


def table_of(path: Path) -> str:
    """Name the table that a kept model is a cell of."""
    return path.stem.partition("-")[0]


def recipe(path: Path) -> str:
    """Write the command that makes a kept model."""
    return f"python -m experiments.kernels --multi30k DIRECTORY --table {table_of(path)} --zoo DIRECTORY"


def card(path: Path, task: Translation, smoother: Smoother, outcome: Outcome, bleu: float) -> str:
    """Write what a reader must know of a model."""
    training, table = task.training, table_of(path)
    trained = outcome.values["BLEU"]
    score = f"{bleu:.2f}" + (f"; as trained, in float32, {trained:.2f}" if trained is not None else "")
    rows = {
        "kernel": f"{FORMULAS[smoother.kernel]}, in all three attentions",
        "symmetric": "yes: one map for queries and keys" if smoother.symmetric else "no: a map each",
        "position": position(smoother.configure(task.model)),
        "shape": shape(task.model, outcome.parameters),
        "vocabulary": f"{task.model.vocab_size:,} BPE pieces, German and English together; the only target is English",
        "data": f"{len(task.train):,} pairs of captions (Multi30k, `train`), German to English",
        "licence": "for teaching and research: the images that the captions describe are non-commercial",
        "recipe": f"`{recipe(path)}`: "
        f"seed {SEED}, {training.steps:,} steps of {task.max_tokens:,} places, peak rate {training.peak_rate:g} after "
        f"{training.warmup} steps, the last {training.cooldown:,} down to zero, label smoothing "
        f"{training.label_smoothing:g}, dropout {task.model.dropout:g}",
        "hardware, time": f"{outcome.hardware}, {outcome.seconds:.0f} s beside other runs, PyTorch {torch.__version__}",
        "BLEU": f"{score} (`test_2016_flickr`, {len(task.test):,} captions, sacreBLEU 13a, "
        f"{'greedy' if task.beam_size == 1 else f'beam {task.beam_size}'})",
        "file": f"{path.stat().st_size / 1e6:.1f} MB: 8-bit rows with a scale each, config and tokenizer inside",
    }
    lines = [f"# `{path.stem}`: one cell of the {table} table", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {text} |" for name, text in rows.items()]
    limits = (
        f"It knows captions and nothing else. It is here to be compared with {NEIGHBOURS[table]}; one seed says little "
        "about which is better: `experiments/kernels/` has the tables."
    )
    return "\n".join([*lines, "", "## Limits", "", fate(outcome) + limits, ""])


def position(model: ModelConfig) -> str:
    """Say where a model's position comes from."""
    if model.input_position != "none":
        return "sinusoids summed to the input (Vaswani et al. 2017)"
    attentions = {
        "encoder": model.encoder_attention,
        "encoder-decoder": model.cross_attention,
        "decoder": model.decoder_attention,
    }
    inside = {place: each.position.name for place, each in attentions.items() if each.position.name != "none"}
    return f"in the kernel of {', '.join(inside)} attention: {POSITIONS[inside['encoder']]}; none at the input"


def shape(model: ModelConfig, parameters: int) -> str:
    """Say how large a model is."""
    return (
        f"encoder-decoder: {model.num_encoder_layers} + {model.num_decoder_layers} layers, d_model {model.d_model}, "
        f"{model.num_heads} heads of {model.head_size}, d_ff {model.d_ff}, post-norm; {parameters:,} parameters"
    )


def fate(outcome: Outcome) -> str:
    """Say how the training failed, if it did."""
    if not outcome.curve:
        return ""
    if outcome.values["BLEU"] is None:
        return "Its training **failed**: the loss did not stay finite, and these are the last weights that were. "
    return f"Its training **failed**: it went to the end, and what it learned is useless, BLEU below {LOWEST_BLEU:g}. "
