"""The results: the paper's four tables beside ours, what became of its claims, and the kernels at work."""

from __future__ import annotations

import math

import streamlit as st

from app_pages import session
from app_pages.i18n import Translate, translator
from app_pages.results_html import CSS, claims_table, curves_table, rows_table, verdict_html
from app_pages.results_tables import FILES, Judged, MissingResults, Results, read_curve, read_results
from app_pages.results_texts import (
    ABOUT,
    CLAIMS,
    DATA,
    DATA_NAMES,
    METRICS,
    SIGNS,
    TABLES,
    UNITS,
    VERDICTS,
    finding,
    question,
    row_name,
    score_text,
)
from app_pages.zoo_view import zoo_view
from viz.intervals import Marked, curves, interval_plot, line_colors

RECIPE = "python -m experiments.kernels --multi30k DIRECTORY --shakespeare DIRECTORY"


def scheme() -> str:
    """Return the theme that the visitor sees, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def chosen(name: str, label: str, options: list[str], names: dict[str, str], language: str, _: Translate) -> str:
    """Show a choice that the address keeps; return it."""
    choice = session.remember(name, options[0], options.__contains__)
    key = f"{name} {language}"
    st.session_state[key] = choice

    def take() -> None:
        st.session_state[name] = st.session_state[key] or choice

    st.segmented_control(label, options, format_func=lambda each: _(names[each]), key=key, on_change=take)
    return choice


def plot(results: Results, table: str, dataset: str, metric: str, _: Translate) -> None:
    """Draw one metric of a table; what failed is said in its row, and keeps off the axis."""
    rows = results.rows(table, dataset, metric)
    marked = [
        Marked(
            row_name(row.variant, _),
            [run.value for run in row.runs if run.value is not None and not run.failed],
            row.mean.estimate if row.mean else None,
            (row.mean.low, row.mean.high) if row.mean and math.isfinite(row.mean.low) else None,
            "" if row.mean else f"✗ {score_text(row, metric, _)}" if row.failed else score_text(row, metric, _),
        )
        for row in rows
    ]
    said = "; ".join(f"{row_name(row.variant, _)}: {score_text(row, metric, _)}" for row in rows)
    alternative = _("{metric}, mean and 95 % interval of each row. {rows}.", metric=_(UNITS[metric]), rows=said)
    st.altair_chart(interval_plot(marked, _(METRICS[metric]), scheme()), alt=alternative, key=f"plot {metric}")


def failures(results: Results, table: str, dataset: str, _: Translate) -> None:
    """Show the losses of the runs that failed, when they are asked for."""
    failed = results.failed_runs(table, dataset)
    if not failed:
        return
    count = len(failed)
    sheet = st.expander(_("Loss curves of the {count} failed runs", count=count), key="failed_runs", on_change="rerun")
    if not sheet.open:
        return
    with sheet:
        lines = {
            _("{row}, seed {seed}", row=row_name(variant, _), seed=seed): read_curve(table, variant, dataset, seed)
            for variant, seed in failed
        }
        st.markdown(
            _(
                "A run failed if its loss did not stay finite (a cross marks the last number), or if what it learned "
                "is useless: BLEU below 1, or no fewer bits a character than counting the characters gives."
            )
        )
        alternative = _("Loss over steps of {count} failed runs; the table below says how each ended.", count=count)
        st.altair_chart(curves(lines, _("training step"), _("loss"), scheme()), alt=alternative, key="failed plot")
        st.html(curves_table(lines, line_colors(len(lines), scheme()), _))


def claim(judged: Judged, others: list[Judged], results: Results, _: Translate) -> None:
    """Say a claim, its verdict, and each test that it rests on."""
    st.html(
        f'<p class="atlas-claim"><b>{_(CLAIMS[judged.claim])}</b>{verdict_html(judged.verdict, _)} '
        f"({_(UNITS[judged.metric])})</p>"
    )
    for other in others:
        st.caption(
            _(
                "By {metric} the same test says: {verdict}.",
                metric=_(UNITS[other.metric]),
                verdict=_(VERDICTS[other.verdict]),
            )
        )
    lines = []
    for each in judged.comparisons:
        runs = tuple(
            sum(len(results.runs(*place, judged.dataset, judged.metric)) for place in side)
            for side in (each.first, each.second)
        )
        asked, found = question(each, judged.metric, _), finding(each, judged.metric, (runs[0], runs[1]), _)
        said = _("**{asked}.** {found} → {verdict}", asked=asked, found=found, verdict=_(VERDICTS[each.outcome]))
        lines.append(f"- {SIGNS[each.outcome]} {said}")
    if len(lines) > 2:
        with st.expander(_("The {count} tests", count=len(lines))):
            st.markdown("\n".join(lines))
    else:
        st.markdown("\n".join(lines))


def claims(results: Results, table: str, dataset: str, _: Translate) -> None:
    """Show what became of the claims that a table is about."""
    first, *further = results.metrics(dataset)
    found = [each for each in results.judged if (each.dataset, each.metric, each.table) == (dataset, first, table)]
    st.subheader(_("What the paper claims of this table"), anchor=False)
    for judged in found:
        others = [results.verdict(judged.claim, dataset, metric) for metric in further]
        claim(judged, [other for other in others if other], results, _)
    with st.expander(_("How a verdict is reached")):
        st.markdown(
            _(
                "A claim **holds** if all its comparisons do, each by Welch's 95 % interval over seeds. It **does not "
                "hold** if one of its comparisons says the contrary, with the error divided by how many there are "
                "(Bonferroni). Otherwise it is **not decided at this size**. Gains are positive where the row named "
                "first is better, in every metric. Where a run has no number, it counts as the worst, and ranks decide."
            )
        )


def tables(results: Results, language: str, _: Translate) -> None:
    """Let the visitor choose a table and the data; show both sides of it."""
    table = chosen("table", _("Table"), results.tables(), TABLES, language, _)
    dataset = chosen("data", _("Data"), results.datasets(), DATA, language, _)
    st.subheader(f"{_(TABLES[table])} · {DATA_NAMES[dataset]}", anchor=False)
    st.markdown(_(ABOUT[table]))
    for metric in results.metrics(dataset):
        plot(results, table, dataset, metric, _)
    st.caption(_("Dot: mean. Line: its 95 % interval. Rings: the runs. Each metric has an axis of its own."))
    st.html(rows_table(results, table, dataset, _))
    rows = results.rows(table, dataset, results.metrics(dataset)[0])
    hardware = ", ".join(dict.fromkeys(name for row in rows for name in row.hardware))
    st.caption(
        _(
            "Hardware: {hardware}. Seconds are a run's wall time beside others on the same device, scoring included. "
            "“recalled”: the number is from memory and was not checked against the paper.",
            hardware=hardware or "–",
        )
    )
    failures(results, table, dataset, _)
    claims(results, table, dataset, _)


def downloads(results: Results, _: Translate) -> None:
    """Hand out the files that the page is made of."""
    with st.container(horizontal=True):
        for name, label in (
            ("results.csv", _("Download every run (CSV)")),
            ("verdicts.csv", _("Download every test (CSV)")),
            ("paper.csv", _("Download the paper's numbers (CSV)")),
        ):
            content = (FILES / name).read_bytes()
            st.download_button(label, content, name, "text/csv", key=f"download {name}", on_click="ignore")
    seeds = max(map(results.seeds, results.datasets()))
    st.caption(_("Made by `{recipe}`.", recipe=f"{RECIPE} --seeds {seeds}"))


def page(language: str, _: Translate) -> None:
    """Show everything, or what to do where the results are not there."""
    st.html(CSS)
    st.header(_("Transformer Dissection, again in small"), anchor=False)
    try:
        results = read_results()
    except MissingResults as missing:
        st.warning(
            _(
                "The results are not here: `experiments/kernels/{file}` is missing or has other columns. Get it again "
                "with this project, or make it: `{recipe}`.",
                file=missing,
                recipe=RECIPE,
            )
        )
    else:
        st.markdown(
            _(
                "[Tsai et al. 2019](https://arxiv.org/abs/1908.11775) read attention as a kernel smoother, and ask "
                "which kernel it should have and where position belongs. Every row of their four tables was trained "
                "anew here, far smaller. **Our numbers cannot be laid beside theirs**: ours are BLEU and bits a piece "
                "on captions (Multi30k) and bits a character on Tiny Shakespeare; theirs are BLEU on talks (IWSLT'14) "
                "and perplexity on Wikipedia (WikiText-103). Compare the order of the rows, within a column."
            )
        )
        st.html(claims_table(results, _))
        tables(results, language, _)
        downloads(results, _)
    zoo_view(language, _)


page(st.session_state.get("language", "en"), translator(st.session_state.get("language", "en")))
