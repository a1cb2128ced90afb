"""The page's tables as HTML: a browser's own, which screen readers know, scrolled sideways on a narrow screen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app_pages.i18n import Translate
from app_pages.results_tables import PAPERS_DATA, Paper, Results, Row
from app_pages.results_texts import (
    CLAIMS,
    DATA,
    DATA_NAMES,
    SIGNS,
    TABLES,
    UNITS,
    VERDICTS,
    number,
    papers_text,
    row_name,
    score_text,
    seeds_text,
)

CSS = """<style>
.atlas-scroll { overflow-x: auto; margin: 0 0 0.75rem; }
.atlas-scroll:focus-visible { outline: 2px solid var(--atlas-primary); }
.atlas-results { border-collapse: collapse; font-size: 14px; line-height: 1.4; }
.atlas-results caption { text-align: left; font-size: 14px; color: var(--atlas-quiet); padding: 0 0 0.5rem; }
.atlas-results th, .atlas-results td { padding: 0.35rem 0.75rem 0.35rem 0; text-align: left; vertical-align: top;
  border: 0; border-bottom: 1px solid var(--atlas-hairline); }
.atlas-results thead th { font-weight: 700; vertical-align: bottom; }
.atlas-results tbody th { font-weight: 400; min-width: 9rem; }
.atlas-results td.words { min-width: 10rem; }
.atlas-results .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.atlas-results .paper { border-left: 2px solid var(--atlas-hairline); padding-left: 0.75rem; }
.atlas-results small { font-size: 12px; color: var(--atlas-quiet); display: block; }
.atlas-recalled { font-size: 12px; border: 1px dashed var(--atlas-quiet); border-radius: 4px; padding: 0 0.3rem;
  color: var(--atlas-quiet); white-space: nowrap; }
.atlas-verdict { font-weight: 700; white-space: nowrap; }
.atlas-yes { color: var(--atlas-encoder); }
.atlas-no { color: var(--atlas-negative); }
.atlas-open { color: var(--atlas-quiet); }
.atlas-claim { margin: 0.75rem 0 0.25rem; font-size: 14px; max-width: 44rem; }
.atlas-claim b { font-size: 18px; font-weight: 700; display: block; line-height: 1.35; }
.stHeading h2 { font-size: 1.5rem; padding: 0.75rem 0 0.5rem; }
@media (max-width: 640px) { .atlas-results td .atlas-verdict { white-space: normal; } }
.atlas-line { display: inline-block; width: 28px; margin-right: 8px; vertical-align: middle; }
.atlas-zoo { margin: 0; overflow-wrap: anywhere; }
</style>"""
STROKES = ("solid", "dashed", "dotted")  # of lines, in the order of `viz.intervals.DASHES`
LOOKS = {"holds": "atlas-yes", "does not hold": "atlas-no", "not decided": "atlas-open"}


def verdict_html(verdict: str, _: Translate) -> str:
    """A verdict with its sign, so that colour says nothing alone."""
    words = escape(_(VERDICTS[verdict]))
    return (
        f'<span class="atlas-verdict {LOOKS[verdict]}"><span aria-hidden="true">{SIGNS[verdict]}</span> {words}</span>'
    )


def claims_table(results: Results, _: Translate) -> str:
    """Every claim with its verdict on each data set, by the data set's first metric."""
    datasets = results.datasets()
    head = "".join(
        f'<th scope="col">{escape(_(DATA[each]))}<small>{escape(DATA_NAMES[each])}, '
        f"{escape(_(UNITS[results.metrics(each)[0]]))}</small></th>"
        for each in datasets
    )
    lines = []
    for claim, text in CLAIMS.items():
        judged = [results.verdict(claim, each, results.metrics(each)[0]) for each in datasets]
        table = next((each.table for each in judged if each), None)
        if table is None:
            continue
        cells = "".join(f"<td>{verdict_html(each.verdict, _) if each else '–'}</td>" for each in judged)
        where = f"<small>{escape(_(TABLES[table]))}</small>"
        said = papers_text(results.papers_verdicts(next(each for each in judged if each)), _)
        where += f"<small>{escape(said)}</small>" if said else ""
        lines.append(f'<tr><th scope="row">{escape(_(text))}{where}</th>{cells}</tr>')
    said, first = _("The paper's claims, tested again in small"), _("The paper says")
    return _table(said, f'<tr><th scope="col">{escape(first)}</th>{head}</tr>', lines)


def rows_table(results: Results, table: str, dataset: str, _: Translate) -> str:
    """The rows of a table: our scores by each metric, what they cost, and what the paper reports."""
    metrics, planned = results.metrics(dataset), results.seeds(dataset)
    by_metric = [results.rows(table, dataset, metric) for metric in metrics]
    theirs = PAPERS_DATA[dataset]
    their_metric = next(row["metric"] for row in results.papers if row["dataset"] == theirs)
    ours = [*(_(UNITS[metric]) for metric in metrics), _("Runs"), _("Parameters"), _("Seconds a run")]
    row_head = _("Row")
    here, there = _("Here: {data}", data=DATA_NAMES[dataset]), _("In the paper: {data}", data=DATA_NAMES[theirs])
    head = (
        f'<tr><td></td><th scope="colgroup" colspan="{len(ours)}">{escape(here)}</th>'
        f'<th scope="colgroup" class="paper">{escape(there)}</th></tr>'
        f'<tr><th scope="col">{escape(row_head)}</th>'
        + "".join(f'<th scope="col" class="number">{escape(each)}</th>' for each in ours)
        + f'<th scope="col" class="number paper">{escape(_(UNITS[their_metric]))}</th></tr>'
    )
    lines = []
    for same in zip(*by_metric, strict=True):
        row = same[0]
        cells = [_score(each, metric, _) for each, metric in zip(same, metrics, strict=True)]
        cells.append(escape(seeds_text(row, planned, _)))
        cells.append(f"{row.parameters:,}" if row.parameters else "–")
        cells.append("–" if row.seconds is None else f"{row.seconds:.0f}")
        ours_html = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        lines.append(
            f'<tr><th scope="row">{escape(row_name(row.variant, _))}</th>{ours_html}'
            f'<td class="number paper">{_paper(row.paper, their_metric, _)}</td></tr>'
        )
    return _table(_("Mean over the runs, with its 95 % interval (Student's t)"), head, lines)


def curves_table(lines: dict[str, list[tuple[int, float]]], colors: Sequence[str], _: Translate) -> str:
    """What the curves of failed runs say, in words, each with its line's look."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in _curve_heads(_))
    rows = []
    for place, (name, line) in enumerate(lines.items()):
        finite = [(step, loss) for step, loss in line if loss == loss]
        end = (
            _("not finite at step {step}", step=line[-1][0])
            if len(finite) < len(line)
            else _("ran to the end, and learned nothing of use")
        )
        lowest = min(finite, key=lambda point: point[1])
        cells = f"{finite[0][1]:.2f}", f"{lowest[1]:.2f} ({lowest[0]})", f"{finite[-1][1]:.2f} ({finite[-1][0]})"
        numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        look = f"border-top: 3px {STROKES[place % len(STROKES)]} {colors[place]}"
        sample = f'<span class="atlas-line" style="{look}" aria-hidden="true"></span>'
        rows.append(
            f'<tr><th scope="row">{sample}{escape(name)}</th>{numbers}<td class="words">{escape(end)}</td></tr>'
        )
    return _table(_("Loss in training, with the step"), f"<tr>{head}</tr>", rows)


def _curve_heads(_: Translate) -> Sequence[str]:
    return _("Run"), _("First"), _("Lowest"), _("Last"), _("How it ended")


def _score(row: Row, metric: str, _: Translate) -> str:
    if row.failed:
        scores = ", ".join(
            f"{run.value:.2g}" if run.failed and run.value is not None else number(run.value, metric)
            for run in row.runs
            if run.value is not None
        )
        said = f'<span class="atlas-verdict atlas-no">✗ {escape(score_text(row, metric, _))}</span>'
        kept = _("scores: {scores}", scores=scores) if scores else _("no score: the loss was not finite")
        return f"{said}<small>{escape(kept)}</small>"
    if row.mean is None or row.mean.low == -float("inf"):
        return escape(score_text(row, metric, _))
    low, high = number(row.mean.low, metric), number(row.mean.high, metric)
    interval = _("{low} to {high}", low=low, high=high)
    return f"{number(row.mean.estimate, metric)}<small>{escape(interval)}</small>"


def _paper(paper: Paper | None, metric: str, _: Translate) -> str:
    absent, recalled = _("not there"), _("recalled")
    if paper is None:
        return f"<small>{escape(absent)}</small>"
    said = _("did not converge") if paper.value is None else f"{paper.value:.2f}"
    badge = f' <span class="atlas-recalled">{escape(recalled)}</span>' if paper.recalled else ""
    return f"{escape(said)}{badge}"


def _table(caption: str, head: str, lines: Sequence[str]) -> str:
    return (
        f'<div class="atlas-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table '
        f'class="atlas-results"><caption>{escape(caption)}</caption><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
