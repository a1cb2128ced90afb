"""Rebuild `checkpoints/small.safetensors`: `python -m experiments.small --data DIRECTORY`.

DIRECTORY holds Tatoeba's `en-de.tsv.gz`, `en-fr.tsv.gz` and `en-ja.tsv.gz`. The vocabulary is trained first (see
`experiments.tokenizer`) or taken from `--tokenizer`. With `--smoke` everything runs in miniature on a few
sentences of our own, to see that it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from experiments.recipe import Recipe, cook, vocabulary
from experiments.tokenizer import training_text
from transformer.config import ModelConfig
from transformer.data import tatoeba
from transformer.training import TrainingConfig

RECIPE = Recipe(
    name="small",
    model=ModelConfig(
        vocab_size=16000,
        d_model=256,
        num_heads=8,
        d_ff=1024,
        num_encoder_layers=4,
        num_decoder_layers=2,
        activation="silu",
        dropout=0.1,
    ),
    training=TrainingConfig(
        steps=9000, warmup=1200, peak_rate=1.5e-3, cooldown=3000, precision="bf16-mixed", record_every=100
    ),
    max_tokens=48_000,
    data="Tatoeba (tatoeba.org, manythings.org/anki), CC-BY 2.0 FR",
    licence="CC-BY 4.0",
)
SMOKE = replace(
    RECIPE,
    model=replace(RECIPE.model, vocab_size=120, d_model=32, num_heads=2, d_ff=64, max_length=64),
    training=TrainingConfig(steps=30, warmup=10, peak_rate=3e-3, cooldown=10, record_every=10),
    max_tokens=1000,
    data="made up",
)


def smoke_pairs() -> list[tatoeba.Pair]:
    """Make a small multilingual world: every animal in every place."""
    animals = ("dog", "Hund", "chien", "犬"), ("cat", "Katze", "chat", "猫"), ("horse", "Pferd", "cheval", "馬")
    places = ("house", "Haus", "maison", "家"), ("garden", "Garten", "jardin", "庭"), ("street", "Weg", "rue", "道")
    pairs = []
    for animal in animals:
        for place in places:
            for number, word in enumerate(("one", "two", "three", "four", "five")):
                english = f"A {animal[0]} is near the {place[0]} number {word}."
                pairs.append(tatoeba.Pair(english, f"Ein {animal[1]} ist bei {place[1]} {number}.", "de"))
                pairs.append(tatoeba.Pair(english, f"Un {animal[2]} est près de {place[2]} {number}.", "fr"))
                pairs.append(tatoeba.Pair(english, f"{animal[3]}は{place[3]}{number}の近くにいる。", "ja"))
    return pairs


def main(
    data: Annotated[Path | None, typer.Option(help="Directory of the Tatoeba files.")] = None,
    output: Annotated[Path, typer.Option(help="Checkpoint to write.")] = Path("small.safetensors"),
    tokenizer: Annotated[Path | None, typer.Option(help="A trained SentencePiece model to use.")] = None,
    steps: Annotated[int, typer.Option(help="Training steps; 0 for the recipe's.")] = 0,
    resume: Annotated[bool, typer.Option(help="Go on with the run that was stopped.")] = False,
    smoke: Annotated[bool, typer.Option(help="Run in miniature, in under a minute, without data.")] = False,
) -> None:
    """Train the bundled model `small`."""
    if smoke:
        torch.set_num_threads(1)  # so small a model is faster on one than on two that wait for each other
        recipe, pairs = SMOKE, smoke_pairs()
        text: Iterable[str] = (sentence for pair in pairs for sentence in (pair.english, pair.other))
    elif data is None:
        raise typer.BadParameter("give the directory of the Tatoeba files with --data, or try --smoke")
    else:
        try:
            recipe, pairs = RECIPE, tatoeba.split(tatoeba.read_pairs(data)).train
        except (OSError, ValueError) as error:
            raise typer.BadParameter(str(error)) from error
        text = training_text(pairs, RECIPE.training.seed)
    cook(recipe, pairs, vocabulary(tokenizer, text, recipe.model.vocab_size), output, steps=steps, resume=resume)


if __name__ == "__main__":
    typer.run(main)
