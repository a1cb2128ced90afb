"""What the paper saw in its table 3, as claims for `experiments.kernels.verdicts`, judged by its rules.

In each comparison the first row should be better than the second; `learned_as_good` is within the margins there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.kernels.verdicts import Comparison, Rows

BASE = ("base", "base")


def _rows(place: tuple[str, str]) -> Rows:
    return {place: 1.0}


def better(first: tuple[str, str], second: tuple[str, str]) -> Comparison:
    """One row scores better than another; rows as (group, row)."""
    return Comparison("better", _rows(first), _rows(second))


CLAIMS: Mapping[str, Sequence[Comparison]] = {
    "one_head_worse": [better(BASE, ("A", "heads-1"))],
    "many_heads_worse": [better(BASE, ("A", "heads-16"))],
    "small_keys_worse": [better(BASE, ("B", "d_k-8")), better(BASE, ("B", "d_k-16"))],
    "few_layers_worse": [better(BASE, ("C", "layers-1")), better(BASE, ("C", "layers-2"))],
    "more_layers_better": [better(("C", "layers-4"), BASE), better(("C", "layers-6"), BASE)],
    "width_better": [better(BASE, ("C", "d_model-64")), better(("C", "d_model-256"), BASE)],
    "feed_forward_better": [
        better(BASE, ("C", "d_ff-128")),
        better(("C", "d_ff-512"), BASE),
        better(("C", "d_ff-1024"), BASE),
    ],
    "dropout_needed": [better(BASE, ("D", "dropout-0.0"))],
    "smoothing_better": [better(BASE, ("D", "smoothing-0.0"))],
    "learned_as_good": [Comparison("as_good", _rows(("E", "positions-learned")), _rows(BASE))],
}


def claims_of(dataset: str) -> Mapping[str, Sequence[Comparison]]:
    """Return the claims, the same for every data set."""
    return CLAIMS
