"""A training run on disk: it saves as it goes, stops without loss, and goes on where it stopped.

Beside `NAME.safetensors`, the checkpoint, lie `NAME.state.safetensors`, from which the run goes on exactly, and, where
checkpoints are averaged, `NAME.step-N.safetensors`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from safetensors import SafetensorError, safe_open

from transformer.checkpoints import average_weights, read_card, save_checkpoint, write_tensors
from transformer.gradients import Loss
from transformer.losses import translation_loss
from transformer.model_files import CheckpointError
from transformer.models import Model
from transformer.tokenizers import Tokenizer
from transformer.training import TrainingConfig, TrainingState, TrainingStep, make_fabric, train

STATE_VERSION = "1"
PARTS = ("weights", "first", "second")


@dataclass(frozen=True)
class Keeping:
    """Where a run is kept, how often (`seconds`), and how many checkpoints, `spacing` steps apart, are averaged."""

    output: Path
    seconds: float = 120.0
    average: int = 0
    spacing: int = 1000

    @property
    def state(self) -> Path:
        """The file that a stopped run goes on from."""
        return self.output.with_suffix(".state.safetensors")

    def at_step(self, step: int) -> Path:
        """Return the file of one of the checkpoints to be averaged."""
        return self.output.with_suffix(f".step-{step}.safetensors")

    def to_average(self, step: int) -> list[Path]:
        """Return the files of the last checkpoints that are averaged when the run ends at this step."""
        steps = range(step // self.spacing * self.spacing, 0, -self.spacing)
        return [self.at_step(each) for each in steps[: self.average]]


def save_state(path: Path, state: TrainingState, config: TrainingConfig) -> None:
    """Write all that a run needs to go on; CheckpointError as `write_tensors`."""
    tensors = {f"{part}.{name}": weight for part in PARTS for name, weight in getattr(state, part).items()}
    metadata = {"state_version": STATE_VERSION, "step": str(state.step), "training": json.dumps(asdict(config))}
    write_tensors(path, {name: tensor.contiguous() for name, tensor in tensors.items()}, metadata)


def load_state(path: Path, config: TrainingConfig) -> TrainingState:
    """Read what `save_state` wrote; CheckpointError if it is broken, or of a run with other settings."""
    try:
        with safe_open(Path(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        step, training = int(metadata["step"]), json.loads(metadata["training"])
        if metadata["state_version"] != STATE_VERSION:
            raise ValueError("it is of another version of this program")
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read as the state of a run: {error}") from error
    other = [name for name, value in asdict(config).items() if training.get(name) != value]
    if other:
        raise CheckpointError(
            f"{path} is of a run with another {', '.join(other)}: go on with the same settings, or start anew elsewhere"
        )
    parts = ({n.removeprefix(f"{p}."): t for n, t in tensors.items() if n.startswith(f"{p}.")} for p in PARTS)
    return TrainingState(step, *parts)


def run(
    model: Model,
    make_batches: Callable[[Fabric, int], Iterable[Any]],
    config: TrainingConfig,
    keeping: Keeping,
    tokenizer: Tokenizer,
    card: Mapping[str, Any],
    *,
    loss: Loss = translation_loss,
    accelerator: str = "cpu",
    resume: bool = False,
) -> Generator[TrainingStep, None, None]:
    """Train, and keep on disk what was reached; yield the records.

    `make_batches` gets the device and the number of steps already done. Whatever ends the run, an error or Ctrl-C too,
    what the last record had is saved first. At the end the checkpoint holds the average, if one was asked for.

    Raises
    ------
    CheckpointError
        If the disk is full (the last good files stay), or the state to go on from cannot be used.
    NonFiniteLoss
        As `train`.
    """
    fabric = make_fabric(accelerator, config.precision)
    keeping.output.parent.mkdir(parents=True, exist_ok=True)  # to fail now if it must, not when the training is done
    state = load_state(keeping.state, config) if resume else None
    done = state.step if state else 0
    earlier = read_card(keeping.output).get("minutes", 0) if state and keeping.output.exists() else 0
    batches = make_batches(fabric, done)
    started = saved = time.perf_counter()
    last: TrainingStep | None = None
    kept_at = done

    def save(record: TrainingStep) -> None:
        minutes = round(earlier + (time.perf_counter() - started) / 60, 1)
        hardware = torch.cuda.get_device_name() if fabric.device.type == "cuda" else "CPU"
        trained = {"training": asdict(config) | {"done": record.step}, "minutes": minutes, "hardware": hardware}
        facts = dict(card) | trained | {"torch": torch.__version__, "averaged": 0}
        if fabric.is_global_zero:
            save_state(keeping.state, record.state, config)
            save_checkpoint(keeping.output, model, tokenizer, facts)
            if record.step == config.steps and keeping.average > 1:
                files = [path for path in keeping.to_average(record.step) if path.exists()]
                model.load_state_dict(average_weights(files))
                save_checkpoint(keeping.output, model, tokenizer, facts | {"averaged": len(files)})

    try:
        for record in train(model, batches, config, loss=loss, fabric=fabric, state=state):
            last = record
            if keeping.average > 1 and fabric.is_global_zero and record.step % keeping.spacing == 0:
                save_checkpoint(keeping.at_step(record.step), model, tokenizer, card, quantize=False)
                keeping.at_step(record.step - keeping.average * keeping.spacing).unlink(missing_ok=True)
            if time.perf_counter() - saved > keeping.seconds:
                save(record)
                saved, kept_at = time.perf_counter(), record.step
            yield record
    finally:
        if last and last.step > kept_at:
            model.load_state_dict(last.state.weights)  # a step that was cut short has not been recorded
            save(last)
    fabric.barrier()  # no process goes on before the files are there
