"""Patterns of places: sinusoids in both layouts, learned and rotary ones, how alike two places are, and beyond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app_pages.i18n import N_, Translate
from app_pages.position_parts.reading import Picture, Reading, choose
from app_pages.sentence import UNUSUAL_LENGTH
from viz.walkthrough.scene import Curves, Figure, Matrix, ReadOut, Table

if TYPE_CHECKING:
    from torch import Tensor

LAYOUTS = {
    "interleaved": N_("sine and cosine in turn, as in the paper"),
    "halves": N_("sines left, cosines right, as in The Illustrated Transformer"),
}
COUNTS = (32, 64, 128, 256)
SHIFTS = (0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
HEIGHT = 320  # CSS pixels of the picture of all patterns


def part(reading: Reading, language: str, _: Translate) -> Picture:
    """Show the choices; return the picture."""
    import torch

    from transformer.position_patterns import alike, learned_patterns, rotary_alike
    from transformer.positions import sinusoid

    with st.container(horizontal=True, vertical_alignment="bottom", key="patterns_choices"):
        layouts = {key: _(text) for key, text in LAYOUTS.items()}
        layout = choose(_("Layout"), "layout", layouts, "interleaved", language, select=True, width=380)
        counts = {str(count): str(count) for count in COUNTS}
        count = int(choose(_("Places"), "places", counts, "64", language))
    config = reading.translator.model.config
    d_model, d_head = config.d_model, config.head_size
    patterns = {each: sinusoid(torch.arange(count), d_model, each) for each in LAYOUTS}
    learned, trained = learned_patterns(reading.translator.model.embedding.position, count, d_model)
    of_learned = _("learned, this model's table") if trained else _("learned, untrained: random numbers")
    similar = {
        _("sinusoids, d = {size}", size=d_model): alike(patterns[layout]),
        of_learned: alike(learned),
        _("rotary, d = {size}", size=d_head - d_head % 2): rotary_alike(count, d_head - d_head % 2),
    }
    how_alike = _("A row and a column a place; how alike the two are: cosine, 1 on the diagonal.")
    figures: list[Figure] = [
        Matrix(
            "patterns",
            patterns[layout].numpy(),
            _("the pattern of every place: what is added to the word there"),
            "embedding",
            "even",
            limit=1.0,
            row_height=max(1.0, HEIGHT / count),
            note=_("A row is a place, a column a component, a wave that runs down the places: from −1 to 1."),
        ),
        *(
            Matrix(
                f"alike_{number}", values.numpy(), title, "embedding", "even", link="alike", width=1 / 3, limit=1.0,
                row_height=min(9.0, 360 / count), note=how_alike,
            )
            for number, (title, values) in enumerate(similar.items())
        ),
        ReadOut(),
        by_distance_curves(similar | {_("sinusoids, the other layout"): alike(other(patterns, layout))}, _),
        wave_curves(d_model, _),
        wave_table({"": d_model, _("a head"): d_head - d_head % 2}, _),
        *farther(reading, _),
    ]  # fmt: skip
    told = [
        _(
            "Every place has a pattern of its own, made of waves: the short ones tell neighbours apart, the long ones "
            "the beginning from the end. How alike two sinusoids are depends on their distance alone, so every "
            "diagonal has one colour."
        ),
        _(
            "*Rotary* position adds no pattern. It turns pairs of components of q and k by the same waves, so that "
            "what it makes of a query and a key depends on their distance. Its map above shows how alike a vector of "
            "ones is to itself, turned to two places."
        ),
        _("*Learned* patterns are a table, a row a place: this model's own, cosine of every two rows.")
        if trained
        else _(
            "*Learned* patterns are a table, a row a place, that begins as random numbers: here untrained, since this "
            "model has none. Places have nothing to do with each other until training makes neighbours alike; and a "
            "place beyond the table's last row has no pattern at all."
        ),
    ]
    return Picture(figures, told)


def other(patterns: dict[str, Tensor], layout: str) -> Tensor:
    """The patterns in the layout that was not chosen."""
    return next(values for name, values in patterns.items() if name != layout)


def by_distance_curves(similar: dict[str, Tensor], _: Translate) -> Curves:
    """Mean likeness over the distance; of a table that ends before the others, as far as it goes."""
    import numpy as np

    from transformer.position_patterns import by_distance

    least = min(len(values) for values in similar.values())
    rows = [by_distance(values)[:least].numpy() for values in similar.values()]
    return Curves(
        "by_distance",
        _("how alike two places are, over their distance"),
        np.arange(least),
        np.stack(rows),
        list(similar),
        _("distance, in places"),
        _("cosine"),
        width=0.5,
    )


def wave_curves(size: int, _: Translate) -> Curves:
    """Wavelengths of all pairs, in both layouts."""
    import numpy as np

    from transformer.position_patterns import wavelengths

    return Curves(
        "waves",
        _("how many places a full turn takes"),
        np.arange(1, size // 2 + 1),
        np.stack([wavelengths(size, layout).numpy() for layout in LAYOUTS]),
        [_(name) for name in LAYOUTS.values()],
        _("pair of a sine and a cosine"),
        _("wavelength, in places"),
        width=0.5,
        logarithmic_y=True,
    )


def wave_table(sizes: dict[str, int], _: Translate) -> Table:
    """The shortest, middle and longest wavelength, for the model and for a head."""
    from transformer.position_patterns import wavelengths

    rows: list[tuple[str | float, ...]] = []
    for whose, size in sizes.items():
        for layout, name in LAYOUTS.items():
            turns = wavelengths(size, layout)
            text = " · ".join(each for each in (whose, _(name)) if each)
            rows.append((text, size, float(turns[0]), float(turns[len(turns) // 2]), round(float(turns[-1]))))
    heads = ["", _("size"), _("shortest"), _("middle one"), _("longest")]
    return Table("wave_lengths", _("wavelengths, in places"), heads, rows, (0, 0, 2, 1, 0))


def farther(reading: Reading, _: Translate) -> Sequence[Figure]:
    """What becomes of the translation when the sentence stands farther along than sentences did in training."""
    import numpy as np

    from transformer.position_patterns import shifted

    translation, trace = reading.recorded()
    pieces = len(trace.tokens["source"][0])
    ids = reading.translator.source(reading.text, reading.languages[1])
    model = reading.translator.model
    shifts = [each for each in SHIFTS if reachable(model.embedding.position, pieces + each)]
    title = _("longer than trained: the same sentence, farther along")
    try:
        logs = shifted(model, ids, translation.ids, shifts)
    except ValueError:
        nothing = _("This model adds nothing to its embeddings, so there is no place to move its sentence to.")
        return [Table("farther", title, [nothing], [])]
    note = _(
        "Your sentence has {pieces} pieces. Here the encoder is told that it begins so many places later. Hardly any "
        "sentence that the bundled models learned from has more than {longest} pieces. Sinusoids have a pattern for "
        "every place; how far a model can use it, the curve shows.",
        pieces=pieces,
        longest=UNUSUAL_LENGTH,
    )
    rows = [(shift, shift + pieces, value) for shift, value in zip(shifts, logs, strict=True)]
    heads = [_("places later"), _("last place"), _("log-probability")]
    return [
        Curves(
            "farther_curve",
            title,
            np.array(shifts),
            np.array([logs]),
            [_("log-probability of the translation above")],
            _("places later"),
            _("log-probability, nats"),
            width=0.5,
            note=note,
        ),
        Table("farther", _("the same in numbers"), heads, rows, (0, 0, 4), width=0.5),
    ]


def reachable(position: object, length: int) -> bool:
    """Whether a position has a pattern for so many places: a learned table ends."""
    table = getattr(position, "table", None)
    return table is None or length <= len(table.weight)
