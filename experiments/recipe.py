"""What the recipes of the bundled translators share: a vocabulary, a corpus, one training run, two files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import typer
from torch import nn

from experiments.tokenizer import train_tokenizer
from transformer.checkpoints import save_checkpoint
from transformer.config import ModelConfig
from transformer.data import tatoeba
from transformer.data.batches import TranslationCorpus
from transformer.models import build
from transformer.tokenizers import Tokenizer
from transformer.training import TrainingConfig, train

SAVE_EVERY = 120  # seconds


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


def shrink_residual_branches(model: nn.Module) -> None:
    """Start the last map of every sub-layer smaller, by the square root of how many there are.

    A deep post-norm stack then starts near the identity, and the source reaches the output from the first step.
    """
    last = [module for name, module in model.named_modules() if name.endswith((".w_o", ".w_2"))]
    with torch.no_grad():
        for module in last:
            module.weight /= math.sqrt(len(last))


def cook(recipe: Recipe, pairs: Sequence[tatoeba.Pair], tokenizer: Tokenizer, output: Path, *, steps: int = 0) -> None:
    """Train and write `output` (8-bit rows) and `output` with `.float32` (as trained), saving on the way."""
    output.parent.mkdir(parents=True, exist_ok=True)  # to fail now if it must, not when the training is done
    training = recipe.training
    if steps:
        training = replace(training, steps=steps, cooldown=round(training.cooldown * steps / training.steps))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(training.seed)
    model = build(recipe.model)
    recipe.prepare(model)
    corpus = TranslationCorpus(pairs, tokenizer)
    batches = corpus.batches(recipe.max_tokens, seed=training.seed, device=device, max_length=recipe.model.max_length)
    started = saved = time.perf_counter()
    for record in train(model, batches, training, accelerator=device):
        now = time.perf_counter()
        left = (now - started) / record.step * (training.steps - record.step)
        typer.echo(
            f"step {record.step}/{training.steps}  loss {record.loss:.3f}  rate {record.learning_rate:.2e}  "
            f"gradient {record.gradient_norm:.2f}  {record.tokens_per_second:,.0f} target tokens/s  {left:.0f} s left"
        )
        if now - saved > SAVE_EVERY or record.step == training.steps:
            saved = now
            card: dict[str, Any] = {
                "name": recipe.name,
                "data": recipe.data,
                "licence": recipe.licence,
                "recipe": f"python -m experiments.{recipe.name}",
                "hardware": torch.cuda.get_device_name() if device == "cuda" else "CPU",
                "torch": torch.__version__,
                "minutes": round((now - started) / 60, 1),
                "max_tokens": recipe.max_tokens,
                "training": asdict(training) | {"done": record.step},
            }
            save_checkpoint(output, model, tokenizer, card)
            save_checkpoint(output.with_suffix(".float32.safetensors"), model, tokenizer, card, quantize=False)
    typer.echo(f"wrote {output}, {output.stat().st_size / 1e6:.1f} MB")


def vocabulary(path: Path | None, text: Iterable[str], size: int) -> Tokenizer:
    """Read a trained SentencePiece model, or train one."""
    return Tokenizer(path.read_bytes() if path else train_tokenizer(text, size))
