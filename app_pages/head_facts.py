"""The facts of every head as the browser's header carries them: on the sentence, and on the held-out corpus.

`facts`: kind -> `names` and `values`, a row a head (layer by layer), a column a fact. `corpus`: `name`, `sentences`,
`threshold`, `steady`, `alignment` (`links`, `correlation`), and `kinds`: kind -> `names`, rows `mean`, `low` and `high`
as above, `even` a number a fact, `roles` one a head, null for none. See `transformer.facts` and `.corpus_facts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformer.corpus_facts import head_facts

if TYPE_CHECKING:
    from transformer.trace import Trace

Grids = Mapping[str, Sequence[Sequence[Any]]]  # fact -> [layer][head]
DIGITS = 2  # what the browser shows


def on_sentence(trace: Trace) -> dict[str, Any]:
    """Measure every head on the one sentence that was traced."""
    from transformer.facts import as_grids, sentence_facts

    return {
        kind: {"names": list(found), "values": rows(as_grids(found, DIGITS))}
        for kind, found in sentence_facts(trace).items()
    }


def on_corpus(model: str | Path, digest: str) -> dict[str, Any] | None:
    """Read what was measured of the model on held-out sentences; None if this file of weights was not."""
    found = head_facts(model, digest)
    if found is None:
        return None
    return {
        "name": found["corpus"]["name"],
        "sentences": found["corpus"]["sentences"],
        "threshold": found["threshold"],
        "steady": found["steady"],
        "alignment": {
            "links": found["alignment"]["links"],
            "correlation": found["alignment"]["rank_correlation"]["agreement"],
        },
        "kinds": {
            kind: {
                "names": list(part["mean"]),
                **{name: rows(part[name]) for name in ("mean", "low", "high")},
                "even": [part["even"].get(name) for name in part["mean"]],  # none of what needs links between words
                "roles": [role for layer in part["roles"] for role in layer],
            }
            for kind, part in found["kinds"].items()
        },
    }


def rows(grids: Grids) -> list[list[Any]]:
    """Turn a grid a fact into a row a head."""
    return [
        [round(value, DIGITS) for value in head]
        for layer in zip(*grids.values(), strict=True)
        for head in zip(*layer, strict=True)
    ]
