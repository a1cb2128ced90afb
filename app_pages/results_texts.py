"""The results in words: names of tables, rows, data and claims, and what a test says in a sentence with its numbers."""

from __future__ import annotations

import math

from app_pages.i18n import N_, Translate
from app_pages.results_tables import Comparison, Row

TABLES = {
    "position": N_("Position in the kernel"),
    "kernel": N_("Which kernel"),
    "placement": N_("Where position is placed"),
    "value": N_("Position in the value"),
}
ABOUT = {
    "position": N_(
        "How position enters the kernel. Direct sum: sinusoids are added to the input (Vaswani et al. 2017). Look-up "
        "table: a learned vector for each offset (Shaw et al. 2018). Product kernel: as in Transformer-XL (Dai et al. "
        "2019). The symmetric product kernel is the paper's own. “No position” is not in the paper's table."
    ),
    "kernel": N_(
        "Which function says how alike a query and a key are, with two maps for them or one for both (W_q = W_k). "
        "Translation otherwise as Vaswani et al., prediction as Dai et al."
    ),
    "placement": N_(
        "In which attention position takes part. A is the encoder's, B the one from the decoder to the encoder, "
        "C the decoder's own."
    ),
    "value": N_("Whether the values know position too, or only the kernel does."),
}
WAYS = {  # first part of a variant's name
    "none": N_("No position"),
    "direct_sum": N_("Direct sum"),
    "shaw": N_("Look-up table"),
    "transformer_xl": N_("Product kernel"),
    "product": N_("Symmetric product kernel"),
    "linear": N_("Linear"),
    "polynomial": N_("Polynomial"),
    "exponential": N_("Exponential"),
    "rbf": N_("RBF"),
}
DETAILS = {  # second part
    "asymmetric": N_("{way}, two maps"),
    "symmetric": N_("{way}, one map"),
    "ABC": N_("{way} in A, B, C"),
    "AB": N_("{way} in A, B"),
    "C": N_("{way} in C"),
    "with": N_("{way}, with it in the value"),
    "without": N_("{way}, without it in the value"),
}
DATA = {
    "multi30k": N_("Translation"),
    "shakespeare": N_("Prediction"),
    "iwslt14": N_("Translation, the paper's data"),
    "wikitext103": N_("Prediction, the paper's data"),
}
DATA_NAMES = {
    "multi30k": "Multi30k",
    "shakespeare": "Tiny Shakespeare",
    "iwslt14": "IWSLT'14",
    "wikitext103": "WikiText-103",
}
METRICS = {
    "BLEU": N_("BLEU, higher is better"),
    "bits per piece": N_("bits a piece, lower is better"),
    "bits per character": N_("bits a character, lower is better"),
    "perplexity": N_("perplexity, lower is better"),
}
UNITS = {
    "BLEU": N_("BLEU"),
    "bits per piece": N_("bits a piece"),
    "bits per character": N_("bits a character"),
    "perplexity": N_("perplexity"),
}
DIGITS = {"BLEU": 1, "perplexity": 2}  # of a mean; others 3
CLAIMS = {
    "product_kernel_best": N_(
        "Of the earlier ways to integrate position, the product kernel of Dai et al. (Transformer-XL) is the best."
    ),
    "own_kernel_as_good": N_("The paper's symmetric product kernel does as well as that of Transformer-XL."),
    "infinite_features_best": N_(
        "Kernels with infinitely many features (exponential, RBF) do better than those with finitely many."
    ),
    "linear_fails": N_("With the signed linear kernel, training does not converge."),
    "encoder_needs_position": N_("Without any position, a translator does worse: its encoder sees a bag of words."),
    "decoder_needs_no_position": N_(
        "Without the direct sum in its own attention, a decoder does as well: the causal filter tells it the order."
    ),
    "better_position_helps_decoder": N_(
        "The paper's symmetric product kernel in the decoder's own attention does better than no position there."
    ),
    "value_without_position": N_("Without position in the value, attention does better."),
}
VERDICTS = {
    "holds": N_("holds"),
    "does not hold": N_("does not hold"),
    "not decided": N_("not decided at this size"),
}
SIGNS = {"holds": "✓", "does not hold": "✗", "not decided": "?"}


def row_name(variant: str, _: Translate) -> str:
    """Name a row; what has no name keeps its own."""
    way, __, detail = variant.partition("-")
    name = _(WAYS[way]) if way in WAYS else way
    return _(DETAILS[detail], way=name) if detail in DETAILS else name


def number(value: float, metric: str) -> str:
    """Write a score as its table does."""
    return f"{value:.{DIGITS.get(metric, 3)}f}".replace("-", "−")


def difference(value: float) -> str:
    """Write a difference with three digits that count."""
    digits = 2 if abs(value) < 10 else 1
    return f"{value:.{digits + (abs(value) < 1)}f}".replace("-", "−")


def score_text(row: Row, metric: str, _: Translate) -> str:
    """Say what a row scores, for those who do not see the plot."""
    if row.failed:
        return _("{failed} of {runs} runs failed", failed=row.failed, runs=len(row.runs))
    if row.mean is None:
        return _("no run yet")
    mean = number(row.mean.estimate, metric)
    if math.isinf(row.mean.low):
        return _("{mean}; one run gives no interval", mean=mean)
    low, high = number(row.mean.low, metric), number(row.mean.high, metric)
    return _("{mean} ({low} to {high})", mean=mean, low=low, high=high)


def papers_text(verdicts: dict[str, bool], _: Translate) -> str:
    """Say on which of its data the paper's own numbers bear a claim out, where they do not on all."""
    if all(verdicts.values()):
        return ""
    parts = [
        f"{DATA_NAMES[each]}: {_(VERDICTS['holds' if holds else 'does not hold'])}" for each, holds in verdicts.items()
    ]
    return _("The paper's own numbers for it (recalled): {parts}.", parts="; ".join(parts))


def seeds_text(row: Row, planned: int, _: Translate) -> str:
    """Say how many runs there are, and of how many where some are missing."""
    done = len(row.runs)
    return str(done) if done == planned else _("{done} of {planned}", done=done, planned=planned)


def question(comparison: Comparison, metric: str, _: Translate) -> str:
    """Say what a comparison asks."""
    first = _side(comparison.first, _)
    if comparison.test == "fails":
        return _("More than half of the runs fail: {rows}", rows=first)
    second = _side(comparison.second, _)
    if comparison.test == "as_good":
        margin = f"{comparison.margin or 0:g} {_(UNITS[metric])}"
        return _("{first} as good as {second}: behind by less than {margin}", first=first, second=second, margin=margin)
    return _("{first} better than {second}", first=first, second=second)


def _side(rows: tuple[tuple[str, str], ...], _: Translate) -> str:
    names = [row_name(variant, _) for __, variant in rows]
    if len(names) <= 2:
        return _(" and ").join(names)
    with_it = {variant.partition("-")[2] for __, variant in rows} == {"with"}
    return _("the four ways with position in the value") if with_it else _("the four ways without it")


def finding(comparison: Comparison, metric: str, runs: tuple[int, int], _: Translate) -> str:
    """Say what the test found. `runs`: how many there are on both sides, the first before the second."""
    if not comparison.seeds:
        return _("Some of these rows have no run yet.")
    if comparison.test == "fails" and comparison.estimate is not None:
        ends = f"{comparison.low or 0:.0%}", f"{comparison.high or 0:.0%}"
        failed = round(comparison.estimate * runs[0])
        return _(
            "{failed} of {runs} runs failed. Of all runs that one could make, {low} to {high} do (95 % interval of "
            "Clopper and Pearson).",
            failed=failed,
            runs=runs[0],
            low=ends[0],
            high=ends[1],
        )
    if comparison.estimate is None:
        smallest = 1 / math.comb(sum(runs), runs[0])
        return _(
            "Runs without a number have no mean, so ranks decide (Mann and Whitney). Of {first} runs against {second}, "
            "the clearest order has a chance of {chance}; below 2.5 % would decide.",
            first=runs[0],
            second=runs[1],
            chance=f"{smallest:.1%}",
        )
    unit, gain = _(UNITS[metric]), difference(comparison.estimate)
    if comparison.low is None or comparison.high is None:
        return _("Gain {gain} {unit}; where a row has one run, there is no interval.", gain=gain, unit=unit)
    low, high = difference(comparison.low), difference(comparison.high)
    said = _(
        "Gain {gain} {unit}, 95 % interval {low} to {high}, {seeds} runs a row.",
        gain=gain,
        unit=unit,
        low=low,
        high=high,
        seeds=comparison.seeds,
    )
    if comparison.comparisons > 1 and comparison.strict_high is not None and comparison.outcome != "holds":
        said += " " + _(
            "One of {count} comparisons: the contrary needs the upper end at {level} below zero; it is {high}.",
            count=comparison.comparisons,
            level=f"{1 - 0.05 / comparison.comparisons:.1%}",
            high=difference(comparison.strict_high),
        )
    return said
