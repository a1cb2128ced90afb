"""`train`: a translator of one's own, from sentence pairs."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from transformer.commands import options
from transformer.commands.progress import Progress, training_lines
from transformer.config import ModelConfig

if TYPE_CHECKING:
    from transformer.data.tatoeba import Pair
    from transformer.runs import Keeping
    from transformer.tokenizers import Tokenizer
    from transformer.training import TrainingConfig

EXAMPLES = """\b
Examples:
  python -m transformer train --pairs mine.tsv --language de --output mine.safetensors
  python -m transformer translate "Good morning." --model mine.safetensors
  python -m transformer train --tatoeba data/tatoeba --language ja --steps 9000 --output ja.safetensors --device cuda
  torchrun --nproc-per-node 2 -m transformer train --tatoeba data/tatoeba --output all.safetensors
"""
Language = Literal["de", "fr", "ja"]


def train(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option(metavar="NAME.safetensors", help="Checkpoint to write.")],
    pairs: Annotated[
        Path | None, typer.Option(metavar="FILE.tsv", help="Your pairs: English, a tab, the other language.")
    ] = None,
    tatoeba: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Tatoeba's files, without what `evaluate` holds out.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="The other language; of Tatoeba, all unless you choose.")
    ] = None,
    d_model: Annotated[int, typer.Option(metavar="N", min=2, help="Width of the model.")] = 256,
    heads: Annotated[int, typer.Option(metavar="N", min=1, help="Heads of every attention, which share d_model.")] = 4,
    d_ff: Annotated[int, typer.Option(metavar="N", min=1, help="Width inside the feed-forward parts.")] = 1024,
    layers: Annotated[int, typer.Option(metavar="N", min=1, help="Layers of the encoder.")] = 3,
    decoder_layers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Layers of the decoder.", show_default="as many")
    ] = None,
    vocabulary: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Word pieces.", show_default="8000, fewer for little text"),
    ] = 0,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Training steps.")] = 2000,
    batch_tokens: Annotated[
        int, typer.Option(metavar="N", min=1, help="Places in a batch, source and target together.")
    ] = 4000,
    peak_rate: Annotated[float, typer.Option(metavar="X", min=0, help="Largest learning rate; 0: the paper's.")] = 1e-3,
    warmup: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Steps until it is reached.", show_default="a tenth of the steps"),
    ] = 0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Another number, another model.")] = 2026,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto takes a GPU if there is one.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that was stopped.")] = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a translator of your own on sentence pairs.

    It learns both directions between English and the other language. The sizes are for a laptop: with the defaults
    it takes about half an hour on two cores, and ten thousand pairs are enough to see it learn. Ctrl-C stops it and
    keeps what was reached; the same command with --resume goes on exactly there. Every two minutes it is kept too:
    the model in NAME.safetensors, and what --resume needs in NAME.state.safetensors.
    """
    if (pairs is None) == (tatoeba is None):
        ctx.fail("give the sentence pairs: either --pairs FILE.tsv or --tatoeba DIRECTORY")
    if pairs and not language:
        ctx.fail("say which language stands after the tab: --language de, fr or ja")
    if output.suffix != ".safetensors":
        ctx.fail(f"--output must end in .safetensors, got {output.name!r}")
    if resume and force:
        ctx.fail("choose --resume or --force: go on, or start anew")
    if d_model % heads or d_model % 2:
        ctx.fail(f"--d-model must be even and a multiple of --heads, got {d_model} and {heads}")
    if not math.isfinite(peak_rate):
        ctx.fail("--peak-rate must be a finite number")
    check_output(output, resume=resume, force=force)
    sizes = ModelConfig(
        d_model=d_model,
        num_heads=heads,
        d_ff=d_ff,
        num_encoder_layers=layers,
        num_decoder_layers=decoder_layers or layers,
    )
    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun started
    quiet = quiet or not first
    with Progress(quiet=quiet) as progress:
        progress.show("loading PyTorch and the sentence pairs")
        from transformer.runs import Keeping
        from transformer.training import TrainingConfig

        found, data, licence = read_pairs(pairs, tatoeba, language)
        languages = ["en", *sorted({pair.language for pair in found})]
        card = {
            "name": output.stem,
            "data": data,
            "licence": licence,
            "languages": languages,
            "recipe": "python -m transformer train",
            "max_tokens": batch_tokens,
        }
        keeping = Keeping(output)
        config, tokenizer = begin(sizes, vocabulary, found, card, keeping if resume else None)
        hardware = accelerator(device)
    training = TrainingConfig(
        steps=steps,
        warmup=warmup or -(-steps // 10),
        peak_rate=peak_rate,
        cooldown=steps // 3,
        record_every=5,
        seed=seed,
    )
    progress = Progress(quiet=quiet, at_once=True)
    train_here(config, found, tokenizer, training, keeping, card, hardware, progress, resume=resume)
    if first:
        typer.echo(f"wrote {output}, {options.size(output)}")
    progress.say(f'try it: python -m transformer translate "Good morning." --target {languages[1]} --model {output}')


def check_output(output: Path, *, resume: bool, force: bool) -> None:
    """Refuse, before the work begins, a file that would be lost or cannot be written; a ValueError says which."""
    state = output.with_suffix(".state.safetensors")
    if resume and not (output.exists() and state.exists()):
        missing = output if state.exists() else state
        raise ValueError(f"there is no {missing} to go on from: leave --resume out to start anew")
    if output.exists() and not (resume or force):
        raise ValueError(f"{output} exists: go on with it by --resume, replace it by --force, or choose another name")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise ValueError(f"{output} cannot be written: {error.strerror or error}") from error


def read_pairs(pairs: Path | None, tatoeba: Path | None, language: str | None) -> tuple[list[Pair], str, str]:
    """Return the pairs to train on, where they are from, and what the licence of the model is."""
    from transformer.data import tatoeba as tatoeba_files
    from transformer.translator_training import read_pair_file

    if pairs:
        assert language
        found = read_pair_file(pairs, language)
        return found, f"{len(found):,} pairs of {pairs.name}", "as the sentence pairs allow"
    assert tatoeba
    found = tatoeba_files.split(tatoeba_files.read_pairs(tatoeba)).train  # of all languages, as `evaluate` splits
    found = [pair for pair in found if language in (None, pair.language)]
    return found, "Tatoeba (tatoeba.org, manythings.org/anki), CC-BY 2.0 FR", "CC-BY 4.0"


def begin(
    sizes: ModelConfig, vocabulary: int, pairs: Sequence[Pair], card: dict[str, Any], stopped: Keeping | None
) -> tuple[ModelConfig, Tokenizer]:
    """Return the shape and the vocabulary: those of the run that was stopped, or new ones.

    Raises
    ------
    ValueError
        If the run that was stopped has another shape or other data, or the vocabulary cannot be learned.
    """
    from transformer.checkpoints import load_checkpoint
    from transformer.translator_training import learn_vocabulary

    if stopped is None:
        tokenizer = learn_vocabulary((text for pair in pairs for text in (pair.english, pair.other)), vocabulary)
        return replace(sizes, vocab_size=len(tokenizer)), tokenizer
    checkpoint = load_checkpoint(stopped.output)
    before = checkpoint.model.config
    wanted = asdict(replace(sizes, vocab_size=vocabulary or before.vocab_size)) | card
    had = asdict(before) | dict(checkpoint.card)
    other = [name for name, value in wanted.items() if name != "name" and had.get(name) != value]
    if other:
        raise ValueError(f"{stopped.output} was begun with another {', '.join(other)}: go on with the same settings")
    return before, checkpoint.tokenizer


def accelerator(device: str) -> str:
    """Turn `auto` into what there is; ValueError where there is no GPU and one was asked for."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("PyTorch finds no CUDA device here: take --device cpu, or auto")
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def train_here(
    config: ModelConfig,
    pairs: Sequence[Pair],
    tokenizer: Tokenizer,
    training: TrainingConfig,
    keeping: Keeping,
    card: dict[str, Any],
    accelerator: str,
    progress: Progress,
    *,
    resume: bool,
) -> None:
    """Train and show how it goes; Ctrl-C ends the program with 130, after saying what is kept."""
    import torch

    from transformer.models import build
    from transformer.training import NonFiniteLoss
    from transformer.translator_training import train_translator

    torch.manual_seed(training.seed)
    model = build(config)
    parameters = sum(weight.numel() for weight in model.parameters()) / 1e6
    progress.say(
        f"training {parameters:.1f} million parameters on {len(pairs):,} pairs, {training.steps:,} steps on "
        f"{'a GPU' if accelerator == 'cuda' else 'the CPU'}; Ctrl-C stops and keeps what was reached"
    )
    records = train_translator(
        model,
        pairs,
        tokenizer,
        training,
        keeping,
        card,
        max_tokens=card["max_tokens"],
        accelerator=accelerator,
        resume=resume,
    )
    kept = resume
    try:
        with progress:
            for line in training_lines(records, training.steps):
                kept = True
                progress.show(line)
    except KeyboardInterrupt:
        records.close()
        progress.say(
            f"stopped; {keeping.output} holds what was reached, and the same command with --resume goes on from there"
            if kept
            else "stopped before anything was learned: nothing is kept"
        )
        raise typer.Exit(130) from None
    except NonFiniteLoss as error:
        raise ValueError(str(error)) from error
    except torch.OutOfMemoryError as error:
        raise ValueError("the GPU's memory is full: lower --batch-tokens or the sizes") from error
