"""How position enters the kernel, a line and a formula each (Tsai et al. 2019, section 2.2)."""

from __future__ import annotations

from app_pages.i18n import N_, Translate

_KERNEL = r"k(x_q, x_k) = \exp"
VARIANTS: dict[str, tuple[str, str, str, bool]] = {
    "none": (
        N_("None"),
        N_("The kernel compares contents alone."),
        rf"{_KERNEL}\frac{{\langle f_q W_Q,\ f_k W_K\rangle}}{{\sqrt d}}",
        False,
    ),
    "direct_sum": (
        N_("Direct sum"),
        N_("The pattern of the place is added to the word before both are compared: four terms."),
        rf"{_KERNEL}\frac{{\langle (f_q + t_q) W_Q,\ (f_k + t_k) W_K\rangle}}{{\sqrt d}}",
        False,
    ),
    "shaw": (
        N_("Look-up table (Shaw)"),
        N_("The query also meets a learned vector for the distance."),
        rf"{_KERNEL}\frac{{\langle f_q W_Q,\ f_k W_K\rangle + \langle f_q W_Q,\ a_{{t_q - t_k}}\rangle}}{{\sqrt d}}",
        False,
    ),
    "transformer_xl": (
        N_("Transformer-XL"),
        N_("The query meets a sinusoid of the distance; u and v stand in for a query that says nothing."),
        rf"{_KERNEL}\frac{{\langle f_q W_Q + u,\ f_k W_K\rangle + \langle f_q W_Q + v,\ R_{{t_q - t_k}} W_R\rangle}}"
        r"{\sqrt d}",
        True,
    ),
    "product": (
        N_("Symmetric product kernel (Tsai)"),
        N_("A kernel of contents times a kernel of places, each with one map for both sides."),
        rf"{_KERNEL}\frac{{\langle f_q W_F,\ f_k W_F\rangle}}{{\sqrt d}}"
        r"\ \cdot\ \exp\frac{\langle t_q W_T,\ t_k W_T\rangle}{\sqrt d}",
        False,
    ),
}
"""Name, line, LaTeX, and whether the formula is recalled from memory, not read in the paper."""


def formulas(_: Translate) -> list[str]:
    """Every variant as Markdown."""
    title, by_heart = _("Five ways for position to enter the kernel"), _("recalled")
    why = _("This formula is from memory, and was not checked against the paper.")
    told = [f"#### {title}"]
    for name, line, latex, recalled in VARIANTS.values():
        badge = f" :orange-badge[{by_heart}] :small[{why}]" if recalled else ""
        told.append(f"**{_(name)}.** {_(line)}{badge}\n\n$${latex}$$")
    return told
