"""The page 'Results' and the kernel zoo: their numbers against NumPy on the files, their words, and what is missing."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from app_pages import results_tables, results_texts, zoo
from app_pages.i18n import translator as interface
from app_pages.results_html import claims_table, curves_table, rows_table
from app_pages.results_tables import FILES, MissingResults, Results, read_curve, read_results
from app_pages.results_texts import papers_text
from transformer.model_files import zoo as zoo_names
from transformer.tokenizers import START
from transformer.translator import load_translator
from viz.browser import decode_header
from viz.intervals import line_colors

ROOT = Path(__file__).parent.parent
_ = interface("en")
QUANTILE = {2: 4.302652729911275, 3: 3.182446305284263, 4: 2.7764451051977987}  # Student's t, 0.975, from tables
CAPTION = "Zwei Hunde spielen im Schnee."


@pytest.fixture(scope="module")
def results() -> Results:
    return read_results()


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    def open_with(**address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for key, value in address.items():
            app.query_params[key] = value
        app.switch_page("app_pages/results.py").run()
        assert not app.exception
        return app

    return open_with


def lines(name: str) -> list[dict[str, str]]:
    with open(FILES / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def html_of(app: AppTest) -> str:
    return unescape(" ".join(element.proto.body for element in app.get("html")))


def text_of(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def places() -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["table"], row["dataset"]) for row in lines("results.csv")))


@pytest.mark.parametrize(("table", "dataset"), places())
def test_every_mean_and_interval_is_numpys(results: Results, table: str, dataset: str) -> None:
    shown = text_of(rows_table(results, table, dataset, _))
    found = 0
    for metric in results.metrics(dataset):
        for row in results.rows(table, dataset, metric):
            wanted = (table, row.variant, dataset, metric)
            of_row = [r for r in lines("results.csv") if tuple(r[k] for k in list(r)[:4]) == wanted]
            assert len(row.runs) == len(of_row)
            curves = [f"{table}-{row.variant}-{dataset}-{each['seed']}.csv" for each in of_row]
            failed = sum((FILES / "failures" / name).exists() for name in curves)
            assert row.failed == failed
            if failed:
                assert row.mean is None
                assert f"{failed} of {len(of_row)} runs failed" in shown
            if failed or len(of_row) < 2:
                continue
            values = np.array([float(each["value"]) for each in of_row])
            half = QUANTILE[len(values) - 1] * values.std(ddof=1) / np.sqrt(len(values))
            assert row.mean is not None
            np.testing.assert_allclose(
                [row.mean.estimate, row.mean.low, row.mean.high],
                [values.mean(), values.mean() - half, values.mean() + half],
                rtol=1e-9,
            )
            digits = 1 if metric == "BLEU" else 3
            written = [f"{each:.{digits}f}" for each in (values.mean(), values.mean() - half, values.mean() + half)]
            assert f"{written[0]} {written[1]} to {written[2]}" in shown
            assert f"{int(of_row[0]['parameters']):,}" in shown
            found += 1
    assert found, "no row of this table has an interval"


def test_a_verdict_shows_the_gain_of_the_runs(results: Results) -> None:
    """The gain of each comparison of two rows, recomputed by Welch's formula from the runs."""
    checked = 0
    for judged in results.judged:
        sign = 1 if judged.metric == "BLEU" else -1
        for each in judged.comparisons:
            if each.estimate is None or each.test == "fails" or len(each.first) > 1:
                continue
            first, second = (
                np.array([run.value for run in results.runs(*side[0], judged.dataset, judged.metric)], float)
                for side in (each.first, each.second)
            )
            assert each.estimate == pytest.approx(sign * (first.mean() - second.mean()), rel=1e-3, abs=1e-5)
            said = results_texts.finding(each, judged.metric, (len(first), len(second)), _)
            assert results_texts.difference(each.estimate) in said
            checked += 1
    assert checked > 20


def test_every_claim_has_words_and_one_verdict_for_each_task(results: Results) -> None:
    assert {each.claim for each in results.judged} == set(results_texts.CLAIMS)
    shown = text_of(claims_table(results, _))
    for text in results_texts.CLAIMS.values():
        assert _(text) in shown
    expected = [each.verdict for each in results.judged if each.metric == results.metrics(each.dataset)[0]]
    for verdict in set(expected):
        words = f"{results_texts.SIGNS[verdict]} {_(results_texts.VERDICTS[verdict])}"
        assert shown.count(words) == expected.count(verdict)


def test_what_is_recalled_says_so(results: Results) -> None:
    for table, dataset in places():
        shown = rows_table(results, table, dataset, _)
        theirs = results_tables.PAPERS_DATA[dataset]
        recalled = [
            r for r in lines("paper.csv") if (r["table"], r["dataset"], r["source"]) == (table, theirs, "recalled")
        ]
        assert shown.count('<span class="atlas-recalled">recalled</span>') == len(recalled) > 0


def test_every_row_and_unit_has_a_name(results: Results) -> None:
    for row in (*results.scores, *results.papers):
        way, __, detail = row["variant"].partition("-")
        assert way in results_texts.WAYS and (not detail or detail in results_texts.DETAILS), row["variant"]
        assert row["metric"] in results_texts.UNITS and row["table"] in results_texts.TABLES


def test_cells_that_are_not_finished_say_how_far_they_are(results: Results, tmp_path: Path) -> None:
    copied = tmp_path / "kernels"
    shutil.copytree(FILES, copied)
    kept = [r for r in lines("results.csv") if r["variant"] != "shaw" and (r["variant"] != "none" or r["seed"] == "1")]
    with open(copied / "results.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    fewer = read_results(copied)
    shown = text_of(rows_table(fewer, "position", "shakespeare", _))
    planned = fewer.seeds("shakespeare")
    assert f"Look-up table no run yet 0 of {planned}" in shown
    assert f"one run gives no interval 1 of {planned}" in shown


def test_the_papers_own_numbers_are_held_against_its_claim(results: Results) -> None:
    """Of the claim on the product kernel, from paper.csv: worst of three in translation, best in prediction."""
    with (FILES / "paper.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == "position" and row["variant"] != "product"]
    best = {
        dataset: pick([row for row in rows if row["dataset"] == dataset], key=lambda row: float(row["value"]))[
            "variant"
        ]
        for dataset, pick in (("iwslt14", max), ("wikitext103", min))
    }
    judged = results.verdict("product_kernel_best", "multi30k", "BLEU")
    found = results.papers_verdicts(judged)
    assert found == {dataset: variant == "transformer_xl" for dataset, variant in best.items()}
    assert set(found.values()) == {True, False}
    assert "IWSLT'14" in papers_text(found, _) and not papers_text({"iwslt14": True}, _)


def test_a_failed_run_keeps_its_curve(results: Results) -> None:
    runs = {(variant, seed) for variant, seed in results.failed_runs("kernel", "shakespeare")}
    curves = {f"{variant} {seed}": read_curve("kernel", variant, "shakespeare", seed) for variant, seed in runs}
    assert curves
    shown = text_of(curves_table(curves, line_colors(len(curves), "dark"), _))
    for curve in curves.values():
        losses = np.array([loss for __, loss in curve])
        finite = losses[np.isfinite(losses)]
        assert f"{finite.min():.2f}" in shown
        if len(finite) < len(losses):
            assert f"not finite at step {curve[-1][0]}" in shown


@pytest.mark.parametrize("name", ["results.csv", "paper.csv", "verdicts.csv"])
def test_a_missing_or_foreign_file_is_named(tmp_path: Path, name: str) -> None:
    copied = tmp_path / "kernels"
    shutil.copytree(FILES, copied)
    (copied / name).write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(MissingResults, match=name):
        read_results(copied)
    (copied / name).unlink()
    with pytest.raises(MissingResults, match=name):
        read_results(copied)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_opens_where_the_address_says(open_page: Callable[..., AppTest], language: str) -> None:
    app = open_page(lang=language, table="kernel", data="shakespeare")
    words = interface(language)
    headings = [each.value for each in app.subheader]
    assert f"{words('Which kernel')} · Tiny Shakespeare" in headings
    assert words("The paper's symmetric product kernel does as well as that of Transformer-XL.") in html_of(app)
    assert any("WikiText-103" in each.value and "BLEU" in each.value for each in app.markdown)
    (plot,) = (element.proto for element in app.get("vega_lite_chart"))
    for row in read_results().rows("kernel", "shakespeare", "bits per character"):
        name = results_texts.row_name(row.variant, words)
        assert f"{name}: {results_texts.score_text(row, 'bits per character', words)}" in plot.alt
        assert row.mean is None or json.dumps(row.mean.estimate) in plot.spec
    assert app.button(key="zoo_example").label == words("Take a German caption")
    most = max(int(row["seed"]) for row in lines("results.csv"))
    assert any(f"--shakespeare DIRECTORY --seeds {most}`" in caption.value for caption in app.caption)


def test_without_results_the_page_says_what_to_do(
    open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Results:
        raise MissingResults("results.csv")

    monkeypatch.setattr(results_tables, "read_results", missing)
    app = open_page()
    assert "experiments/kernels/results.csv" in app.warning[0].value
    assert "python -m experiments.kernels" in app.warning[0].value


# --- the zoo ---


def test_the_zoo_translates_what_the_visitor_typed(open_page: Callable[..., AppTest]) -> None:
    app = open_page(text=CAPTION, direction="de-en")
    shown = html_of(app)
    for name in zoo_names():
        translator = load_translator(name)
        translation = translator.translate(CAPTION, "en")
        assert translation.text in shown
        source, written = torch.tensor([translator.source(CAPTION, "en")]), translation.ids
        with torch.no_grad():
            logs = translator.model(source, torch.tensor([[START, *written[:-1]]])).log_softmax(-1)[0]
        score = logs[range(len(written)), written].sum().item()
        assert f"{score:.2f}".replace("-", "−") in shown
    assert len(zoo_names()) == 8 and shown.count("✗ failed") == 2


def test_the_example_turns_the_direction(open_page: Callable[..., AppTest]) -> None:
    app = open_page()
    app.button(key="zoo_example").click().run()
    assert not app.exception
    assert (app.query_params["direction"], app.query_params["text"]) == ("de-en", zoo.EXAMPLE)
    assert load_translator("kernel-rbf-symmetric").translate(zoo.EXAMPLE, "en").text in html_of(app)


def test_only_weights_that_can_be_drawn_are_offered() -> None:
    for name in zoo_names():
        line = zoo.run(load_translator(name), CAPTION)
        within = line.lowest > -1e-5 and line.highest < 1 + 1e-5
        assert within == (name in zoo.drawable())


def test_heads_of_the_zoo_side_by_side() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    first, second = "kernel-exponential-asymmetric", "kernel-rbf-symmetric"
    address = {"text": CAPTION, "direction": "de-en", "model": first, "compare": "side", "second_model": second}
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    header = decode_header(app.session_state["standing"].message)
    assert header["model"]["name"] == first
    assert header["translation"] == load_translator(first).translate(CAPTION, "en").text
    assert load_translator(second).translate(CAPTION, "en").text in html_of(app)


@pytest.mark.parametrize("direction", ["en-de", "fr-en"])
def test_another_direction_is_told_and_turned(direction: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    model = "kernel-rbf-symmetric"
    for key, value in {"text": CAPTION, "direction": direction, "model": model}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert "does not translate in this direction" in app.info[0].value
    app.button(key=f"turn {model} de-en").click().run()
    assert not app.exception
    assert decode_header(app.session_state["standing"].message)["model"]["name"] == model


def test_the_failed_models_are_no_choice() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["model"] = "kernel-linear-symmetric"
    app.run()
    assert not app.exception
    assert decode_header(app.session_state["standing"].message)["model"]["name"] == "guide"
