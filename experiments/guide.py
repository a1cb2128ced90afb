"""Rebuild `checkpoints/guide.safetensors`: `python -m experiments.guide --tatoeba DIR --multi30k DIR --tokenizer FILE`.

The shape of The Illustrated Transformer and of the base model of Attention Is All You Need, trained on Tatoeba, on
the captions of Multi30k, and on made-up sentences in which 'it' has a referent. The tokenizer is that of `small`.

A second run, `--refine CHECKPOINT`, goes on from what the first one gave, with more kinds of such sentences. Alone it
learns them at the cost of others; a blend with what it began with (Wortsman et al. 2022, section 3) keeps both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from experiments.recipe import Recipe, cook, shrink_residual_branches
from experiments.referent_patterns import training_pairs
from transformer.checkpoints import load_checkpoint, save_checkpoint
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
REFINING = replace(
    RECIPE, training=replace(RECIPE.training, steps=4000, warmup=500, peak_rate=4e-4, cooldown=3500), average=3
)
REFINED_SHARE = 0.3  # of the second run's weights in the blend
CAPTION_COPIES = 2  # captions are few and long: they count as often as this
REFERENTS = 10_000  # made-up pairs a language and pattern


def blend(first: Path, second: Path, share: float, output: Path) -> None:
    """Write the checkpoint whose weights are (1 - share) first + share second."""
    begun, refined = load_checkpoint(first), load_checkpoint(second)
    weights = begun.model.state_dict()
    refined_weights = refined.model.state_dict()
    begun.model.load_state_dict({n: (1 - share) * w + share * refined_weights[n] for n, w in weights.items()})
    save_checkpoint(output, begun.model, begun.tokenizer, dict(refined.card) | {"share": share})


def main(
    tatoeba_directory: Annotated[Path, typer.Option("--tatoeba", help="Directory of the Tatoeba files.")],
    multi30k_directory: Annotated[Path, typer.Option("--multi30k", help="Directory of the Multi30k files.")],
    tokenizer: Annotated[Path, typer.Option(help="The SentencePiece model of `small`.")],
    output: Annotated[Path, typer.Option(help="Checkpoint to write.")] = Path("guide.safetensors"),
    steps: Annotated[int, typer.Option(help="Training steps; 0 for the recipe's.")] = 0,
    refine: Annotated[Path | None, typer.Option(help="What the first run gave, for the second run.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run that was stopped.")] = False,
) -> None:
    """Train the bundled model `guide`."""
    pairs = tatoeba.split(tatoeba.read_pairs(tatoeba_directory)).train
    captions = [
        pair for language in ("de", "fr") for pair in multi30k.read_pairs(multi30k_directory, "train", language)
    ]
    seed = RECIPE.training.seed
    pairs += captions * CAPTION_COPIES + training_pairs(REFERENTS, seed, every_pattern=refine is not None)
    vocabulary = Tokenizer(tokenizer.read_bytes())
    if refine is None:
        cook(RECIPE, pairs, vocabulary, output, steps=steps, resume=resume)
    else:
        cook(REFINING, pairs, vocabulary, output, steps=steps, resume=resume, weights=refine)
        blend(refine, output, REFINED_SHARE, output)


if __name__ == "__main__":
    typer.run(main)
