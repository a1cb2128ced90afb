"""What every test shares: one seed, one thread, and a model small enough to build in a millisecond."""

from __future__ import annotations

import io
import sys

import pytest
import torch
from hypothesis import settings

from experiments.small import smoke_pairs
from transformer.__main__ import app
from transformer.config import ModelConfig
from transformer.tokenizers import Tokenizer, train_tokenizer

torch.set_num_threads(1)
settings.register_profile("busy machine", deadline=None)  # how long an example takes says nothing about the code
settings.load_profile("busy machine")


@pytest.fixture(autouse=True)
def seed() -> None:
    """Start every test from the same random numbers, whatever ran before it."""
    torch.default_generator.manual_seed(0)  # manual_seed would visit every absent accelerator, 4 ms a test


@pytest.fixture
def tiny_config() -> ModelConfig:
    """Every architecture and preset in small: unequal sizes, so that a swapped axis shows."""
    return ModelConfig(
        vocab_size=13,
        max_length=40,
        d_model=16,
        num_heads=2,
        d_ff=24,
        num_encoder_layers=2,
        num_decoder_layers=2,
        dropout=0.0,
    )


@pytest.fixture
def randomize():
    """Give every parameter of a module random numbers: fresh biases are zero, and zeros hide mistakes."""

    def fill(module: torch.nn.Module, std: float = 0.4) -> torch.nn.Module:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.normal_(std=std)
        return module.eval()

    return fill


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Learn a vocabulary of 120 pieces from a few made-up sentences."""
    return Tokenizer(train_tokenizer((x for pair in smoke_pairs() for x in (pair.english, pair.other)), 120))


@pytest.fixture
def here(monkeypatch, capsys, tmp_path):
    """Run a command in this process, which has PyTorch loaded: exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as left:
            app(list(map(str, arguments)), prog_name="transformer")
        return left.value.code, *capsys.readouterr()

    return run_here
