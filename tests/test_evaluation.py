"""Scores against sacreBLEU's own command line, and which side of a pair is translated."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from transformer.data.tatoeba import Pair
from transformer.evaluation import evaluate, score

REFERENCES = {
    "en": ["The animal didn't cross the street.", "I am a student, you know.", "Where is the station?"],
    "ja": ["その動物は通りを渡らなかった。", "私は学生です。", "駅はどこですか。"],
}
OUTPUTS = {
    "en": ["The animal did not cross the road.", "I'm a student, you know!", "Where is the station?"],
    "ja": ["動物は通りを渡りませんでした。", "私は学生である。", "駅はどこですか。"],
}


@pytest.mark.parametrize(("target", "tokenize"), [("en", "13a"), ("ja", "char")])
def test_scores_are_those_of_the_command_line(target, tokenize, tmp_path):
    for name, lines in (("references", REFERENCES[target]), ("outputs", OUTPUTS[target])):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", "references", "-i", "outputs", "-m", "bleu", "chrf", "-w", "6"]
    done = subprocess.run(
        [*command, "--tokenize", tokenize], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    bleu, chrf = json.loads(done.stdout)
    ours = score(OUTPUTS[target], REFERENCES[target], "de", target)
    assert (bleu["name"], chrf["name"]) == ("BLEU", "chrF2")
    assert ours.bleu == pytest.approx(bleu["score"], abs=1e-5)
    assert ours.chrf == pytest.approx(chrf["score"], abs=1e-5)
    assert 0 < ours.bleu < 100
    assert (ours.source, ours.target, ours.sentences) == ("de", target, 3)
    assert (ours.bleu_signature, ours.chrf_signature) == (bleu["signature"], chrf["signature"])
    assert f"tok:{tokenize}" in ours.bleu_signature


@pytest.mark.parametrize("target", ["en", "ja"])
def test_identical_is_a_hundred_and_unlike_is_nothing(target):
    same = score(REFERENCES[target], REFERENCES[target], "de", target)
    assert (same.bleu, same.chrf) == (pytest.approx(100), pytest.approx(100))
    other = score(["xyz"] * 3, REFERENCES[target], "de", target)
    assert other.bleu < 1


def test_unequal_numbers_are_refused():
    with pytest.raises(ValueError, match="2 outputs against 3 references"):
        score(OUTPUTS["en"][:2], REFERENCES["en"], "de", "en")
    with pytest.raises(ValueError, match="0 outputs"):
        score([], [], "de", "en")


class Dictionary:
    """A translator that knows its pairs by heart, in both directions."""

    def __init__(self, pairs: list[Pair]) -> None:
        self._known = {(p.english, p.language): p.other for p in pairs} | {(p.other, "en"): p.english for p in pairs}

    def translate_all(self, texts: list[str], target: str, *, beam_size: int = 1) -> list[SimpleNamespace]:
        assert beam_size in (1, 3)
        return [SimpleNamespace(text=self._known[text, target]) for text in texts]


PAIRS = [Pair(e, j, "ja") for e, j in zip(REFERENCES["en"], REFERENCES["ja"], strict=True)]


@pytest.mark.parametrize(("source", "target"), [("en", "ja"), ("ja", "en")])
def test_the_direction_chooses_the_side(source, target):
    result = evaluate(Dictionary(PAIRS), PAIRS, source, target)
    assert (result.source, result.target, result.bleu) == (source, target, pytest.approx(100))
    assert ("tok:char" in result.bleu_signature) == (target == "ja")


def test_the_order_of_work_is_not_that_of_the_pairs():
    pairs = [Pair("word " * (n * 37 % 200 + 1) + f"{n}.", f"Das ist Wort {n}.", "de") for n in range(150)]
    progress = []
    result = evaluate(Dictionary(pairs), pairs, "en", "de", progress=progress.append, beam_size=3)
    assert (result.bleu, result.sentences) == (pytest.approx(100), 150)
    assert progress == sorted(set(progress))
    assert (len(progress), progress[-1]) == (3, 150)


@pytest.mark.parametrize(("pairs", "source", "target"), [(PAIRS, "en", "de"), (PAIRS, "en", "en"), ([], "en", "ja")])
def test_pairs_of_other_languages_are_refused(pairs, source, target):
    with pytest.raises(ValueError, match="the pairs are of"):
        evaluate(Dictionary(PAIRS), pairs, source, target)
    with pytest.raises(ValueError, match="the pairs are of de, en, ja"):
        evaluate(Dictionary(PAIRS), [*PAIRS, Pair("Hi.", "Hallo.", "de")], "en", "ja")
