"""Checkpoints: what is written is read, what is broken or hostile is refused in one sentence, old files survive."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import resource
import shutil
import time
import tomllib
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.torch import load_file, save, save_file
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from experiments.small import smoke_pairs
from transformer import model_files
from transformer.checkpoints import dequantize_rows, load_checkpoint, quantize_rows, read_card, save_checkpoint
from transformer.config import AttentionConfig, Choice, ModelConfig
from transformer.model_files import CheckpointError, bundled, checkpoint_hash
from transformer.models import build
from transformer.tokenizers import Tokenizer, train_tokenizer

SIZE = 110
CARD = {"name": "tiny", "licence": "CC-BY 4.0", "größe": [1, 2.5, None]}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(train_tokenizer((x for pair in smoke_pairs() for x in (pair.english, pair.other)), SIZE))


@pytest.fixture
def config(tiny_config) -> ModelConfig:
    shaw = AttentionConfig(position=Choice("shaw", {"clip": 4}))
    return replace(tiny_config, vocab_size=SIZE, encoder_attention=shaw, input_position="learned", norm="pre")


@pytest.fixture
def model(config, randomize):
    return randomize(build(config))


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([[4, 9, 17, 3], [5, 3, 0, 0]]), torch.tensor([[2, 40, 50], [2, 8, 0]]))


# --- round trip ---


def test_floats_come_back_as_they_were(tmp_path, model, tokenizer):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, model, tokenizer, CARD, quantize=False)
    loaded = load_checkpoint(path)
    weights = loaded.model.state_dict()
    assert list(weights) == list(model.state_dict())
    assert all(torch.equal(weights[name], weight) for name, weight in model.state_dict().items())
    # Not bit by bit: the kernels add in another order where a file's tensors begin at another address.
    torch.testing.assert_close(logits(loaded.model), logits(model), rtol=1e-6, atol=1e-6)
    assert loaded.model.config == model.config
    assert loaded.tokenizer == tokenizer
    assert loaded.card == read_card(path) == CARD
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    assert os.listdir(tmp_path) == [path.name]
    assert path.stat().st_mode & 0o444 == 0o444  # others may read it
    assert checkpoint_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_bytes_are_off_by_half_a_scale_at_most(tmp_path, model, tokenizer):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, model, tokenizer, CARD)
    loaded = load_checkpoint(path).model.state_dict()
    for name, weight in model.state_dict().items():
        if weight.dim() == 2:
            half = weight.abs().amax(1, keepdim=True) / 127 / 2
            assert ((loaded[name] - weight).abs() <= half * 1.0001).all()
        else:
            assert torch.equal(loaded[name], weight)
    # A matrix element takes one byte.
    assert {str(x.dtype) for x in load_file(path).values() if x.dim() == 2} == {"torch.int8"}


floats = st.floats(-1e6, 1e6, width=32)


@given(arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=floats))
@settings(deadline=None)
@example(np.zeros((2, 3), dtype=np.float32))
@example(np.array([[1e-42, -1e-45], [1e30, 1.0]], dtype=np.float32))
def test_quantized_rows(weight):
    rows, scale = quantize_rows(torch.from_numpy(weight))
    assert (rows.dtype, tuple(rows.shape), tuple(scale.shape)) == (torch.int8, weight.shape, weight.shape[:1])
    back = dequantize_rows(rows, scale).numpy().astype(float)
    largest = np.abs(weight).max(1, keepdims=True).astype(float)
    assert (np.abs(back - weight) <= largest / 127 / 2 * 1.0001 + np.finfo(np.float32).tiny).all()
    again = quantize_rows(torch.from_numpy(back.astype(np.float32)))[0]
    assert torch.equal(again, rows)


# --- refusals ---


@pytest.fixture
def parts(model, tokenizer) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata of a good file, to be spoilt."""
    tensors = {name: weight.clone() for name, weight in model.state_dict().items()}
    tensors["tokenizer"] = torch.frombuffer(bytearray(tokenizer.model), dtype=torch.uint8)
    return tensors, {"format_version": "1", "config": json.dumps(model.config.to_dict()), "card": "{}"}


class Watch(TorchDispatchMode):
    """Notes the largest tensor that anyone makes in memory."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        sizes = [x.numel() for x in tree_leaves(out) if isinstance(x, torch.Tensor) and x.device.type != "meta"]
        self.largest = max(self.largest, *sizes, 0)
        return out


def refused(path: Path, match: str) -> None:
    """One sentence that names the file, at once, without large tensors."""
    started = time.process_time()
    with Watch() as watch, pytest.raises(CheckpointError, match=match) as caught:
        load_checkpoint(path)
    assert time.process_time() - started < 3
    assert watch.largest < 1_000_000
    message = str(caught.value)
    assert str(path) in message
    assert len(message) < 400
    assert "\n" not in message


def test_the_watch_sees_what_a_good_file_needs(tmp_path, parts):
    path = tmp_path / "good.safetensors"
    save_file(*parts[:1], path, parts[1])
    with Watch() as watch:
        load_checkpoint(path)
    assert watch.largest >= SIZE * 16
    with Watch() as watch:
        torch.zeros(10**6)
    assert watch.largest == 10**6


def truncated(good: bytes) -> bytes:
    return good[: len(good) // 2]


def pickled(good: bytes) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.zeros(3)}, buffer)
    return buffer.getvalue()


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    "spoil",
    [
        truncated,
        pickled,
        lambda good: pickle.dumps(Bomb()),
        lambda good: b"",
        lambda good: good[:-1],
        lambda good: good + b"more",
        lambda good: b"\xff" * 8 + good[8:],  # a header of 2^64 bytes
        lambda good: (50_000_000).to_bytes(8, "little") + good[8:],
    ],
)
def test_broken_files_are_refused(spoil, tmp_path, monkeypatch, parts):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "broken.safetensors"
    path.write_bytes(spoil(save(*parts)))
    refused(path, "cannot be read as a checkpoint")
    with pytest.raises(CheckpointError, match="cannot be read as a checkpoint"):
        read_card(path)
    assert os.listdir(tmp_path) == [path.name]  # the pickle did not run


def test_missing_files_are_refused(tmp_path):
    refused(tmp_path / "absent.safetensors", "cannot be read as a checkpoint: No such file")
    refused(tmp_path, "cannot be read as a checkpoint")


def test_foreign_safetensors_are_refused(tmp_path):
    path = tmp_path / "bert.safetensors"
    for metadata in (None, {"format": "pt"}, {"format_version": "2"}, {"format_version": "1.0"}):
        save_file({"weight": torch.zeros(3)}, path, metadata)
        refused(path, "format version .* is not 1, the one this program reads")


def drop(tensors):
    del tensors["decoder.layers.1.feed_forward.w_1.weight"]


def add(tensors):
    tensors["encoder.layers.9.feed_forward.w_1.weight"] = torch.zeros(2, 2)


def reshape(tensors):
    name = "encoder.layers.0.self_attention.w_o.weight"
    tensors[name] = tensors[name].reshape(-1, 1)


def transpose(tensors):
    name = "decoder.layers.0.feed_forward.w_2.weight"
    tensors[name] = tensors[name].T.contiguous()


def without_scale(tensors):
    tensors["embedding.content.table.weight"] = tensors["embedding.content.table.weight"].to(torch.int8)


def wrong_scale(tensors):
    without_scale(tensors)
    tensors["embedding.content.table.weight.scale"] = torch.ones(1)


def bytes_for_a_vector(tensors):
    """A vector times its scale as a column would be a matrix."""
    name = "decoder.layers.0.feed_forward.w_1.bias"
    tensors[name], tensors[name + ".scale"] = torch.ones(24, dtype=torch.int8), torch.ones(24)


def no_tokenizer(tensors):
    del tensors["tokenizer"]


def float_tokenizer(tensors):
    tensors["tokenizer"] = torch.zeros(9, dtype=torch.bfloat16)


@pytest.mark.parametrize(
    ("spoil", "first"),
    [
        (drop, "decoder.layers.1.feed_forward.w_1.weight"),
        (add, "encoder.layers.9.feed_forward.w_1.weight"),
        (reshape, "encoder.layers.0.self_attention.w_o.weight"),
        (transpose, "decoder.layers.0.feed_forward.w_2.weight"),
        (without_scale, "embedding.content.table.weight.scale"),
        (wrong_scale, "embedding.content.table.weight.scale"),
        (bytes_for_a_vector, "decoder.layers.0.feed_forward.w_1.bias.scale"),
        (no_tokenizer, "tokenizer"),
        (float_tokenizer, "tokenizer"),
    ],
)
def test_tensors_that_do_not_fit_the_config_are_named(spoil, first, tmp_path, parts):
    tensors, metadata = parts
    spoil(tensors)
    path = tmp_path / "spoilt.safetensors"
    save_file(tensors, path, metadata)
    refused(path, f"weights do not fit the config, first at '{re.escape(first)}'")


HOSTILE = {
    "huge vocabulary": {"vocab_size": 1 << 40},
    "large, and possible to allocate": {"vocab_size": 1 << 20},
    "beyond 64 bits": {"d_model": 10**30},
    "large, and each allowed": {"vocab_size": 1 << 20, "d_model": 1 << 20, "d_ff": 1 << 20, "max_length": 1 << 20},
    "many layers": {"num_encoder_layers": 5000},
    "huge heads": {"d_head": 1 << 50},
    "negative heads": {"d_head": -8},
    "huge values": {"d_value": 1 << 50},
    "negative values": {"d_value": -8},
    "no heads": {"num_heads": 0},
    "fraction": {"d_model": 16.0},
    "text": {"d_ff": "24"},
    "nothing": {"num_decoder_layers": None},
    "list": {"max_length": [40]},
    "infinite": {"dropout": float("inf")},
    "not a number": {"dropout": float("nan")},
    "unknown key": {"backdoor": "os.system"},
    "unknown name": {"activation": "eval"},
    "object for a name": {"activation": {"__class__": "x"}},
    "unknown slot": {"encoder_attention": {"kernel": {"name": "pickle", "options": {}}}},
    "unknown option": {"encoder_attention": {"position": {"name": "shaw", "options": {"path": "/etc/passwd"}}}},
    "huge option": {"encoder_attention": {"position": {"name": "shaw", "options": {"clip": 10**15}}}},
    "option beyond 64 bits": {"encoder_attention": {"position": {"name": "shaw", "options": {"clip": 10**40}}}},
    "text for an option": {"encoder_attention": {"position": {"name": "shaw", "options": {"clip": "x"}}}},
    "number for a slot": {"encoder_attention": 5},
    "number for filters": {"encoder_attention": {"filters": 5}},
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE)
def test_hostile_configs_are_refused(changes, tmp_path, parts):
    tensors, metadata = parts
    path = tmp_path / "hostile.safetensors"
    save_file(tensors, path, metadata | {"config": json.dumps(json.loads(metadata["config"]) | changes)})
    refused(path, "its config cannot be used|weights do not fit the config")


@pytest.mark.parametrize("key", ["config", "card"])
@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "5", '"text"', "[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"d_ff": ' + "9" * 5000],
)
def test_metadata_that_is_no_json_object_is_refused(key, text, tmp_path, parts):
    tensors, metadata = parts
    path = tmp_path / "hostile.safetensors"
    save_file(tensors, path, metadata | {key: text})
    refused(path, "its config cannot be used")


def test_a_missing_config_is_refused(tmp_path, parts):
    path = tmp_path / "hostile.safetensors"
    save_file(parts[0], path, {"format_version": "1"})
    refused(path, "its config cannot be used")


def sentencepiece_of(size: int, **marks) -> bytes:
    model = io.BytesIO()
    sentences = (x for pair in smoke_pairs() for x in (pair.english, pair.other))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences, model_writer=model, vocab_size=size, model_type="bpe", minloglevel=2, **marks
    )
    return model.getvalue()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda good: b"", "its tokenizer cannot be read|0 pieces"),
        (lambda good: b"no protocol buffer at all" * 9, "its tokenizer cannot be read"),
        (lambda good: good[: len(good) // 2], "its tokenizer cannot be read|pieces in the tokenizer"),
        (lambda good: sentencepiece_of(SIZE + 7), f"{SIZE + 7} pieces in the tokenizer, {SIZE} in the model"),
        (lambda good: sentencepiece_of(SIZE), "its tokenizer begins with"),  # as many pieces, but other marks
    ],
)
def test_tokenizers_that_do_not_fit_are_refused(make, match, tmp_path, parts):
    tensors, metadata = parts
    tensors["tokenizer"] = torch.frombuffer(
        bytearray(make(tensors["tokenizer"].numpy().tobytes())) or bytearray(1), dtype=torch.uint8
    )
    path = tmp_path / "spoilt.safetensors"
    save_file(tensors, path, metadata)
    refused(path, match)


# --- writing ---


def test_a_full_disk_leaves_the_old_file(tmp_path, model, tokenizer):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, model, tokenizer, CARD)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))  # a real failure in the middle of the file
    try:
        with pytest.raises(Exception, match=r"(?i)file too large|error"):
            save_checkpoint(path, model, tokenizer, {"name": "newer"}, quantize=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]
    assert load_checkpoint(path).card == CARD


def test_an_interrupted_write_leaves_the_old_file(tmp_path, model, tokenizer, monkeypatch):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, model, tokenizer, CARD)
    before = path.read_bytes()

    def interrupted(tensors, target, metadata):
        Path(target).write_bytes(save(tensors, metadata)[:1000])
        raise KeyboardInterrupt

    monkeypatch.setattr("transformer.checkpoints.save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, model, tokenizer, CARD)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


# --- the bundled model ---


def test_the_bundled_small_is_what_its_name_says():
    path = bundled("small")
    assert path.stat().st_size <= 11e6
    loaded = load_checkpoint(path)
    expected = ModelConfig(
        vocab_size=16000,
        num_encoder_layers=4,
        num_decoder_layers=2,
        d_model=256,
        num_heads=8,
        d_ff=1024,
        activation="silu",
        norm="post",
        input_position="sinusoidal",
        output="tied",
    )
    assert loaded.model.config == expected
    attention, feed_forward, norm = 4 * (256 * 256 + 256), 256 * 1024 + 1024 + 1024 * 256 + 256, 2 * 256
    encoder, decoder = attention + feed_forward + 2 * norm, 2 * attention + feed_forward + 3 * norm
    assert sum(p.numel() for p in loaded.model.parameters()) == 16000 * 256 + 4 * encoder + 2 * decoder
    assert loaded.card["name"] == "small"
    assert {"data", "licence", "recipe", "hardware"} <= set(loaded.card)
    assert all(p.isfinite().all() for p in loaded.model.parameters())


def test_names_and_paths():
    assert bundled("some/folder/small") == Path("some/folder/small")
    assert bundled("mine.safetensors") == Path("mine.safetensors")
    with pytest.raises(CheckpointError, match=r"no bundled model 'nope': choose one of .*small.*, or give a path"):
        bundled("nope")


def test_models_are_found_in_a_checkout_and_where_pip_puts_them(tmp_path):
    package = tmp_path / "transformer"
    package.mkdir()
    copy = shutil.copy(model_files.__file__, package)

    def found() -> Path:
        spec = spec_from_file_location("copied_model_files", copy)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.BUNDLED

    assert found() == tmp_path / "checkpoints"
    (package / "bundled").mkdir()
    assert found() == package / "bundled"
    root = Path(model_files.__file__).parent.parent
    folders = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
    assert folders["transformer.bundled"] == "checkpoints"
