"""The results and the kernel zoo in a real browser: what is shown, where links lead, and what stays on the way."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from app_pages.results_tables import read_results
from app_pages.zoo import EXAMPLE, ZOO_DIRECTION, drawable
from transformer.model_files import zoo
from transformer.translator import load_translator


def address(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_sentence_goes_through_the_zoo_and_into_the_heads(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text=I+like+tea.&lang=ja")
    page.wait_for_selector("button.head")
    page.get_by_test_id("stTopNavLink").last.click()
    expect(page.locator(".atlas-translation")).to_have_text(load_translator().translate("I like tea.", "de").text)
    page.wait_for_function("location.search.includes('lang=ja') && location.search.includes('text=')")
    page.locator(".st-key-zoo_example button").click()
    expect(page.locator(".st-key-zoo_kernel-linear-symmetric .atlas-no")).to_be_visible()
    for name in zoo():
        expected = load_translator(name).translate(EXAMPLE, "en").text
        expect(page.locator(f".st-key-zoo_{name} [lang=en]")).to_have_text(expected)
        links = page.locator(f".st-key-zoo_{name} a")
        leads = [urlsplit(href) for href in links.evaluate_all("links => links.map((link) => link.href)")]
        if name in drawable():
            assert leads and not any(each.path.endswith("kernels") for each in leads)
        else:  # its weights have signs, which only the page of kernels draws
            (to,) = leads
            assert to.path.endswith("kernels") and parse_qs(to.query)["zoo"] == [name]
    page.locator(".st-key-zoo_kernel-rbf-symmetric a").last.click()
    expect(page.locator("button.head")).to_have_count(2 * 3 * 3 * 4)
    shown = address(page)
    assert shown["second_model"] == "kernel-rbf-symmetric"
    assert (shown["model"], shown["compare"]) == ("kernel-exponential-asymmetric", "side")
    assert (shown["text"], shown["direction"]) == (EXAMPLE, ZOO_DIRECTION)


def test_stepping_back_from_a_page_loses_nothing(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/?text=I+like+tea.&model=small")
    page.wait_for_selector("button.head")
    said = page.locator(".atlas-translation").inner_text()
    page.get_by_test_id("stTopNavLink").last.click()
    page.wait_for_function("location.pathname.endsWith('results') && location.search.includes('model=small')")
    for _ in range(2):  # the empty address that the menu led to lies between, where the browser does not skip it
        if urlsplit(page.url).path.endswith("results"):
            page.go_back()
            page.wait_for_timeout(1500)  # for a run of the page that could lose it
            expect(page.locator(".atlas-translation")).to_have_text(said)
    page.wait_for_selector("button.head")
    expect(page.locator(".atlas-translation")).to_have_text(said)
    assert address(page).items() >= {"text": "I like tea.", "model": "small"}.items()  # the picture adds its head


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_opens_a_table_on_a_phone(page: Page, app_url: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app_url}/results?table=kernel&data=shakespeare")
    plot = page.get_by_test_id("stVegaLiteChart").first
    expect(plot).to_be_visible()
    expect(plot).to_have_attribute("aria-label", re.compile("95 % interval"))
    results = read_results()
    row = next(row for row in results.rows("kernel", "shakespeare", "bits per character") if row.mean)
    assert row.mean is not None
    table = page.locator(".atlas-results").nth(1)
    expect(table).to_contain_text(f"{row.mean.estimate:.3f}")
    page.locator(".st-key-failed_runs summary").click()
    failed = results.failed_runs("kernel", "shakespeare")
    expect(page.locator(".st-key-failed_runs tbody tr")).to_have_count(len(failed))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as download:
        page.get_by_role("button", name="Download every run").click()
    assert download.value.path().read_text("utf-8").startswith("table,variant,dataset,metric,seed,value")
