"""`models`: what is bundled, read from the headers of the files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import typer

from transformer.commands.options import AsJson, json_line, size
from transformer.config import ModelConfig
from transformer.model_files import DEFAULT_MODEL, CheckpointError, bundled, names

EXAMPLES = """\b
Examples:
  python -m transformer models
  python -m transformer models --json
"""


def models(as_json: AsJson = False) -> None:
    """List the bundled models: shape, languages, size and licence."""
    found = [describe(bundled(name)) for name in names()]
    for line in map(json_line, found) if as_json else table(found):
        typer.echo(line)


def describe(path: Path) -> dict[str, Any]:
    """Read all but the weights of a checkpoint, without torch.

    Raises
    ------
    CheckpointError
        If the file is no checkpoint.
    """
    from safetensors import SafetensorError, safe_open

    from transformer.tokenizers import Tokenizer

    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
            tokenizer = Tokenizer(file.get_tensor("tokenizer").tobytes())
        config, card = ModelConfig.from_dict(json.loads(metadata["config"])), json.loads(metadata["card"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {error}") from error
    weights = [shape for name, shape in shapes.items() if name != "tokenizer" and not name.endswith(".scale")]
    return {
        "name": path.stem,
        "default": path.stem == DEFAULT_MODEL,
        "path": str(path),
        "languages": card.get("languages", list(tokenizer.languages)),
        "parameters": sum(math.prod(shape) for shape in weights),
        "bytes": path.stat().st_size,
        "licence": card.get("licence", ""),
        "config": config.to_dict(),
        "card": card,
    }


def table(found: list[dict[str, Any]]) -> list[str]:
    """Write one line a model, below a line of headings."""
    headings = ("model", "layers", "d_model", "heads", "d_ff", "languages", "parameters", "file", "licence")
    rows = [headings, *map(_cells, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    words = {0, 5, 8}  # columns of words begin left, numbers end right
    return [
        "  ".join(
            cell.ljust(width) if column in words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    config = entry["config"]
    layers = {
        "encoder_decoder": f"{config['num_encoder_layers']} + {config['num_decoder_layers']}",
        "encoder": f"{config['num_encoder_layers']} + 0",
        "decoder": f"0 + {config['num_decoder_layers']}",
    }
    return (
        entry["name"] + (" (default)" if entry["default"] else ""),
        layers[config["architecture"]],
        *(str(config[name]) for name in ("d_model", "num_heads", "d_ff")),
        ", ".join(entry["languages"]),
        f"{entry['parameters'] / 1e6:.1f} million",
        size(Path(entry["path"])),
        entry["licence"],
    )
