"""The bundled models as files: where they are, and which bytes they are. Nothing here imports torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_INSTALLED = Path(__file__).parent / "bundled"  # where pip puts checkpoints/
BUNDLED = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent / "checkpoints"
KERNEL_ZOO = BUNDLED / "kernels"  # small translators that differ in the kernel alone
POSITION_ZOO = BUNDLED / "positions"  # and such that have position inside their kernel
DEFAULT_MODEL = "guide"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, and what to do about it."""


def names() -> list[str]:
    """Names of the bundled models, the default first."""
    found = sorted(file.stem for file in BUNDLED.glob("*.safetensors"))
    return sorted(found, key=lambda name: name != DEFAULT_MODEL)


def zoo() -> list[str]:
    """Names of the models of the kernel zoo: `kernel-rbf-symmetric`, one for each kernel and symmetry."""
    return sorted(file.stem for file in KERNEL_ZOO.glob("*.safetensors"))


def bundled(name: str | Path) -> Path:
    """Return the path of a bundled model, of the zoos too; what has a suffix or a folder is taken as a path itself."""
    path = Path(name)
    if path.suffix or len(path.parts) > 1:
        return path
    for folder in (BUNDLED, KERNEL_ZOO, POSITION_ZOO):
        if (path := folder / f"{name}.safetensors").exists():
            return path
    raise CheckpointError(f"there is no bundled model {name!r}: choose one of {', '.join(names())}, or give a path")


def checkpoint_hash(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal: what was computed from it can say so."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def companion_file(checkpoint: Path, what: str) -> Path:
    """Return where a measurement of a model lies: `guide.facts.json` beside `guide.safetensors`."""
    return checkpoint.with_suffix(f".{what}.json")


@cache
def companion(name: str | Path, what: str, digest: str | None = None) -> Mapping[str, Any] | None:
    """Read what was measured of a model and shipped beside it; None if it is missing or of another file of weights.

    `name` is a bundled model's name or a checkpoint's path, `what` such as "facts"; `digest`, the SHA-256 of the
    model's file where it is known already, spares reading it. The result is shared: do not change it.
    """
    checkpoint = bundled(name)
    path = companion_file(checkpoint, what)
    if not path.exists():
        return None
    measured: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return measured if measured["hash"] == (digest or checkpoint_hash(checkpoint)) else None
