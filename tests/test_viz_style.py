"""The look: contrast by the WCAG formula, head colours apart for colour-blind eyes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from viz.style import HEADS, MEANING, PAGE, SIGNED, WEIGHT, css_variables

SCHEMES = ("light", "dark")
SIMULATED = {  # Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(color: str) -> np.ndarray:
    """Linear RGB of ``#rrggbb``, (3,)."""
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio."""
    low, high = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """OKLab of linear RGB, (3,)."""
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_lms) @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_colour_reaches_aa(scheme):
    texts = {**MEANING, **SIGNED, **{name: PAGE[name] for name in ("text", "quiet", "primary")}, "ink": WEIGHT["ink"]}
    for ground in ("background", "surface"):
        for name, shades in texts.items():
            ratio = contrast(shades.of(scheme), PAGE[ground].of(scheme))
            assert ratio >= 4.5, (name, ground, ratio)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_head_colours_can_be_seen_as_lines(scheme):
    for shades in HEADS:
        assert contrast(shades.of(scheme), PAGE["background"].of(scheme)) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIMULATED)
def test_head_colours_stay_apart(scheme, sight):
    assert len(HEADS) == 16
    seen = [oklab(SIMULATED[sight] @ linear(shades.of(scheme))) for shades in HEADS]
    closest = min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))
    first_eight = min(np.linalg.norm(a - b) for a, b in combinations(seen[:8], 2))
    assert closest >= (0.09 if sight == "normal" else 0.07)  # 0.02 can just be noticed
    assert first_eight >= (0.16 if sight == "normal" else 0.1)


def test_the_scale_of_weights_gets_steadily_stronger():
    for scheme in SCHEMES:
        stops = [PAGE["background"], WEIGHT["middle"], WEIGHT["ink"]]
        ratios = [contrast(PAGE["background"].of(scheme), shades.of(scheme)) for shades in stops]
        assert ratios == sorted(ratios) and ratios[-1] > 10


@pytest.mark.parametrize("scheme", SCHEMES)
def test_both_signs_look_as_large_and_stay_apart(scheme):
    positive, negative = (SIGNED[name].of(scheme) for name in ("positive", "negative"))
    page = PAGE["background"].of(scheme)
    assert contrast(positive, page) / contrast(negative, page) == pytest.approx(1, abs=0.06)
    for matrix in SIMULATED.values():
        assert np.linalg.norm(oklab(matrix @ linear(positive)) - oklab(matrix @ linear(negative))) >= 0.2
    for color in (positive, negative):
        distances = [np.linalg.norm(oklab(linear(color)) - oklab(linear(each.of(scheme)))) for each in MEANING.values()]
        assert min(distances) >= 0.07


def test_css_names_every_colour_in_both_schemes():
    rules = css_variables(".x")
    for shades in (*PAGE.values(), *MEANING.values(), *SIGNED.values(), *WEIGHT.values()):
        assert shades.light in rules and shades.dark in rules
    assert rules.count("--atlas-query:") == 4
    assert '.x[data-scheme="dark"]' in rules and "prefers-color-scheme: dark" in rules
