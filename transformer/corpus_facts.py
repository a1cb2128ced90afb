"""The facts of a bundled model's heads over a corpus, shipped beside it; nothing here imports torch or numpy.

`python -m experiments.head_facts` measures them and writes `MODEL.facts.json`, which holds

    model, hash           its name; SHA-256 of its file
    corpus                name, split, sentences, directions (how many sentences each), decoding,
                          source_pieces and target_pieces (mean a sentence)
    threshold, steady     `THRESHOLD` and `STEADY` of `transformer.roles`
    kinds                 "encoder", "decoder", "cross", each with grids, a number a head by layer and head:
        mean, low, high   fact -> grid: mean over the sentences; 10 % and 90 % of them are below
        even              fact -> number: what a head has that looks at all keys evenly
        steady            fact that can name a role -> grid: share of the sentences on which it reaches the threshold
        roles             grid of {name, value, steady}, or null for 'no clear role'
    alignment             how far the alignment score agrees with a statistical alignment:
        method, links     how that was made, and how many linked words were looked at
        agreement         "written", "read" -> grid: share of the links whose source word is the head's strongest,
                          at the query that writes the other word, and at the query that has just read it
        rank_correlation  Spearman's, over the heads, of the mean score with the larger agreement of the two
                          ("agreement"), and with the larger of the means of `written` and `read` ("weight")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformer.model_files import companion

FACTS = "facts"


def head_facts(name: str | Path, digest: str | None = None) -> Mapping[str, Any] | None:
    """Read the corpus facts of a model, or None if there are none of exactly this file; see `companion`."""
    return companion(name, FACTS, digest)
