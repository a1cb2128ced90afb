"""The cards of each step: every piece is text, every probability is told, and the written piece is always there."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.candidates import WritingStep, candidates_html, percent

PROBABILITIES = st.floats(0, 1)
PIECES = st.text(min_size=1, max_size=12)
CARDS = st.builds(
    WritingStep, PIECES, PROBABILITIES, st.lists(st.tuples(PIECES, PROBABILITIES), max_size=5, unique_by=lambda c: c[0])
)
TAGS = {"ol", "li", "p", "span", "table", "tbody", "tr", "th", "td", "i", "bdi", "em"}


class Reader(HTMLParser):
    """Collect the tags, the rows' texts, and which rows are the written ones."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[tuple[bool, str]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append((dict(attrs).get("aria-current") == "true", ""))
            self.open = True
        if tag == "li":
            self.open = False

    def handle_data(self, data):
        if self.rows and self.open:
            written, text = self.rows[-1]
            self.rows[-1] = written, text + data


def read(steps, lang="de") -> Reader:
    reader = Reader()
    reader.feed(candidates_html(steps, lang))
    reader.close()
    return reader


@given(st.lists(CARDS, max_size=3))
def test_pieces_are_data_and_none_is_lost(steps):
    reader = read(steps)
    assert reader.tags <= TAGS
    expected = []
    for step in steps:
        known = [piece for piece, _ in step.candidates]
        rows = [*step.candidates, *([] if step.written in known else [(step.written, step.probability)])]
        rest = max(0.0, 1 - sum(probability for _, probability in rows))
        expected += [(piece == step.written, piece, probability) for piece, probability in rows]
        expected.append((False, "all others", rest))
    assert [written for written, _ in reader.rows] == [written for written, *_ in expected]
    for (_, shown), (_, piece, probability) in zip(reader.rows, expected, strict=True):
        assert shown.endswith(percent(probability).replace("&lt;", "<"))
        assert piece.removeprefix("▁") in shown


@pytest.mark.parametrize(
    ("piece", "lang", "shown"),
    [
        ("▁Haus", "de", "Haus"),
        ("tür", "de", "·tür"),
        (".", "de", "."),
        ("</s>", "de", "</s>"),
        ("茶", "ja", "茶"),
        ("茶", "de", "茶"),
        ("▁", "ja", "␣"),
        ("<script>alert(1)</script>", "de", "<script>alert(1)</script>"),
    ],
)
def test_pieces_as_people_read_them(piece, lang, shown):
    reader = read([WritingStep(piece, 0.5, [(piece, 0.5)])], lang)
    assert reader.rows == [(True, f"{shown}50.0 %"), (False, "all others50.0 %")]
    assert "script" not in reader.tags


def test_what_is_not_nothing_is_not_said_to_be_nothing():
    assert (percent(0), percent(0.0004), percent(0.0005), percent(1)) == ("0.0 %", "&lt;0.1 %", "0.1 %", "100.0 %")
