"""What the recipes of the bundled translators share: a vocabulary, a corpus, one training run."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import typer
from torch import nn

from transformer.checkpoints import load_checkpoint, read_card
from transformer.commands.progress import training_lines
from transformer.config import ModelConfig
from transformer.data import tatoeba
from transformer.model_files import CheckpointError
from transformer.models import build
from transformer.runs import Keeping
from transformer.tokenizers import Tokenizer, train_tokenizer
from transformer.training import TrainingConfig
from transformer.translator_training import train_translator


@dataclass(frozen=True)
class Recipe:
    """All that makes a translator: sizes, schedule, and `max_tokens`, the places of a batch with padding."""

    name: str
    model: ModelConfig
    training: TrainingConfig
    max_tokens: int
    data: str
    licence: str
    prepare: Callable[[nn.Module], None] = lambda model: None
    average: int = 0  # how many of the last checkpoints the model is the mean of
    spacing: int = 1000  # how many steps they are apart


def shrink_residual_branches(model: nn.Module) -> None:
    """Start the last map of every sub-layer smaller, by the square root of how many there are.

    A deep post-norm stack then starts near the identity, and the source reaches the output from the first step.
    """
    last = [module for name, module in model.named_modules() if name.endswith((".w_o", ".w_2"))]
    with torch.no_grad():
        for module in last:
            module.weight /= math.sqrt(len(last))


def cook(
    recipe: Recipe,
    pairs: Sequence[tatoeba.Pair],
    tokenizer: Tokenizer,
    output: Path,
    *,
    steps: int = 0,
    resume: bool = False,
    weights: Path | None = None,
) -> None:
    """Train and write `output`, saving on the way; stopped, it goes on with `resume`.

    `weights` is a checkpoint of the same shape to begin with, instead of random numbers.
    """
    training = recipe.training
    if steps:
        training = replace(training, steps=steps, cooldown=round(training.cooldown * steps / training.steps))
    torch.manual_seed(training.seed)
    model = build(recipe.model)
    recipe.prepare(model)
    if weights:
        model.load_state_dict(load_checkpoint(weights).model.state_dict())
    card = {
        "name": recipe.name,
        "data": recipe.data,
        "licence": recipe.licence,
        "recipe": f"python -m experiments.{recipe.name}",
    } | ({"weights": dict(read_card(weights))} if weights else {})
    records = train_translator(
        model,
        pairs,
        tokenizer,
        training,
        Keeping(output, average=recipe.average, spacing=recipe.spacing),
        card,
        max_tokens=recipe.max_tokens,
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        resume=resume,
    )
    first = os.environ.get("RANK", "0") == "0"  # of several processes one speaks
    try:
        for line in training_lines(records, training.steps):
            if first:
                typer.echo(line)
    except KeyboardInterrupt:
        records.close()
        sys.exit(f"stopped; {output} holds what was reached, and --resume goes on from there")
    except CheckpointError as error:
        sys.exit(f"{error}")
    if first:
        typer.echo(f"wrote {output}, {output.stat().st_size / 1e6:.1f} MB")


def vocabulary(path: Path | None, text: Iterable[str], size: int) -> Tokenizer:
    """Read a trained SentencePiece model, or train one."""
    return Tokenizer(path.read_bytes() if path else train_tokenizer(text, size))
