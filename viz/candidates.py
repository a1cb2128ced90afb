"""What a model had to choose from at each step of its writing: one card a step, as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WORD_START = "\u2581"
UNSPACED_LANGUAGES = ("ja", "zh", "th")
FIRST_UNSPACED = "\u2e80"  # from here on, Chinese, Japanese and Korean characters
_SPECIAL = re.compile(r"<[^<>\s]{1,16}>")

CSS = """
ol.atlas-steps { list-style: none; margin: 0; padding: 0 !important; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(min(12rem, 45%), 1fr)); font-variant-numeric: tabular-nums; }
.atlas-steps > li { margin: 0 !important; padding: 8px 10px 10px; background: var(--atlas-surface); border-radius: 6px;
  min-width: 0; }
.atlas-steps p { margin: 0 0 4px; font-size: 1rem; font-weight: 600; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.atlas-steps p span { color: var(--atlas-quiet); font-size: 0.75rem; font-weight: 400; margin-right: 6px; }
.atlas-steps table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 0.8rem; }
.atlas-steps th, .atlas-steps td { padding: 1px 0; border: 0; font-weight: 400; text-align: left; line-height: 1.5; }
.atlas-steps th { width: 42%; padding-right: 6px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.atlas-steps td:last-child { width: 3.9em; text-align: right; }
.atlas-steps i { display: block; height: 8px; background: var(--atlas-weight-middle); min-width: 1px; }
.atlas-steps tr.written th, .atlas-steps tr.written td { font-weight: 700; }
.atlas-steps tr.written i { background: var(--atlas-decoder); }
.atlas-steps tr.others th, .atlas-steps tr.others td { color: var(--atlas-quiet); }
.atlas-steps tr.others i { background: var(--atlas-hairline); }
.atlas-steps em { color: var(--atlas-quiet); }
"""
"""Needs the colours of ``viz.style.css_variables`` around it."""


@dataclass(frozen=True)
class WritingStep:
    """One step: the piece that was written with its probability, and the likeliest pieces, likeliest first."""

    written: str
    probability: float
    candidates: Sequence[tuple[str, float]]


def candidates_html(steps: Sequence[WritingStep], lang: str, others: str = "all others") -> str:
    """Draw a list of cards; pieces are of the language ``lang``, and data, never markup.

    ``others`` names what the pieces that are not shown hold together.
    """
    cards = []
    for number, step in enumerate(steps, 1):
        rows = list(step.candidates)
        if step.written not in [piece for piece, _ in rows]:  # drawn at random from further down
            rows.append((step.written, step.probability))
        table = "".join(_row(piece, probability, piece == step.written, lang) for piece, probability in rows)
        rest = max(0.0, 1 - sum(probability for _, probability in rows))
        table += f'<tr class="others"><th scope="row">{escape(others)}</th>{_bar(rest)}</tr>'
        title = f"<p><span>{number}</span>{_token(step.written, lang)}</p>"
        cards.append(f"<li>{title}<table><tbody>{table}</tbody></table></li>")
    return f'<ol class="atlas-steps">{"".join(cards)}</ol>'


def _row(piece: str, probability: float, written: bool, lang: str) -> str:
    marked = ' class="written" aria-current="true"' if written else ""
    return f'<tr{marked}><th scope="row">{_token(piece, lang)}</th>{_bar(probability)}</tr>'


def _bar(probability: float) -> str:
    width = f"{100 * probability:.1f}%"
    return f'<td aria-hidden="true"><i style="width:{width}"></i></td><td>{percent(probability)}</td>'


def percent(probability: float) -> str:
    """Say a probability with one digit after the point; what is not nothing is not said to be nothing."""
    return "<0.1 %".replace("<", "&lt;") if 0 < probability < 0.0005 else f"{100 * probability:.1f} %"


def _token(piece: str, lang: str) -> str:
    text = piece.removeprefix(WORD_START)
    if _SPECIAL.fullmatch(piece):
        return f"<em>{escape(piece)}</em>"
    # In the middle of a word, as in the pictures of the heads; what is written without spaces has no middle.
    joins = piece == text and lang not in UNSPACED_LANGUAGES and text[:1].isalnum() and text < FIRST_UNSPACED
    return f'<bdi lang="{escape(lang)}">{"·" if joins else ""}{escape(text) or "␣"}</bdi>'
