"""Order: the visitor's words in another order, through the running model's own layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app_pages import session
from app_pages.i18n import N_, Translate
from app_pages.position_parts.reading import Picture, Reading, choose, switch, tokens
from app_pages.position_parts.word_order import choose_order
from transformer.pieces import WORD_START
from viz.walkthrough.scene import Figure, Matrix, ReadOut, Table, Tokens

if TYPE_CHECKING:
    from transformer.order import Reordered, Setting

FILTERS = {"everything": N_("all words"), "causal": N_("the words before it, and itself")}
FEW_ROWS = 24  # rows that have room for a name each
MANY = 40  # rows that have names
PRECISIONS = ("float32", "float64")


def named(setting: Setting, _: Translate) -> str:
    """Say what is tried."""
    layers = _("1 layer") if setting.num_layers == 1 else _("{count} layers", count=setting.num_layers)
    position = _("with position") if setting.position else _("without position")
    return f"{_(FILTERS[setting.set_filter])} · {layers} · {position}"


def address(setting: Setting) -> str:
    return f"{setting.set_filter}-{setting.num_layers}" + ("-position" if setting.position else "")


def verdict(one: Reordered, _: Translate) -> str:
    """Say what the numbers in float64 say."""
    if one.same:
        return _("the same, up to rounding")
    return _("only the last piece is the same") if one.last_same else _("different")


def part(reading: Reading, language: str, _: Translate) -> Picture:
    """Show the choices; return the picture."""
    from transformer.order import piece_order, settings, words

    _written, trace = reading.recorded()
    source = tokens(trace, "source", reading)
    groups = words(source.pieces)
    if len(groups) < 2:
        st.info(_("One word has no order. Type a longer sentence above."))
    elif any(not source.pieces[word[0]].startswith(WORD_START) for word in groups):
        st.info(_("Too few words between spaces: here you move pieces of words."))
    order = choose_order([[source.pieces[at] for at in word] for word in groups], source.lang, language, _)
    pieces = piece_order(groups, order, len(source.pieces))
    tried = {address(each): each for each in settings(reading.translator.model.config.num_encoder_layers)}
    labels = {key: named(each, _) for key, each in tried.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="order_choices"):
        chosen = choose(
            _("What a word sees, and how deep"), "seen", labels, next(iter(labels)), language, select=True, width=420
        )
        writes = switch(_("Translate both orders anew"), "anew", language)
    found = session.reordered(reading.model, reading.text, reading.languages[1], tuple(pieces), **reading.options)
    if order == list(range(len(groups))):
        st.info(_("This is your own order, so nothing differs. Move a word, or press Shuffle."))
    elif not st.session_state["order"]:
        st.caption(_("Your words stand backwards, so that there is a difference to see; Reset takes your own order."))
    setting = tried[chosen]
    figures = [
        *states(found["float32"][setting], source, setting, _),
        ReadOut(),
        cases(found, setting, _),
        whole_model(reading, pieces, _),
    ]
    if writes:
        figures.append(written_anew(reading, pieces, _))
    return Picture(figures, [_(LEADS[setting.set_filter, min(setting.num_layers, 2), setting.position])])


LEADS: Mapping[tuple[str, int, bool], str] = {
    ("everything", 1, False): N_(
        "Without position, a word that sees all words sees a set: in any order it becomes the same vector. "
        "What is left is rounding; it shrinks with the precision."
    ),
    ("everything", 2, False): N_(
        "Layer upon layer, the words remain a set: without position, the whole encoder knows no order."
    ),
    ("causal", 1, False): N_(
        "A causal filter depends on the order: who stands before me has changed. Only the last piece still sees the "
        "same set, and becomes the same vector."
    ),
    ("causal", 2, False): N_(
        "From the second layer on the last piece changes too: what it looks at has already seen other words. So a "
        "decoder knows the order without being told."
    ),
    ("everything", 1, True): N_(
        "With position, a word is not only what it is but where it stands: one layer is enough to tell the orders "
        "apart."
    ),
}


def states(pair: Reordered, source: Tokens, setting: Setting, _: Translate) -> Sequence[Figure]:
    """Outputs of the last layer that was run, both ways, and their difference; every row is one piece."""
    import numpy as np

    before, after = pair.before.numpy(), pair.after.numpy()
    limit = float(np.quantile(np.abs(before), 0.995)) or 1.0
    rows, axes = len(before), _("A row is a piece, a column a component of its vector.")
    height = (15.0 if rows <= FEW_ROWS else 12.0) if rows <= MANY else max(2.0, 480 / rows)
    shown = (
        ("after", after, _("output in the new order, each row back in its place"), ""),
        ("before", before, _("output in your order"), "−"),
        ("difference", after - before, _("difference"), "="),
    )
    return [
        Matrix(
            name, values, title, "encoder", rows=source, link="states", sign=sign, limit=limit, row_height=height,
            bare=rows > MANY, note=axes if name == "after" else "",
        )
        for name, values, title, sign in shown
    ]  # fmt: skip


def cases(found: Mapping[str, Mapping[Setting, Reordered]], chosen: Setting, _: Translate) -> Table:
    """Every setting's largest differences, in both precisions."""
    single, double = (found[precision] for precision in PRECISIONS)
    rows = [
        (
            named(setting, _),
            single[setting].difference,
            double[setting].difference,
            single[setting].last_difference,
            double[setting].last_difference,
            verdict(double[setting], _),
        )
        for setting in double
    ]
    heads = [_("what a word sees")]
    heads += [_("largest difference, {precision}", precision=each) for each in PRECISIONS]
    heads += [_("of the last piece, {precision}", precision=each) for each in PRECISIONS]
    largest = max(pair.size for pair in double.values())
    return Table(
        "cases",
        _("The model's own layers, in both orders"),
        [*heads, _("in words")],
        rows,
        (0, -4, -4, -4, -4, 0),
        marked=[list(double).index(chosen)],
        note=_(
            "“The same” means: no number differs in float64 by more than a few hundred units in the last place of the "
            "largest ({largest}). Tag and end of the sentence stay where they are.",
            largest=f"{largest:.1f}",
        ),
    )


def whole_model(reading: Reading, pieces: Sequence[int], _: Translate) -> Table:
    """How probable the standing translation is, for both orders, with and without position in the encoder."""

    def logs(order: Sequence[int]) -> Mapping[bool, float]:
        return session.order_likelihood(
            reading.model, reading.text, reading.languages[1], tuple(order), **reading.options
        )

    yours, new = logs(range(len(pieces))), logs(pieces)
    names = {True: _("the model as it is"), False: _("the encoder without position")}
    rows = [(name, yours[position], new[position], new[position] - yours[position]) for position, name in names.items()]
    heads = ["", _("your order"), _("new order"), _("difference")]
    return Table(
        "whole_model",
        _("The whole model: log-probability of the translation above, in nats"),
        heads,
        rows,
        (0, 4, 4, -4),
        note=_(
            "The decoder keeps its position. An encoder without position gives it the same set of vectors in any "
            "order, so the translation cannot depend on the order of your words."
        ),
    )


def written_anew(reading: Reading, pieces: Sequence[int], _: Translate) -> Table:
    """What is written, greedily, for both orders, with and without position in the encoder."""
    translator, trial = reading.translator, session.order_trial(reading.model)
    ids = translator.source(reading.text, reading.languages[1])
    moved = [ids[place] for place in pieces]
    rows = [
        (name, *(translator.tokenizer.decode(trial.write(each, position)) for each in (ids, moved)))
        for position, name in ((True, _("the model as it is")), (False, _("the encoder without position")))
    ]
    return Table("written", _("What it writes, greedily"), ["", _("your order"), _("new order")], rows)
