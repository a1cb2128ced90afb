"""The commands that take their time: what they write is what the library gives, and nothing is lost on the way."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.small import smoke_pairs
from transformer import load_checkpoint, load_translator
from transformer.data import multi30k, tatoeba
from transformer.evaluation import evaluate
from transformer.translator_training import fitting_vocabulary, learn_vocabulary, read_pair_file

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def translator():
    return load_translator()


def test_a_trace_is_that_of_the_translator(here, translator, tmp_path):
    assert here("trace", "Ich bin müde.", "--target", "en", "--output", "x.npz")[0] == 0
    recorded = translator.trace("Ich bin müde.", "en")
    with np.load(tmp_path / "x.npz") as file:
        assert set(file) == set(recorded) | {"tokens.source", "tokens.target", "tokens.output"}
        for path, value in recorded.items():
            torch.testing.assert_close(torch.from_numpy(file[path]), value)
        for side, rows in recorded.tokens.items():
            assert file[f"tokens.{side}"].tolist() == rows[0]
    code, out, _ = here("trace", "Ich bin müde.", "--target", "en", "--list")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, list(recorded))
    chosen = ("--only", "encoder.*.weights", "--output", "x.npz", "--force", "--json")
    entry = json.loads(here("trace", "Ich bin müde.", "--target", "en", *chosen)[1])
    with np.load(tmp_path / "x.npz") as file:
        assert [path for path in file if not path.startswith("tokens.")] == list(entry["paths"])
        assert all(list(file[path].shape) == about["shape"] for path, about in entry["paths"].items())
    assert len(entry["paths"]) == translator.model.config.num_encoder_layers


def test_a_trace_on_a_full_disk_leaves_the_old_file(here, tmp_path):
    (tmp_path / "x.npz").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        code, out, err = here("trace", "Ich bin müde.", "--output", "x.npz", "--force")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, out, err) == (1, "", "x.npz cannot be written: File too large\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"x.npz": b"old"}


def test_evaluate_measures_captions(here, translator, tmp_path):
    captions = {"en": ["A dog.", "Two men are cooking."], "de": ["Ein Hund.", "Zwei Männer kochen."]}
    for language, lines in captions.items():
        (tmp_path / f"test_2016_flickr.{language}").write_text("\n".join(lines), encoding="utf-8")
    code, out, _ = here("evaluate", "--multi30k", ".", "--target", "de", "--json")
    expected = evaluate(translator, multi30k.read_pairs(tmp_path, "test_2016_flickr", "de"), "en", "de", beam_size=4)
    settings = {"model": "guide", "data": "Multi30k", "beam_size": 4, "length_penalty": 0.6}
    assert (code, json.loads(out)) == (0, asdict(expected) | settings)


def test_evaluate_measures_what_training_never_sees(here, translator, tmp_path, monkeypatch):
    for language in tatoeba.LANGUAGES:
        lines = (f"{number} animals are tired.\t{number} Tiere sind müde ({language})." for number in range(2600))
        (tmp_path / f"en-{language}.tsv").write_text("\n".join(lines), encoding="utf-8")
    held = tatoeba.split(tatoeba.read_pairs(tmp_path)).test
    assert here("evaluate", "--tatoeba", ".", "--source", "de", "--target", "fr")[::2] == (
        1,
        "there is no direction from de to fr; there is de-en, en-de, fr-en, en-fr, ja-en, en-ja\n",
    )

    monkeypatch.setattr("transformer.commands.progress.SECONDS", 0)
    code, out, err = here("evaluate", "--tatoeba", ".", "--source", "de", "--pairs", 3, "--beam-size", 1)
    expected = evaluate(translator, held["de"][:3], "de", "en")
    heading, line = out.splitlines()
    assert (code, heading) == (0, "guide on Tatoeba, beam 1, length penalty 0.6")
    assert line.startswith(f"de-en  BLEU {expected.bleu:5.2f}  chrF {expected.chrf:5.2f}  3 pairs  BLEU|nrefs:1|")
    assert "3 of 3 pairs" in err


# --- train ---


TINY = shlex.split(
    "--pairs mine.tsv --language de --output mine.safetensors --d-model 16 --heads 2 --d-ff 24 --layers 1"
)


@pytest.fixture
def pairs(tmp_path):
    """Write a file of 45 pairs into the folder that the commands run in."""
    lines = (f"{pair.english}\t{pair.other}\tCC-BY\n" for pair in smoke_pairs() if pair.language == "de")
    (tmp_path / "mine.tsv").write_text("\ufeff" + "".join(lines), encoding="utf-8")


def test_a_model_of_ones_own(here, pairs):
    code, out, err = here("train", *TINY, "--steps", 12, "--decoder-layers", 2, "--batch-tokens", 300)
    assert code == 0
    assert out.startswith("wrote mine.safetensors, ")
    assert "step 5/12  loss " in err
    translator = load_translator("mine.safetensors")
    config, card = translator.model.config, translator.card
    assert (config.d_model, config.num_heads, config.d_ff) == (16, 2, 24)
    assert (config.num_encoder_layers, config.num_decoder_layers) == (1, 2)
    assert (card["data"], card["languages"]) == ("45 pairs of mine.tsv", ["en", "de"])
    assert card["training"]["done"] == 12

    assert here("translate", "A dog.", "--target", "de", "--model", "mine.safetensors")[0] == 0
    refused = here("translate", "A dog.", "--target", "fr", "--model", "mine.safetensors")
    assert refused == (1, "", "cannot translate into 'fr': choose one of en, de\n")


def test_nothing_is_replaced_unless_asked(here, pairs):
    assert here("train", *TINY, "--steps", 2, "--quiet")[::2] == (0, "")
    kept = Path("mine.safetensors").read_bytes()
    for options, message in (
        ((), "mine.safetensors exists: go on with it by --resume"),
        (("--resume", "--layers", 2), "was begun with another num_encoder_layers, num_decoder_layers: go on with"),
        (("--resume", "--batch-tokens", 99), "was begun with another max_tokens: go on with the same settings"),
        (("--resume", "--seed", 1), "is of a run with another seed: go on with the same settings"),
        (("--force", "--vocabulary", 9), "cannot have a vocabulary of 9 pieces: take at least"),
        (("--force", "--vocabulary", 9999), "cannot have a vocabulary of 9999 pieces: take at most"),
    ):
        code, out, err = here("train", *TINY, "--steps", 2, "--quiet", *options)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert message in err
        assert Path("mine.safetensors").read_bytes() == kept
    assert here("train", *TINY, "--steps", 1, "--quiet", "--force")[0] == 0
    assert load_checkpoint(Path("mine.safetensors")).card["training"]["done"] == 1


def test_ctrl_c_keeps_what_was_reached_and_resume_goes_on(here, pairs):
    options = (*TINY, "--steps", "600", "--batch-tokens", "300")
    with subprocess.Popen(
        [sys.executable, "-m", "transformer", "train", *options],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's & ignores it
    ) as process:
        while not (line := process.stderr.readline()).startswith("step "):
            assert line, "it ended before it began"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == (
        "stopped; mine.safetensors holds what was reached, and the same command with --resume goes on from there"
    )
    reached = load_checkpoint(Path("mine.safetensors")).card["training"]["done"]
    assert 5 <= reached < 600
    code, out, err = here("train", *options, "--resume")
    assert (code, out[:5]) == (0, "wrote")
    assert f"step {reached + 5}/600" in err
    assert load_checkpoint(Path("mine.safetensors")).card["training"]["done"] == 600


def test_pairs_are_read_from_what_people_have(tmp_path):
    (tmp_path / "odd.tsv").write_bytes(
        "\ufeffHello.\tHallo.\tcredit\r\nHello.\tHallo.\r\n\r\nleft\t\r\n\u201cHi\u201d\tHi!".encode()
    )
    found = [(pair.english, pair.other, pair.language) for pair in read_pair_file(tmp_path / "odd.tsv", "de")]
    assert found == [("Hello.", "Hallo.", "de"), ('"Hi"', "Hi!", "de")]


def test_a_vocabulary_fits_its_text():
    few = ["A dog is near the house.", "猫は家の近くにいる。"]
    assert len(learn_vocabulary(few)) <= fitting_vocabulary(few)
    assert fitting_vocabulary(["words and more words"] * 100_000) == 8000
    assert not set(few[1]) & set(learn_vocabulary(few).unknown(few[1]))
