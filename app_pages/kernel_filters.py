"""The lens of set filters: which keys each query may see, on the running model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from app_pages import session
from app_pages.examples import EXAMPLES
from app_pages.i18n import N_, Translate
from app_pages.kernel_choices import ALL, kept, number, select
from app_pages.kernel_messages import Place
from app_pages.kernel_runs import Run, show_run
from app_pages.languages import split_direction
from transformer.changes import FilterChange
from transformer.changes import read as read_changes

if TYPE_CHECKING:
    from torch import Tensor

    from transformer.slot_runs import Variant

FILTERS = ("trained", "everything", "causal", "window", "strided", "padding", "memory")
SIZES = {"window": ("window", 3), "strided": ("stride", 3), "padding": ("padding", 3)}  # key of the address, default
MOST = {"window": 999, "strided": 999, "padding": 32}
NOTES = {
    "trained": N_("This is the set filter that the model was trained with."),
    "everything": N_("Every query sees every key."),
    "causal": N_("A query sees the keys at or before its own place."),
    "window": N_("A query sees the keys fewer than {size} places away."),
    "strided": N_("A query sees its neighbours within {size}, and beyond them every key at a multiple of it."),
}
OWN_PLACE = N_("A query sees only the key at its own place.")
DECODER_NOTES = {
    "everything": N_("In decoder self-attention that is also what is yet to be written."),
    "window": N_("In decoder self-attention it sees no key after its own place."),
    "strided": N_("In decoder self-attention it sees no key after its own place."),
}
STAYS, TRAINED = N_("The picture stays as it was."), N_("The picture shows the model as it was trained.")


class Refusal(ValueError):
    """Why a filter cannot be, in the visitor's language."""


def filters(place: Place, _: Translate) -> None:
    """Let the visitor choose a filter, and show what it does; a bad one gets a sentence, and the picture stays."""
    chosen = kept("filter", "window", FILTERS)
    row = st.columns([4, 3, 5], vertical_alignment="bottom")
    with row[0]:
        names = {"layer": _("In layer {layer}", layer=place.layer + 1), ALL: _("In all layers of this attention")}
        scope = select(_("Where"), "where", list(names), names.__getitem__, place.language)
    layer = place.layer if scope == "layer" else None
    about = place.standing.message, place.kind, place.layer, place.head
    with row[1]:
        size = _choose_size(chosen, _)
    with row[2]:
        how = _choose_rest(chosen, place, _)
    try:
        run = _run(place, chosen, layer, size, how, _)
        st.session_state["good filter"] = about, run
    except Refusal as refusal:
        kept_about, run = st.session_state.get("good filter", (None, None))
        st.warning(f"{refusal} {_(STAYS if kept_about == about else TRAINED)}")
        if kept_about != about:
            run = _run(place, "trained", layer, 0, None, _)
        run = replace(run, filters=_pictures(place, chosen, size))
    show_run(place, run, _, key="kernel_filter", chosen=_take)


def _take(choice: Any) -> None:
    if choice in FILTERS:
        st.session_state["filter"] = choice


def _choose_size(chosen: str, _: Translate) -> int:
    labels = {"window": _("Reach, in tokens"), "strided": _("Stride, in tokens"), "padding": _("Pieces of padding")}
    if chosen not in SIZES:
        return 0
    key, default = SIZES[chosen]
    return number(labels[chosen], key, default)


def _choose_rest(chosen: str, place: Place, _: Translate) -> Any:
    """What a filter takes beside its number: whether padding is seen, or the sentence that was read before."""
    if chosen == "padding":
        names = {"hidden": _("hidden, as always"), "seen": _("seen, as if it were words")}
        return select(_("The padding is"), "padding_is", list(names), names.__getitem__, place.language)
    if chosen == "memory":
        source = split_direction(place.standing.direction)[0]
        session.remember("earlier", EXAMPLES[1][source], lambda text: len(text) <= 300)
        return st.text_input(_("The sentence read before"), max_chars=300, key="earlier").strip()
    return None


def _run(place: Place, chosen: str, layer: int | None, size: int, how: Any, _: Translate) -> Run:
    """Build the run of a filter; Refusal, with a sentence, where there is none."""
    from transformer.slot_runs import paths_of, variant, with_memories, with_padding

    model, source = place.translator.model, place.ids[0]
    standing = list(read_changes(place.standing.changes))
    trained = variant(standing, model.config, len(source))
    paths = paths_of(model.config, place.kind, layer)
    pictures = _pictures(place, chosen, size)
    if chosen == "padding":
        if place.kind == "decoder":
            raise Refusal(_("Padding follows the sentence that is read; the decoder's self-attention has none."))
        if not 1 <= size <= min(MOST["padding"], model.config.max_length - len(source)):
            raise Refusal(_("Give 1 to {most} pieces of padding.", most=MOST["padding"]))
        run = with_padding(trained, size, paths if how == "seen" else [])
        note = {
            "hidden": _("{size} pieces of padding follow the sentence, hidden: nothing may change.", size=size),
            "seen": _("{size} pieces of padding follow the sentence, and here they are seen.", size=size),
        }[how]
        return Run(chosen, run, note, padding=size, filters=pictures)
    if chosen == "memory":
        return _remembering(place, trained, paths, how, with_memories, pictures, _)
    if chosen == "trained":
        return Run(chosen, trained, _(NOTES[chosen]), filters=pictures)
    change = _change(place, chosen, layer, size, _)
    _check_every_query(place, change, size, _)
    run = variant([*standing, change], model.config, len(source))
    return Run(chosen, run, _note(place.kind, chosen, size, _), filters=pictures)


def _note(kind: str, chosen: str, size: int, _: Translate) -> str:
    """Say whom a query sees under a filter, in this kind of attention."""
    if chosen == "window" and size == 1:
        return _(OWN_PLACE)
    more = [_(DECODER_NOTES[chosen])] if kind == "decoder" and chosen in DECODER_NOTES else []
    return " ".join([_(NOTES[chosen], size=size), *more])


def _change(place: Place, chosen: str, layer: int | None, size: int, _: Translate) -> FilterChange:
    try:
        return FilterChange(place.kind, layer, chosen, size if chosen in SIZES else None)
    except ValueError as error:
        raise Refusal(
            _(
                "With {size}, a query would see no key at all, and its weights would be nothing divided by nothing. "
                "Give at least 1.",
                size=size,
            )
        ) from error


def _seen(place: Place, change: FilterChange) -> Tensor:
    from transformer.slot_runs import filtered

    visible = place.trace[f"{place.path}.visible"][0, 0]
    weights = place.trace[f"{place.path}.weights"]
    return filtered(visible.expand(weights.shape[-2:]), change, place.translator.model.config)


def _check_every_query(place: Place, change: FilterChange, size: int, _: Translate) -> None:
    from transformer.kernel_lens import queries_without_key

    empty = queries_without_key(_seen(place, change))
    if empty:
        pieces = place.trace.labels(f"{place.path}.weights", "query")
        query = pieces[empty[0]].replace("\u2581", " ").strip()
        raise Refusal(
            _(
                "The query “{query}”, at place {position}, would see no key: the last one is {size} or more places "
                "before it. Give a larger number.",
                query=query,
                position=empty[0] + 1,
                size=size,
            )
        )


def _remembering(
    place: Place, trained: Variant, paths: list[str], earlier: str, with_memories: Any, pictures: Any, _: Translate
) -> Run:
    """Read another sentence first, and keep its keys and values as a memory."""
    translator, target = place.translator, place.standing.target
    if not earlier:
        raise Refusal(_("Type the sentence that the model read before this one."))
    if len(translator.tokenizer.source(earlier, target)) > translator.model.config.max_length // 2:
        raise Refusal(_("This earlier sentence is too long: shorten it."))
    _translation, trace = session.recorded(place.standing.model, earlier, target, "")
    pieces = trace.labels(f"{place.path}.weights", "key")
    note = _("Before its own keys, each query sees {count} of the sentence that was read before.", count=len(pieces))
    in_sight = place.path in paths
    return Run(
        "memory",
        with_memories(trained, trace, paths),
        note,
        memory=pieces if in_sight else (),
        filters=pictures,
    )


def _pictures(place: Place, chosen: str, typed: int) -> dict[str, Tensor]:
    """Which keys each query would see under each filter: the chosen one at the typed size, the others at the usual."""
    import torch

    weights = place.trace[f"{place.path}.weights"]
    visible = place.trace[f"{place.path}.visible"][0, 0].expand(weights.shape[-2:])
    sizes = {name: SIZES[name][1] if name in SIZES else None for name in ("everything", "causal", "window", "strided")}
    if chosen in ("window", "strided"):
        sizes[chosen] = typed
    changed = {
        name: visible & False
        if size is not None and size < 1
        else _seen(place, FilterChange(place.kind, None, name, size))
        for name, size in sizes.items()
    }  # within less than one place there is no key
    queries = len(visible)
    padding = torch.zeros(queries, SIZES["padding"][1], dtype=torch.bool)
    memory = torch.full((queries, 4), 0.5)  # seen, and told apart from the sentence's own keys
    more = {"padding": torch.cat((visible, padding), 1), "memory": torch.cat((memory, visible.float()), 1)}
    return {"trained": visible, **changed, **more}
