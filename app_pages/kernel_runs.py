"""The running model under a change, beside the pass as it stands: the message, and what it would write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages import session
from app_pages.csv_text import csv_text
from app_pages.i18n import Translate
from app_pages.kernel_messages import Place
from app_pages.kernel_picture import kernel_picture
from app_pages.languages import split_direction
from app_pages.models import model_name
from app_pages.translation import mark_differences
from viz.browser import encode_reply

if TYPE_CHECKING:
    from transformer.slot_runs import Variant

PADDING = "<pad>"


@dataclass(frozen=True)
class Run:
    """A way to run the model: `chosen` names it, `note` says it, `memory` and `padding` are keys that it adds."""

    chosen: str
    variant: Variant
    note: str
    memory: Sequence[str] = ()
    padding: int = 0
    filters: Mapping[str, Any] = field(default_factory=dict)  # by name, which keys each query sees (Q, K)


def running_message(place: Place, run: Run) -> bytes:
    """Run the model teacher-forced on the translation that stands, and write what changed."""
    from transformer.slot_runs import effect
    from transformer.slot_runs import run as forward

    source, written = place.ids
    tokens = {axis: list(each[0]) for axis, each in place.trace.tokens.items()}
    trace = forward(place.translator.model, source, written, run.variant, tokens)
    found = effect(place.trace["logits"][0], trace["logits"][0], written)
    weights = f"{place.path}.weights"
    queries, keys = (place.trace.labels(weights, axis) for axis in ("query", "key"))
    padded = [PADDING] * (run.padding if place.trace.axis(weights, "key") == "source" else 0)
    after = trace[weights][0, place.head, : len(queries)]
    visible = trace[f"{place.path}.visible"][0, 0].expand(trace[weights].shape[-2:])[: len(queries)]
    header = place.header("running") | {
        "chosen": run.chosen,
        "note": run.note,
        "own": len(run.memory),
        "keys_after": [*run.memory, *keys, *padded],
        "pieces": tokens["output"],
        "target_lang": split_direction(place.standing.direction)[1],
        "filters": [
            {"id": name, "rows": seen.shape[0], "columns": seen.shape[1]} for name, seen in run.filters.items()
        ],
    }
    arrays = {
        "map_visible": visible.float(),
        "map_before": place.trace[weights][0, place.head],
        "map_after": after,
        "log_before": found.before,
        "log_after": found.after,
        "divergence": found.divergence,
        **{f"filter_{name}": seen.float() for name, seen in run.filters.items()},
    }
    return encode_reply(header, arrays)


def show_run(place: Place, run: Run, _: Translate, *, key: str, chosen: Any = None) -> None:
    """Draw a run, and write with it anew where the visitor asks."""
    kernel_picture(running_message(place, run), key=key, chosen=chosen)
    if st.button(_("Translate anew with it"), key=f"{key} anew"):
        say_anew(place, run, _)


def say_anew(place: Place, run: Run, _: Translate) -> None:
    """Say what the model writes, greedily, under the change, beside what it writes greedily without."""
    from transformer.slot_runs import write_anew

    standing = place.standing
    with st.spinner(_("Translating …"), show_time=False):
        ids = write_anew(place.translator, place.ids[0], run.variant)
        unchanged, _trace = session.recorded(standing.model, standing.text, standing.target, standing.changes)
    text, before = place.translator.tokenizer.decode(ids), unchanged.text
    new, old = mark_differences(text, before, standing.target)
    empty = _("The model wrote nothing.")
    nothing = f"<i>{escape(empty)}</i>"
    if text == before:
        said = escape(_("Word for word the same as before."))
    else:
        without = _("Unchanged, it writes:")
        said = f'{escape(without)} <span lang="{standing.target}">{old or nothing}</span>'
    greedily = escape(_("Both are written greedily, whatever is chosen as Decoding above."))
    st.html(
        f'<p class="atlas-translation" lang="{standing.target}">{new or nothing}</p>'
        f'<p class="atlas-quiet atlas-before">{said}</p><p class="atlas-quiet">{greedily}</p>'
    )
    about = (model_name(standing.model), standing.text, standing.direction, "greedy")
    rows = [(*about, _("as it stands"), before, len(unchanged.ids)), (*about, run.note, text, len(ids))]
    st.download_button(
        _("Both translations, CSV"),
        csv_text(("model", "sentence", "direction", "decoding", "change", "translation", "pieces"), rows),
        f"{place.file_name}-{run.chosen}-translations.csv",
        "text/csv",
        key="anew_csv",
        on_click="ignore",
    )
