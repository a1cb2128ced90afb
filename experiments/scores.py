"""Measure a translator on the held-out pairs of Tatoeba: `python -m experiments.scores MODEL --tatoeba DIRECTORY`.

2,000 pairs a direction that share no sentence with the training part, one reference each, greedy decoding. One JSON
line a direction; `checkpoints/*.md` quotes them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from transformer.data import tatoeba
from transformer.evaluation import evaluate
from transformer.translator import load_translator


def main(
    model: Annotated[str, typer.Argument(help="Name of a bundled model, or path of a checkpoint.")],
    directory: Annotated[Path, typer.Option("--tatoeba", help="Directory of the Tatoeba files.")],
    pairs: Annotated[int, typer.Option(help="Pairs a direction; fewer is quicker.")] = 2000,
) -> None:
    """Print BLEU and chrF of each of the six directions."""
    translator = load_translator(model)
    for language, held in tatoeba.split(tatoeba.read_pairs(directory)).test.items():
        for source, target in ((language, "en"), ("en", language)):
            print(json.dumps(asdict(evaluate(translator, held[:pairs], source, target))), flush=True)


if __name__ == "__main__":
    typer.run(main)
