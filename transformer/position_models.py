"""Which bundled checkpoints have position inside their attention, by their headers. Nothing here imports torch."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from transformer.config import ModelConfig
from transformer.model_files import BUNDLED

MOST_HEADER = 1 << 20  # bytes; no header of ours is longer


@cache
def position_models() -> dict[str, Path]:
    """Return position -> a bundled translator's file whose encoder has it inside, the first by name for each."""
    found: dict[str, Path] = {}
    for path in sorted(BUNDLED.rglob("*.safetensors")):
        config = read_config(path)
        if config is not None and config.architecture == "encoder_decoder":
            found.setdefault(config.encoder_attention.position.name, path)
    return {name: path for name, path in found.items() if name != "none"}


def read_config(path: Path) -> ModelConfig | None:
    """Read the config in a checkpoint's header; None if the file is none of this project's."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= MOST_HEADER else {}
        return ModelConfig.from_dict(json.loads(header["__metadata__"]["config"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
