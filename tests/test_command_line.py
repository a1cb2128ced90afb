"""The command line: a translation and nothing else, or one sentence about what is wrong."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}  # on busy cores, threads that wait for each other take minutes


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transformer", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=ONE_THREAD, timeout=60
    )


def run_here(monkeypatch, *arguments: str) -> SystemExit:
    """Run the same module in this process, which has PyTorch loaded already."""
    monkeypatch.setattr(sys, "argv", ["transformer", *arguments])
    with pytest.raises(SystemExit) as exit_:
        runpy.run_module("transformer", run_name="__main__", alter_sys=True)
    return exit_.value


def test_it_prints_the_translation_alone():
    done = run("translate", "Je suis étudiant.", "--target", "en")
    assert done.returncode == 0
    assert done.stdout in ("I am a student.\n", "I'm a student.\n")
    assert done.stderr == ""


def test_a_slip_is_one_sentence_and_not_a_traceback():
    done = run("translate", "Hello.", "--target", "xx")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "cannot translate into 'xx': choose one of en, de, fr, ja\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "--target", "de"), "there is nothing to translate"),
        (("tired " * 300,), "shorten it"),
        (("Hello.", "--model", "nope"), "there is no bundled model 'nope'"),
        (("Hello.", "--model", "nope.safetensors"), "nope.safetensors cannot be read as a checkpoint"),
        (("Hello.", "--model", __file__), "test_command_line.py cannot be read as a checkpoint"),
    ],
)
def test_slips(arguments, message, monkeypatch, capsys):
    left = run_here(monkeypatch, "translate", *arguments)
    assert isinstance(left.code, str)  # Python prints it on standard error, and exits with 1
    assert message in left.code
    assert "\n" not in left.code
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [("translate",), ("translate", "a", "--nope"), ("nope",)])
def test_wrong_usage(arguments, monkeypatch, capsys):
    assert run_here(monkeypatch, *arguments).code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Usage" in captured.err
    assert "Traceback" not in captured.err


def test_help_names_the_languages(monkeypatch, capsys):
    assert not run_here(monkeypatch, "translate", "--help").code
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "en, de, fr or ja" in text
    for language in ("English", "German", "French", "Japanese"):
        assert language in text
    assert not run_here(monkeypatch, "--help").code
    assert "translate" in capsys.readouterr().out
