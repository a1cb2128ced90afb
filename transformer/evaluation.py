"""How well a translator translates: BLEU and chrF by sacreBLEU, with the signature that names every setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sacrebleu

from transformer.data.tatoeba import Pair
from transformer.translator import Translator


@dataclass(frozen=True)
class Score:
    """Corpus scores of one direction, in points of 100, over `sentences` with one reference each."""

    source: str
    target: str
    bleu: float
    chrf: float
    sentences: int
    signature: str


def score(hypotheses: Sequence[str], references: Sequence[str], source: str, target: str) -> Score:
    """Score outputs against one reference each; BLEU splits by 13a, Japanese by characters."""
    if not hypotheses or len(hypotheses) != len(references):
        raise ValueError(f"cannot score {len(hypotheses)} outputs against {len(references)} references")
    bleu = sacrebleu.BLEU(tokenize="char" if target == "ja" else "13a")
    chrf = sacrebleu.CHRF()
    points = bleu.corpus_score(hypotheses, [references]).score
    chrf_points = chrf.corpus_score(hypotheses, [references]).score
    return Score(source, target, points, chrf_points, len(hypotheses), str(bleu.get_signature()))


def evaluate(translator: Translator, pairs: Sequence[Pair], source: str, target: str) -> Score:
    """Translate one side of the pairs and compare with the other; ValueError if the pairs are not of the two."""
    languages = {"en"} | {pair.language for pair in pairs}
    if languages != {source, target}:
        raise ValueError(f"the pairs are of {', '.join(sorted(languages))}, not of {source} and {target} alone")
    sides = {"en": [pair.english for pair in pairs]} | {pairs[0].language: [pair.other for pair in pairs]}
    outputs = translator.translate_all(sides[source], target)
    return score([output.text for output in outputs], sides[target], source, target)
