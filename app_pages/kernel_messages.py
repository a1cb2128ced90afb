"""Messages that the pictures of the kernel lens are drawn from: numbers of `transformer.kernel_lens`, and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app_pages.i18n import translate_all
from app_pages.languages import split_direction
from app_pages.translation import Standing
from transformer.changes import KINDS
from viz.browser import encode_reply
from viz.kernels import STRINGS

if TYPE_CHECKING:
    from transformer.kernel_lens import HeadRecord, KernelReading
    from transformer.trace import Trace
    from transformer.translator import Translation, Translator

Header = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """One head of a translation that stands, and everything that was computed for it."""

    standing: Standing
    translator: Translator
    translation: Translation
    trace: Trace
    kind: str
    layer: int
    head: int
    language: str

    @property
    def path(self) -> str:
        """Where the attention is in a trace."""
        return KINDS[self.kind].format(self.layer)

    @property
    def file_name(self) -> str:
        """How the names of files of this head begin; layers and heads count from 1, as on the page."""
        return f"{self.standing.model}-{self.kind}-layer{self.layer + 1}-head{self.head + 1}"

    @property
    def ids(self) -> tuple[list[int], list[int]]:
        """Ids of the source and of what was written."""
        return self.translator.source(self.standing.text, self.standing.target), self.translation.ids

    def header(self, view: str) -> Header:
        """Return what every message begins with."""
        source, target = split_direction(self.standing.direction)
        languages = {"source": source, "target": target}
        weights = f"{self.path}.weights"
        axes = {name: self.trace.axis(weights, name) for name in ("query", "key")}
        return {
            "view": view,
            "lang": self.language,
            "strings": translate_all(STRINGS, self.language),
            "model": self.standing.model,
            "text": self.standing.text,
            "kind": self.kind,
            "layer": self.layer,
            "head": self.head,
            "queries": self.trace.labels(weights, "query"),
            "keys": self.trace.labels(weights, "key"),
            "query_lang": languages[axes["query"]],
            "key_lang": languages[axes["key"]],
        }


def smoother_message(place: Place, record: HeadRecord) -> bytes:
    """Write one head for the view of one query: its vectors, the planes they are drawn in, what was recorded."""
    from transformer.kernel_lens import principal_plane

    plane, values = principal_plane(record.q, record.k), principal_plane(record.v)
    d = record.q.size(-1)
    trained = record.kernel.options
    config = getattr(place.translator.model.config, f"{place.kind}_attention")
    header = place.header("smoother") | {
        "kernel": record.kernel.name,
        "options": {
            "scale": trained.get("scale") or d**0.5,
            "width": trained.get("divisor", 1.0) * d**0.5,
            "degree": trained.get("degree", 2),
        },
        "d": d,
        "position": config.position.name,
        "query": busiest_query(record),
        "share": plane.share,
        "value_share": values.share,
    }
    arrays = {
        "q": record.q,
        "k": record.k,
        "v": record.v,
        "visible": record.visible.float(),
        "factor": record.factor,
        "weights": record.weights,
        "outputs": record.outputs,
        "plane_origin": plane.origin,
        "plane_axes": plane.axes,
        "value_origin": values.origin,
        "value_axes": values.axes,
    }
    return encode_reply(header, arrays)


def busiest_query(record: HeadRecord) -> int:
    """Find a query worth opening with: no mark at the ends, and torn between two keys."""
    queries = len(record.weights)
    inner = record.weights[1:-1] if queries > 2 else record.weights
    second = inner.topk(min(2, inner.size(-1))).values[:, -1]
    return int(second.argmax()) + (queries > 2)


def gallery_message(
    place: Place, record: HeadRecord, readings: list[KernelReading], error: float, symmetric: str | None
) -> bytes:
    """Write what every kernel makes of a head."""
    import torch

    header = place.header("gallery") | {
        "trained": record.kernel.name,
        "symmetric": symmetric,
        "rbf_error": error,
        "kernels": [
            {
                "name": each.name,
                "entropy": each.entropy,
                "distance": each.distance,
                "moved": each.moved,
                "lowest": each.lowest,
                "highest": each.highest,
                "outside": each.outside,
                "total": each.total,
                "worst": each.worst,
            }
            for each in readings
        ],
    }
    eigenvalues = {f"eigenvalues_{each.name}": each.eigenvalues for each in readings if each.eigenvalues is not None}
    arrays = {
        "maps": torch.stack([each.weights for each in readings]),
        "recorded": record.weights,
        "visible": record.visible.float(),
        **eigenvalues,
    }
    return encode_reply(header, arrays)
