"""Rebuild `checkpoints/guide.safetensors`: `python -m experiments.guide --tatoeba DIR --multi30k DIR --tokenizer FILE`.

The shape of The Illustrated Transformer and of the base model of Attention Is All You Need, trained on Tatoeba, on
the captions of Multi30k, and on made-up sentences in which 'it' has a referent. The tokenizer is that of `small`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.recipe import Recipe, cook, shrink_residual_branches
from experiments.referent_patterns import training_pairs
from transformer.config import ModelConfig
from transformer.data import multi30k, tatoeba
from transformer.tokenizers import Tokenizer
from transformer.training import TrainingConfig

RECIPE = Recipe(
    name="guide",
    model=ModelConfig(
        vocab_size=16000,
        d_model=512,
        num_heads=8,
        d_ff=2048,
        num_encoder_layers=6,
        num_decoder_layers=6,
        activation="relu",
        dropout=0.1,
    ),
    training=TrainingConfig(
        steps=27000, warmup=4000, peak_rate=7e-4, cooldown=7000, precision="bf16-mixed", record_every=100, capture=True
    ),
    max_tokens=24_000,
    data="Tatoeba (tatoeba.org, manythings.org/anki), CC-BY 2.0 FR, Multi30k captions, and made-up sentences with 'it'",
    licence="for teaching and research: the captions' images are non-commercial",
    prepare=shrink_residual_branches,
    average=5,
    spacing=500,
)
CAPTION_COPIES = 2  # captions are few and long: they count as often as this
REFERENTS = 10_000  # made-up pairs a language and pattern


def main(
    tatoeba_directory: Annotated[Path, typer.Option("--tatoeba", help="Directory of the Tatoeba files.")],
    multi30k_directory: Annotated[Path, typer.Option("--multi30k", help="Directory of the Multi30k files.")],
    tokenizer: Annotated[Path, typer.Option(help="The SentencePiece model of `small`.")],
    output: Annotated[Path, typer.Option(help="Checkpoint to write.")] = Path("guide.safetensors"),
    steps: Annotated[int, typer.Option(help="Training steps; 0 for the recipe's.")] = 0,
    weights: Annotated[Path | None, typer.Option(help="A checkpoint to begin with, instead of random numbers.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run that was stopped.")] = False,
) -> None:
    """Train the bundled model `guide`."""
    pairs = tatoeba.split(tatoeba.read_pairs(tatoeba_directory)).train
    captions = [
        pair for language in ("de", "fr") for pair in multi30k.read_pairs(multi30k_directory, "train", language)
    ]
    pairs += captions * CAPTION_COPIES + training_pairs(REFERENTS, RECIPE.training.seed)
    cook(RECIPE, pairs, Tokenizer(tokenizer.read_bytes()), output, steps=steps, resume=resume, weights=weights)


if __name__ == "__main__":
    typer.run(main)
