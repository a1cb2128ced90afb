"""How well a translator translates: BLEU and chrF by sacreBLEU, with the signatures that name every setting."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sacrebleu

from transformer.data.tatoeba import Pair
from transformer.translator import Translator

BATCH = 64


@dataclass(frozen=True)
class Score:
    """Corpus scores of one direction, in points of 100, over `sentences` with one reference each."""

    source: str
    target: str
    sentences: int
    bleu: float
    chrf: float
    bleu_signature: str
    chrf_signature: str


def score(hypotheses: Sequence[str], references: Sequence[str], source: str, target: str) -> Score:
    """Score outputs against one reference each; BLEU splits by 13a, Japanese by characters."""
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError(f"cannot score {len(hypotheses)} outputs against {len(references)} references")
    bleu = sacrebleu.BLEU(tokenize="char" if target == "ja" else "13a")
    chrf = sacrebleu.CHRF()
    points = [metric.corpus_score(hypotheses, [references]).score for metric in (bleu, chrf)]
    signatures = [str(metric.get_signature()) for metric in (bleu, chrf)]
    return Score(source, target, len(hypotheses), *points, *signatures)


def evaluate(
    translator: Translator,
    pairs: Sequence[Pair],
    source: str,
    target: str,
    *,
    progress: Callable[[int], object] = lambda done: None,
    **decoding: Any,
) -> Score:
    """Translate one side of the pairs and compare with the other.

    `progress` is told how many pairs are done, again and again; `decoding` is that of `translate_all`. ValueError if
    the pairs are not of the two languages.
    """
    languages = {"en"} | {pair.language for pair in pairs}
    if languages != {source, target}:
        raise ValueError(f"the pairs are of {', '.join(sorted(languages))}, not of {source} and {target} alone")
    sides = {"en": [pair.english for pair in pairs]} | {pairs[0].language: [pair.other for pair in pairs]}
    texts = sides[source]
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    random.Random(0).shuffle(batches)  # short and long in turn: the time that is left can be judged
    outputs: dict[int, str] = {}
    for rows in batches:
        done = translator.translate_all([texts[row] for row in rows], target, **decoding)
        outputs |= {row: output.text for row, output in zip(rows, done, strict=True)}
        progress(len(outputs))
    return score([outputs[row] for row in range(len(texts))], sides[target], source, target)
