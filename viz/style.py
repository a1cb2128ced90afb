"""The look as plain data: one colour code, the scale of the weights, 16 head colours, one font stack.

Standard library only. Every text colour reaches a contrast of 4.5:1 on the page of its scheme (WCAG 2.2,
success criterion 1.4.3); ``.streamlit/config.toml`` repeats the page colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FONT_STACK = '"Noto Sans JP", system-ui, -apple-system, "Segoe UI", "Helvetica Neue", sans-serif'
"""The app ships Noto Sans JP as a web font; offline pages fall back to the system's sans."""


@dataclass(frozen=True)
class Shades:
    """One colour in its light-theme and dark-theme variant, as ``#rrggbb``."""

    light: str
    dark: str

    def of(self, scheme: str) -> str:
        """The variant of ``"light"`` or ``"dark"``."""
        return self.dark if scheme == "dark" else self.light


PAGE: Mapping[str, Shades] = {
    "background": Shades("#ffffff", "#0e1117"),
    "surface": Shades("#f4f5f8", "#181c25"),
    "text": Shades("#1b1f27", "#e8ebf0"),
    "quiet": Shades("#5a6372", "#9aa4b2"),
    "hairline": Shades("#d9dde4", "#2d3340"),
    "primary": Shades("#7b3fb5", "#c4a0f2"),
}
"""The page itself. ``hairline`` and ``surface`` are never text colours."""

MEANING: Mapping[str, Shades] = {
    "query": Shades("#7b3fb5", "#c4a0f2"),
    "key": Shades("#b4500b", "#f2a65a"),
    "value": Shades("#1f6fb5", "#7bbcf5"),
    "encoder": Shades("#2f7d3b", "#7fcb8a"),
    "decoder": Shades("#c2275d", "#f590b2"),
    "embedding": Shades("#64750f", "#c2d65c"),
}
"""One colour code everywhere, that of The Illustrated Transformer; position shares embedding's colour."""

WEIGHT: Mapping[str, Shades] = {
    "middle": Shades("#5877b8", "#5f7fc0"),
    "ink": Shades("#1d2b53", "#eaf1ff"),
}
"""Weights run from the page's background (0) over ``middle`` to ``ink`` (1) in one hue."""

SIGNED: Mapping[str, Shades] = {
    "negative": Shades("#a42e07", "#fd8358"),
    "positive": Shades("#3a4fb3", "#909fff"),
}
"""Signed numbers run from ``negative`` over the page's background at exactly zero to ``positive``: brick and indigo.
Both contrast with the page alike, so that neither sign looks larger; they stay 0.2 apart in OKLab for people with
protanopia and deuteranopia too, so that pale shades still differ; and each is 0.07 from every colour of ``MEANING``."""

HEADS: tuple[Shades, ...] = (
    Shades("#0a95cb", "#51af93"),
    Shades("#fd1623", "#9800ea"),
    Shades("#672513", "#ebe61b"),
    Shades("#321b9c", "#d00016"),
    Shades("#3e52fc", "#e98a13"),
    Shades("#a90959", "#416b8b"),
    Shades("#6c5998", "#a9eafc"),
    Shades("#b98182", "#c791fd"),
    Shades("#9079fe", "#c94ff8"),
    Shades("#9803c4", "#a5d08e"),
    Shades("#738005", "#9f8557"),
    Shades("#56206b", "#18d0d5"),
    Shades("#7b4705", "#898ebd"),
    Shades("#11594e", "#964c5a"),
    Shades("#fa43c6", "#7569bf"),
    Shades("#a75d75", "#e9bb1e"),
)
"""Head i has colour i modulo 16 everywhere. Chosen so that any two of the first eight, those of a layer, stay apart in
OKLab by 0.16 with normal sight and by 0.1 with protanopia, deuteranopia and tritanopia (simulated after Machado et al.
2009), and any two of all by 0.09 and 0.07. None is so near to black or white that a thin line of it loses its hue."""


def css_variables(selector: str = ".atlas") -> str:
    """CSS rules that give ``selector`` every colour as ``--atlas-<name>`` and the font as ``--atlas-font``.

    The scheme is the system's (``prefers-color-scheme``) until ``data-scheme="light"`` or ``"dark"`` is set.
    """
    light, dark = _declarations("light"), _declarations("dark")
    return (
        "\n".join(
            (
                f"{selector} {{ --atlas-font: {FONT_STACK}; color-scheme: light dark; {light} }}",
                f"@media (prefers-color-scheme: dark) {{ {selector} {{ {dark} }} }}",
                f'{selector}[data-scheme="light"] {{ color-scheme: light; {light} }}',
                f'{selector}[data-scheme="dark"] {{ color-scheme: dark; {dark} }}',
            )
        )
        + "\n"
    )


def _declarations(scheme: str) -> str:
    named = {**PAGE, **MEANING, **SIGNED, **{f"weight-{name}": shades for name, shades in WEIGHT.items()}}
    named |= {f"head-{number}": shades for number, shades in enumerate(HEADS)}
    return " ".join(f"--atlas-{name}: {shades.of(scheme)};" for name, shades in named.items())
