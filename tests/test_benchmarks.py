"""The benchmarks run and print figures as promised; how fast anything is, no test asserts."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import Figure

KEYS = ["name", "value", "unit", "baseline", "ratio", "bar", "holds"]


def test_figures_are_lines_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["trace", "forward_1", "new_sentence"]
    main(names, repeats=1)
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [figure["name"] for figure in figures] == names
    for figure in figures:
        assert list(figure) == KEYS
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["baseline"], rel=2e-3)
        assert figure["holds"] == (None if figure["bar"] is None else figure["ratio"] <= figure["bar"])


def test_list_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    main(show=True)
    assert capsys.readouterr().out.split() == list(BENCHMARKS)


def test_an_unknown_figure_is_named() -> None:
    with pytest.raises(ValueError, match=r"no figure 'speed': choose"):
        main(["trace", "speed"], repeats=1)


@pytest.mark.parametrize(("value", "bar", "holds"), [(1.1, 1.2, True), (1.3, 1.2, False), (9.0, None, None)])
def test_a_bar_is_an_upper_limit(value: float, bar: float | None, holds: bool | None) -> None:
    assert Figure("x", value, "s", 1.0, bar).holds is holds
