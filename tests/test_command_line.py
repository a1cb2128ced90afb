"""The command line: results on standard output, one sentence where something is wrong, and the exit codes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import typer

from transformer import load_checkpoint, load_translator
from transformer.__main__ import app
from transformer.model_files import bundled, names

ROOT = Path(__file__).parent.parent
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}  # on busy cores, threads that wait for each other take minutes
COMMANDS = ("models", "translate", "trace", "evaluate", "download", "train")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=ONE_THREAD, timeout=60
    )


@pytest.fixture(scope="module")
def translator():
    return load_translator()


# --- what all commands share ---


def test_it_prints_the_translation_alone():
    done = run("-m", "transformer", "translate", "Je suis étudiant.", "--target", "en")
    assert done.returncode == 0
    assert done.stdout in ("I am a student.\n", "I'm a student.\n")
    assert done.stderr == ""


def test_help_and_models_do_not_wait_for_torch():
    probe = "import sys, transformer.__main__ as m; m.app(['{}'], standalone_mode=False); print('torch' in sys.modules)"
    for argument in ("--help", "models"):
        done = run("-c", probe.format(argument))
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "False"), done.stderr


SLIPS = {
    "translate ''": "there is nothing to translate",
    "translate Hello. ''": "text 2: there is nothing to translate",
    "translate " + "tired" * 300: "shorten it",
    "translate Hello. --target xx": "cannot translate into 'xx': choose one of en, de, fr, ja",
    "translate Hello. --model nope": "there is no bundled model 'nope'",
    "translate Hello. --model nope.safetensors": "nope.safetensors cannot be read as a checkpoint",
    "translate Hello. --model broken.safetensors": "broken.safetensors cannot be read as a checkpoint",
    "trace Hello. --target xx --list": "cannot translate into 'xx'",
    "trace Hello. --only nothing --list": "nothing is recorded at 'nothing': --list prints what there is",
    "trace Hello. --output there.npz": "there.npz exists: choose another name, or replace it by --force",
    "trace Hello. --output no/where.npz": "where.npz cannot be written: No such file or directory",
    "evaluate --tatoeba .": "no en-de.tsv.gz and no en-de.tsv in .",
    "evaluate --multi30k .": "no test_2016_flickr.en.gz",
    "download nonsense .": "there is no data set 'nonsense': choose one of",
    "train --language de --output x.safetensors --pairs nope.tsv": "nope.tsv: no such file or directory",
    "train --language de --output x.safetensors --pairs tabless.tsv": "tabless.tsv, line 2: expected English<TAB>",
    "train --language de --output x.safetensors --pairs latin.tsv": "latin.tsv, line 1: no UTF-8 text",
    "train --language de --output x.safetensors --pairs empty.tsv": "empty.tsv has no pairs",
    "train --language de --output x.safetensors --pairs broken.tsv.gz": "broken.tsv.gz cannot be read, get it anew",
    "train --language de --output x.safetensors --pairs nope.tsv --resume": "there is no x.state.safetensors to go on",
    "train --language de --output broken.safetensors --pairs nope.tsv": "broken.safetensors exists: go on with it",
}


@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_one_sentence_and_nothing_is_written(line, here, tmp_path, monkeypatch):
    fake_download(monkeypatch)
    files = {
        "broken.safetensors": b"not a checkpoint",
        "broken.tsv.gz": b"not a gzip file",
        "there.npz": b"kept",
        "tabless.tsv": b"Hello.\tHallo.\nno tab",
        "latin.tsv": b"Hello.\tGr\xfc\xdf dich.",
        "empty.tsv": b"\n\t\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    code, out, err = here(*shlex.split(line))
    assert (code, out) == (1, "")
    assert SLIPS[line] in err
    assert err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nope",
        "translate Hello. --nope",
        "translate Hello. --steps",
        "translate Hello. --beam-size 0",
        "translate Hello. --beam-size 2 --temperature 1",
        "translate Hello. --top-k 3",
        "translate Hello. --temperature nan",
        "trace Hello.",
        "trace Hello. --output x.txt",
        "evaluate",
        "evaluate --tatoeba . --multi30k .",
        "download tatoeba",
        "train --output x.safetensors",
        "train --pairs x.tsv --output x.safetensors",
        "train --pairs x.tsv --language de --output x",
        "train --pairs x.tsv --language de --output x.safetensors --heads 3",
        "train --pairs x.tsv --language en --output x.safetensors",
    ],
)
def test_wrong_usage(line, here):
    code, out, err = here(*shlex.split(line))
    assert code == 2
    assert "Usage" in (err or out)
    assert "Traceback" not in err


def test_help_teaches(here):
    """Every example in it is a command line that is understood."""
    commands = typer.main.get_command(app).commands
    for name in COMMANDS:
        code, out, err = here(name, "--help")
        assert (code, err) == (0, "")
        examples = [line.partition("-m transformer ")[2] for line in out.splitlines() if "-m transformer" in line]
        examples = [shlex.split(example.partition("<")[0]) for example in examples if "--help" not in example]
        assert len([words for words in examples if words[0] == name]) >= 2
        for command, *arguments in examples:
            commands[command].make_context(command, arguments)
    code, out, err = here("--help")
    assert all(name in out for name in (*COMMANDS, "130"))
    assert "en, de, fr or ja" in here("translate", "--help")[1]


def test_a_reader_who_has_had_enough_ends_it_quietly():
    with subprocess.Popen(
        [sys.executable, "-m", "transformer", "models"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "transformer", "models"]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "output: no space left on device\n")


# --- each command ---


def test_models_agree_with_their_files(here):
    code, out, _ = here("models", "--json")
    entries = {entry["name"]: entry for entry in map(json.loads, out.splitlines())}
    assert (code, list(entries)) == (0, names())
    for name, entry in entries.items():
        checkpoint = load_checkpoint(bundled(name))
        assert entry["parameters"] == sum(weight.numel() for weight in checkpoint.model.parameters())
        assert entry["languages"] == list(checkpoint.tokenizer.languages)
        assert entry["config"] == json.loads(json.dumps(checkpoint.model.config.to_dict()))
        assert (entry["card"], entry["bytes"]) == (checkpoint.card, bundled(name).stat().st_size)
    heading, *rows = here("models")[1].splitlines()
    assert [row.split()[0] for row in rows] == names()
    assert "(default)" in rows[0]
    assert rows[0].index(entries[names()[0]]["licence"]) == heading.index("licence")


LINES = ["Guten Morgen.", "", "müde " * 300, "Ich bin müde.", "\u200b", "Gr\xfc\xdfe", "Das Tier ist müde."]


def test_lines_stay_side_by_side(here, translator, monkeypatch):
    monkeypatch.setattr("transformer.commands.translate.BATCH", 3)
    stdin = b"\n".join(line.encode("latin-1" if "Gr" in line else "utf-8") for line in LINES)
    code, out, err = here("translate", "--target", "en", stdin=stdin)
    texts = ["" if i in (1, 2, 4, 5) else translator.translate(line, "en").text for i, line in enumerate(LINES)]
    assert (code, out) == (1, "\n".join(texts) + "\n")
    first, second, last = err.splitlines()
    assert first.startswith("line 3: the text has")
    assert second.startswith("line 6: byte 3 is no UTF-8")
    assert last == "2 of 7 lines could not be translated"

    code, out, _ = here("translate", "--target", "en", "--json", stdin=stdin)
    entries = [json.loads(line) for line in out.splitlines()]
    assert (code, [entry.get("translation", "") for entry in entries]) == (1, texts)
    assert ["error" in entry for entry in entries] == [i in (2, 5) for i in range(7)]


def test_lines_are_translated_as_they_come(here, monkeypatch, capsys):
    monkeypatch.setattr("transformer.commands.translate.BATCH", 2)
    seen = []

    def coming():
        for number in range(6):
            seen.append(capsys.readouterr().out.count("\n"))
            yield f"{number}\n".encode()

    monkeypatch.setattr("io.TextIOWrapper", lambda _: SimpleNamespace(buffer=coming(), isatty=lambda: False))
    assert here("translate")[0] == 0
    assert np.cumsum(seen).tolist() == [0, 0, 2, 2, 4, 4]


def test_without_text_at_a_terminal_it_says_what_to_do(here, monkeypatch):
    monkeypatch.setattr("io.TextIOWrapper", lambda _: SimpleNamespace(isatty=lambda: True))
    code, out, err = here("translate")
    assert (code, out) == (2, "")
    assert "give a TEXT to translate, or lines on standard input" in err


def test_translate_says_how_it_decided(here, translator):
    options = ("--target", "en", "--beam-size", "3", "--json", "--steps")
    code, out, err = here("translate", "Ich bin müde.", "Guten Morgen.", *options)
    assert (code, err) == (0, "")
    expected = translator.translate_all(["Ich bin müde.", "Guten Morgen."], "en", beam_size=3)
    for entry, translation in zip(map(json.loads, out.splitlines()), expected, strict=True):
        assert (entry["translation"], entry["pieces"]) == (translation.text, translation.pieces)
        assert entry["score"] == pytest.approx(np.log([step["probability"] for step in entry["steps"]]).sum())
        for step in entry["steps"]:
            probabilities = [candidate["probability"] for candidate in step["candidates"]]
            assert probabilities == sorted(probabilities, reverse=True)
    drawn = [here("translate", "Ich bin müde.", "--temperature", 2, "--seed", seed)[1] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def fake_download(monkeypatch) -> None:
    """Stand in for the network: a data set that is one file."""
    module = ModuleType("transformer.data.download")
    module.DATASETS = {"tatoeba": SimpleNamespace(title="Sentences", licence="CC-BY 2.0 FR")}

    def fetch(name: str, directory: Path, *, progress: bool) -> list[Path]:
        if directory.name == "unreachable":
            raise ValueError("its home does not answer")
        directory.mkdir()
        (directory / f"{name}.gz").write_bytes(b"x" * 2_000_000)
        return [directory / f"{name}.gz"]

    module.fetch = fetch
    monkeypatch.setitem(sys.modules, "transformer.data.download", module)


def test_download_says_what_it_wrote_and_the_licence(here, monkeypatch, tmp_path):
    fake_download(monkeypatch)
    assert here("download", "tatoeba", "a") == (0, "a/tatoeba.gz  2.0 MB\nSentences; licence: CC-BY 2.0 FR\n", "")
    entry = json.loads(here("download", "tatoeba", "b", "--json")[1])
    assert entry == {"name": "tatoeba", "title": "Sentences", "licence": "CC-BY 2.0 FR", "files": ["b/tatoeba.gz"]}
    assert here("download", "tatoeba", "unreachable") == (1, "", "its home does not answer\n")
