"""A small trainable transformer that shows everything it computes.

The public names load on first use, so that `import transformer` costs nothing.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "load_translator": "translator",
    "Translator": "translator",
    "Translation": "translator",
    "Trace": "trace",
    "NO_TRACE": "trace",
    "ModelConfig": "config",
    "AttentionConfig": "config",
    "preset": "config",
    "build": "models",
    "train": "training",
    "TrainingConfig": "training",
    "CheckpointError": "model_files",
    "load_checkpoint": "checkpoints",
    "save_checkpoint": "checkpoints",
    "from_huggingface": "adapters",
    "from_outputs": "adapters",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'transformer' has no attribute {name!r}")
    return getattr(import_module(f"transformer.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
