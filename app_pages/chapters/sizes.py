"""Table 3 of Vaswani et al. 2017, the same groups in small (`experiments/sizes/`), and what the paper saw in both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app_pages.chapters.paper_tables import HEADS_OF_TABLE_3, TABLE_3
from app_pages.chapters.step import Chosen
from app_pages.chapters.walk import Walk
from app_pages.i18n import N_, Translate
from app_pages.results_tables import FILES, Comparison, Judged, MissingResults, Results, Row, read_lines, read_runs
from app_pages.results_texts import DATA_NAMES, SIGNS, score_text
from transformer.statistics import Interval, contrast
from viz.walkthrough.scene import Figure, Table

FOLDER = FILES.parent / "sizes"
DATASET, BLEU, BITS = "multi30k", "BLEU", "bits per piece"
SETTINGS = ("layers", "d_model", "d_ff", "heads", "d_k", "d_v", "dropout", "label_smoothing")  # as HEADS_OF_TABLE_3
GROUPS = {
    "base": N_("base model"),
    "A": N_("A: number of heads"),
    "B": N_("B: size of a key"),
    "C": N_("C: depth and width"),
    "D": N_("D: dropout, label smoothing"),
    "E": N_("E: learned positions"),
    "big": N_("big model"),
}
VERDICTS = {"holds": N_("holds"), "does not hold": N_("does not hold"), "not decided": N_("not decided")}
PERPLEXITY_OF_TABLE_3, BLEU_OF_TABLE_3 = 9, 10

Place = tuple[str, str, float | None]  # of a row of table 3: its group, and a setting that is its own
BASE: Place = ("base", "N", 6)
# Claim -> what it says, and the rows of the paper that it compares: each first should be better than its second.
CLAIMS: Mapping[str, tuple[str, tuple[tuple[Place, Place], ...]]] = {
    "one_head_worse": (N_("One head is worse"), ((BASE, ("A", "h", 1)),)),
    "many_heads_worse": (N_("Too many heads are worse"), ((BASE, ("A", "h", 32)),)),
    "small_keys_worse": (N_("Smaller keys are worse"), ((BASE, ("B", "d_k", 16)), (BASE, ("B", "d_k", 32)))),
    "few_layers_worse": (N_("Fewer layers are worse"), ((BASE, ("C", "N", 2)), (BASE, ("C", "N", 4)))),
    "more_layers_better": (N_("More layers are better"), ((("C", "N", 8), BASE),)),
    "width_better": (
        N_("A wider model is better"),
        ((BASE, ("C", "d_model", 256)), (("C", "d_model", 1024), BASE)),
    ),
    "feed_forward_better": (
        N_("A wider feed-forward network is better"),
        ((BASE, ("C", "d_ff", 1024)), (("C", "d_ff", 4096), BASE)),
    ),
    "dropout_needed": (N_("Without dropout it is worse"), ((BASE, ("D", "dropout", 0.0)),)),
    "smoothing_better": (N_("Without label smoothing it is worse"), ((BASE, ("D", "ε", 0.0)),)),
    "learned_as_good": (
        N_("Learned positions are as good"),
        ((("E", "N", None), BASE),),
    ),
}


def paper_row(place: Place) -> tuple[Any, ...]:
    """A row of the paper's table."""
    group, head, value = place
    column = 1 + HEADS_OF_TABLE_3.index(head)
    return next(row for row in TABLE_3 if (row[0], row[column]) == (group, value))


def in_the_paper(claim: str, metric: str, margin: float) -> str:
    """What the paper's own numbers say of a claim: one a row, so no interval."""
    gains = []
    for first, second in CLAIMS[claim][1]:
        ours, base = paper_row(first), paper_row(second)
        gains.append(
            ours[BLEU_OF_TABLE_3] - base[BLEU_OF_TABLE_3]
            if metric == BLEU
            else math.log2(base[PERPLEXITY_OF_TABLE_3] / ours[PERPLEXITY_OF_TABLE_3])
        )
    return "holds" if all(gain > -margin for gain in gains) else "does not hold"


@dataclass(frozen=True)
class Sizes:
    """Our rows: what each is (a line of rows.csv), and its runs."""

    lines: Sequence[Mapping[str, str]]
    results: Results

    def row(self, line: Mapping[str, str], metric: str) -> Row:
        """The runs of a row by a metric."""
        rows = self.results.rows(line["table"], DATASET, metric)
        return next(row for row in rows if row.variant == line["variant"])

    @cached_property
    def base(self) -> Mapping[str, str]:
        return next(line for line in self.lines if line["table"] == "base")

    @property
    def rows(self) -> list[tuple[Mapping[str, str], Row, Row]]:
        """Of each row that has runs: what it is, its BLEU, its bits a piece."""
        there = {(run["table"], run["variant"]) for run in self.results.scores}
        return [
            (line, self.row(line, BLEU), self.row(line, BITS))
            for line in self.lines
            if (line["table"], line["variant"]) in there
        ]

    def judged(self, claim: str, metric: str) -> Judged:
        """The verdict on a claim; KeyError where there is none."""
        found = self.results.verdict(claim, DATASET, metric)
        if found is None:
            raise KeyError(claim)
        return found


def read_sizes() -> Sizes:
    """Read the files of `experiments/sizes/`; `MissingResults` names the one that is missing or has other columns."""
    return Sizes(read_lines(FOLDER / "rows.csv", ("table", "variant", *SETTINGS)), read_runs(FOLDER))


def paper_table(_: Translate) -> Table:
    """The paper's table 3, as printed."""
    heads = ["", *HEADS_OF_TABLE_3, _("perplexity"), "BLEU", _("million parameters")]
    rows = [(_(GROUPS[name]), *numbers) for name, *numbers in TABLE_3]
    title = _("Vaswani et al. 2017, table 3, English to German; empty: as in the base model")
    return Table("table_3", title, heads, rows, (0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 0))


def score(row: Row, interval: Interval, digits: int, _: Translate) -> str:
    """Mean and half of its 95 % interval, or why there is none."""
    if row.failed:
        return f"✗ {score_text(row, BLEU, _)}"
    mean = f"{interval.estimate:.{digits}f}"
    return (
        f"{mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{interval.high - interval.estimate:.{digits}f}"
        if math.isfinite(interval.high)
        else mean
    )


def our_table(sizes: Sizes, _: Translate) -> Table:
    """The same groups in small, in the paper's columns."""
    rows = []
    for line, bleu, bits in sizes.rows:
        own = [float(line[name]) if line is sizes.base or line[name] != sizes.base[name] else None for name in SETTINGS]
        perplexities = [2**value for value in bits.values]
        scores = (
            score(bits, contrast([(1.0, perplexities)]), 2, _),
            score(bleu, contrast([(1.0, bleu.values)]), 1, _),
        )
        group = GROUPS[line["table"]]
        rows.append((_(group), *own, *scores, (bleu.parameters or 0) / 1e6))
    heads = ["", *HEADS_OF_TABLE_3, _("perplexity"), "BLEU", _("million parameters")]
    title = _("Here, in small: {data}, German to English; empty: as in the base model", data=DATA_NAMES[DATASET])
    note = _(
        "Mean of {runs} runs ({base} of the base model); ± says how far off it may be by chance (95 %, Student's t). "
        "Perplexity is that of a piece, without smoothing. Every row has the learning rate chosen for the base model.",
        runs=min(len(row[1].runs) for row in sizes.rows),
        base=len(sizes.row(sizes.base, BLEU).runs),
    )
    return Table("our_table_3", title, heads, rows, (0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 2), note=note)


def claims_table(sizes: Sizes, _: Translate) -> Table:
    """What the paper saw, by its numbers and by ours."""
    rows = []
    for claim, (text, __) in CLAIMS.items():
        verdicts = [
            f"{SIGNS[verdict]}\N{NO-BREAK SPACE}{_(VERDICTS[verdict])}"
            for metric in (BLEU, BITS)
            for verdict in (
                in_the_paper(claim, metric, margin(sizes, claim, metric)),
                sizes.judged(claim, metric).verdict,
            )
        ]
        rows.append((_(text), *verdicts))
    heads = [
        _("Does it hold?"),
        _("BLEU: paper"),
        _("BLEU: here"),
        _("perplexity: paper"),
        _("perplexity: here"),
    ]
    note = _(
        "Of the runs here, ✓ says that the difference is larger than runs differ by chance, ✗ that it is so the other "
        "way round, and ? that these few runs cannot tell (Welch's 95 % interval, a wider one where a line compares "
        "several rows). “As good” allows for a loss of up to {bleu} BLEU or {bits} bits a piece, the logarithm of "
        "perplexity. The paper gives one number a row, so there ✓ and ✗ only say which number is better.",
        bleu=f"{margin(sizes, 'learned_as_good', BLEU):g}",
        bits=f"{margin(sizes, 'learned_as_good', BITS):g}",
    )
    return Table(
        "claims_of_table_3", _("What each change did, in the paper and in the small runs"), heads, rows, note=note
    )


def margin(sizes: Sizes, claim: str, metric: str) -> float:
    """What a claim lets be lost, in the metric's unit."""
    compared: Comparison = sizes.judged(claim, metric).comparisons[0]
    return compared.margin or 0.0


def experiments(walk: Walk, chosen: Chosen, _: Translate) -> Sequence[Figure]:
    """The paper's table, ours, and what became of what the paper saw."""
    try:
        sizes = read_sizes()
    except MissingResults as missing:
        lost = _(
            "Our own runs are not here: `experiments/sizes/{file}` is missing. Get it again with this project.",
            file=missing,
        )
        return [paper_table(_), Table("our_table_3", lost, [], [])]
    return [claims_table(sizes, _), our_table(sizes, _), paper_table(_)]


def of_the_runs() -> Mapping[str, Any]:
    """Numbers for the lesson: how many runs, and how many lines come out as in the paper by BLEU."""
    names = ("claims", "same", "other", "open", "runs", "base_runs", "failed", "all_runs")
    try:
        sizes = read_sizes()
    except MissingResults:
        return dict.fromkeys(names, "–")
    here = {claim: sizes.judged(claim, BLEU).verdict for claim in CLAIMS}
    same = [claim for claim in CLAIMS if here[claim] == in_the_paper(claim, BLEU, margin(sizes, claim, BLEU))]
    undecided = [claim for claim, verdict in here.items() if verdict == "not decided"]
    rows = [each[1] for each in sizes.rows]
    base = len(sizes.row(sizes.base, BLEU).runs)
    numbers = (
        len(CLAIMS),
        len(same),
        len(CLAIMS) - len(same) - len(undecided),
        len(undecided),
        min(len(row.runs) for row in rows),
        base,
        sum(row.failed for row in rows),
        sum(len(row.runs) for row in rows),
    )
    return dict(zip(names, numbers, strict=True))


def of_the_paper(walk: Walk, chosen: Chosen) -> Mapping[str, Any]:
    """Numbers for the lesson."""
    base, without = paper_row(BASE), paper_row(("D", "ε", 0.0))
    deep = max((row for row in TABLE_3 if row[0] == "C" and row[1]), key=lambda row: row[1] or 0)
    return {
        "base_bleu": base[10],
        "plain_bleu": without[10],
        "base_smoothing": base[8],
        "plain_perplexity": without[9],
        "base_layers": base[1],
        "base_perplexity": base[9],
        "deep": deep[1],
        "deep_perplexity": deep[9],
        "deep_bleu": deep[10],
        **of_the_runs(),
    }
