"""The benchmarks run and print figures as promised; how fast anything is, no test asserts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest
import torch

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.decoding import LENGTH, SAME, Write, alike, ctranslate2, marian, untrained, writer
from benchmarks.measure import Figure
from transformer.config import ModelConfig
from transformer.models import EncoderDecoder
from transformer.tokenizers import END

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


@pytest.mark.parametrize(("value", "bar", "holds"), [(0.9, 1.0, False), (1.0, 1.0, True), (9.0, None, None)])
def test_a_bar_is_a_lower_limit_where_higher_is_better(value: float, bar: float | None, holds: bool | None) -> None:
    assert Figure("x", value, "tokens/s", 1.0, bar, higher_is_better=True).holds is holds


def test_without_the_peers_their_figures_say_what_to_install_and_the_others_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("transformers", "ctranslate2"):
        monkeypatch.setitem(sys.modules, name, None)
    main(["beam_1", "beam_1_ctranslate2", "forward_1"], repeats=1)
    printed = capsys.readouterr()
    assert [json.loads(line)["name"] for line in printed.out.splitlines()] == ["forward_1"]
    assert printed.err.count("pip install -r benchmarks/requirements.txt") == 2


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    sizes = {"num_encoder_layers": 2, "num_decoder_layers": 2}
    return untrained(ModelConfig(vocab_size=300, d_model=64, num_heads=4, d_ff=128, max_length=32, **sizes))


@pytest.fixture(scope="module")
def source() -> torch.Tensor:
    return torch.randint(END + 1, 300, (6, 16), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("package", "peer"), [("transformers", marian), ("ctranslate2", ctranslate2)])
def test_a_peer_writes_what_we_write(
    package: str, peer: Callable[[EncoderDecoder], Write], model: EncoderDecoder, source: torch.Tensor
) -> None:
    if package != "transformers":  # that one is among the development requirements
        pytest.importorskip(package)
    ours = writer(model)(source)
    assert torch.equal(peer(model)(source), ours)
    assert ours.shape == (6, LENGTH)
    assert not (ours == END).any()
    assert len(ours.unique(dim=0)) > 2  # else equal outputs would say little
    assert all(len(written.unique()) > 1 for written in ours)


def test_other_outputs_are_told_from_ours(model: EncoderDecoder, source: torch.Tensor) -> None:
    ours = writer(model)(source)
    assert alike(model, source, ours, ours.clone()) == 1
    assert alike(model, source, ours, ours.roll(1, 0)) < SAME
