"""Checkpoints: one safetensors file with weights, config and tokenizer; nothing in it is ever executed.

Matrices are kept as 8-bit rows with a scale each (`name` int8, `name.scale` float32) or, like the rest, as float32. The
header's metadata holds `format_version`, `config` (JSON) and `card` (JSON: what the model card says).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from transformer.config import ModelConfig
from transformer.model_files import CheckpointError
from transformer.models import Model, build
from transformer.tokenizers import Tokenizer

FORMAT_VERSION = 1
SCALE = ".scale"
TOKENIZER = "tokenizer"  # the SentencePiece model, as bytes in a uint8 tensor
LARGEST_NUMBER, MOST_LAYERS = 1 << 20, 100  # no size in a config that we would build is larger


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode, its tokenizer, and what its card says."""

    model: Model
    tokenizer: Tokenizer
    card: Mapping[str, Any]


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(R, C) float -> int8 (R, C) and the scale (R,) of each row: weight ~ int8 * scale, off by half a scale."""
    scale = (weight.abs().amax(-1) / 127).clamp_min(torch.finfo(torch.float32).tiny)
    return (weight / scale[:, None]).round().to(torch.int8), scale


def dequantize_rows(rows: Tensor, scale: Tensor) -> Tensor:
    """Undo `quantize_rows`, up to rounding."""
    return rows.float() * scale[:, None]


def save_checkpoint(
    path: Path, model: Model, tokenizer: Tokenizer, card: Mapping[str, Any], *, quantize: bool = True
) -> None:
    """Write a checkpoint; an interrupted write or a full disk (CheckpointError) leaves the old file as it was.

    `quantize` keeps matrices as 8-bit rows, a quarter of the size; without it they stay float32.
    """
    tensors: dict[str, Tensor] = {TOKENIZER: torch.frombuffer(bytearray(tokenizer.model), dtype=torch.uint8)}
    for name, weight in model.state_dict().items():
        weight = weight.detach().float().cpu().contiguous()
        if quantize and weight.dim() == 2:
            tensors[name], tensors[name + SCALE] = quantize_rows(weight)
        else:
            tensors[name] = weight
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "config": json.dumps(model.config.to_dict()),
        "card": json.dumps(dict(card), ensure_ascii=False),
    }
    write_tensors(path, tensors, metadata)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file whole or not at all; CheckpointError if the disk is full or not to be written on."""
    path = Path(path)
    unfinished = path.with_suffix(path.suffix + ".part")
    try:
        save_file(dict(tensors), unfinished, dict(metadata))
        unfinished.chmod(0o644)  # safetensors writes for its owner alone, and a server may be someone else
        unfinished.replace(path)
    except (OSError, SafetensorError) as error:
        kept = "; the file that was there is as it was" if path.exists() else ""
        raise CheckpointError(f"{path} cannot be written: {error}{kept}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def average_weights(paths: Iterable[Path]) -> dict[str, Tensor]:
    """Mean of the weights of unquantised checkpoints of one model (Vaswani et al. 2017, section 6.1), in float32."""
    total: dict[str, Tensor] = {}
    paths = list(paths)
    if not paths:
        raise ValueError("there is nothing to average: no checkpoint was given")
    for path in paths:
        for name, weight in load_checkpoint(path).model.state_dict().items():
            total[name] = total[name] + weight.double() if name in total else weight.double()
    return {name: (weight / len(paths)).float() for name, weight in total.items()}


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint strictly: names and shapes are compared with the config before anything is allocated.

    Raises
    ------
    CheckpointError
        If the file is missing, broken, foreign, or of another format version.
    """
    path = Path(path)
    try:
        with safe_open(path, "pt") as file:
            config, card = _read_metadata(path, file.metadata() or {})
            model = _build(path, config)
            _check_shapes(path, model, {name: file.get_slice(name) for name in file.keys()})  # noqa: SIM118
            state = {name: _read(path, file, name) for name in model.state_dict()}
            tokenizer = Tokenizer(file.get_tensor(TOKENIZER).numpy().tobytes())
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {error}") from error
    model.load_state_dict(state, assign=True)
    try:
        entries = len(tokenizer)
        marks = tokenizer.pieces(range(min(entries, 4)))
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path}: its tokenizer cannot be read") from error
    if entries != config.vocab_size:
        raise CheckpointError(f"{path}: {entries} pieces in the tokenizer, {config.vocab_size} in the model")
    if marks != ["<pad>", "<unk>", "<s>", "</s>"]:
        raise CheckpointError(f"{path}: its tokenizer begins with {marks} and not with <pad>, <unk>, <s> and </s>")
    return Checkpoint(model.eval().requires_grad_(False), tokenizer, card)


def read_card(path: Path) -> dict[str, Any]:
    """What the model card says, without reading the weights."""
    try:
        with safe_open(Path(path), "pt") as file:
            return _read_metadata(Path(path), file.metadata() or {})[1]
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint: {error}") from error


def _read_metadata(path: Path, metadata: Mapping[str, str]) -> tuple[ModelConfig, dict[str, Any]]:
    version = metadata.get("format_version")
    if version != str(FORMAT_VERSION):
        raise CheckpointError(
            f"{path}: format version {version!r} is not {FORMAT_VERSION}, the one this program reads: "
            "it was written by another program or another version of this one"
        )
    try:
        settings, card = json.loads(metadata["config"]), json.loads(metadata.get("card", "{}"))
        if not (isinstance(settings, dict) and isinstance(card, dict)):
            raise ValueError("config and card must be JSON objects")
        numbers = [value for value in settings.values() if isinstance(value, int)]
        if (
            max(numbers, default=0) > LARGEST_NUMBER
            or max(settings.get("num_encoder_layers", 0), settings.get("num_decoder_layers", 0)) > MOST_LAYERS
        ):
            raise ValueError("sizes are too large to be meant")
        return ModelConfig.from_dict(settings), card
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path}: its config cannot be used: {error}") from error


def _build(path: Path, config: ModelConfig) -> Model:
    """Build the model without memory for its weights."""
    try:
        with torch.device("meta"):
            return build(config)
    except Exception as error:  # there is no list of what a slot may trip over in options it was not made for
        raise CheckpointError(f"{path}: its config cannot be used: {str(error).splitlines()[0]}") from error


def _check_shapes(path: Path, model: Model, slices: Mapping[str, Any]) -> None:
    expected = {name: list(weight.shape) for name, weight in model.state_dict().items()}
    quantized = {name for name, part in slices.items() if part.get_dtype() == "I8" and len(part.get_shape()) == 2}
    scales = {name + SCALE: shape[:1] for name, shape in expected.items() if name in quantized}
    found = {name: list(part.get_shape()) for name, part in slices.items() if name != TOKENIZER}
    if found != expected | scales or TOKENIZER not in slices or slices[TOKENIZER].get_dtype() != "U8":
        wrong = sorted(k for k in (expected | scales | found) if (expected | scales).get(k) != found.get(k))
        raise CheckpointError(f"{path}: weights do not fit the config, first at {[*wrong, TOKENIZER][0]!r}")


def _read(path: Path, file: Any, name: str) -> Tensor:
    tensor = file.get_tensor(name)
    scale = file.get_tensor(name + SCALE) if tensor.dtype == torch.int8 else None
    floats = tensor if scale is None else scale
    if not floats.isfinite().all():
        raise CheckpointError(f"{path}: {name!r} holds numbers that are not finite: the training went wrong")
    return tensor.float() if scale is None else dequantize_rows(tensor, scale)
