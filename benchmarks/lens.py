"""A kernel, a set filter or the order of the words changed in the app to the changed numbers on the screen."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from playwright.sync_api import Locator, Page

from benchmarks.first_picture import PATIENCE
from benchmarks.measure import Figure, progress
from benchmarks.what_if import running_app

SECONDS = 0.5  # within which a change shows
REST = 700  # ms between two changes

# The page's clock starts with the click or the key, so that finding its target does not count.
CLOCK = """() => { for (const event of ["click", "keydown"])
  addEventListener(event, () => { window.began = performance.now(); }, true); }"""
CHANGED = "([element, before]) => element.isConnected && element.textContent !== before && performance.now()"


def kernel_change(repeats: int) -> Figure:
    """Return the seconds from another kernel in a whole layer of `guide` to what becomes of its translation."""
    kernels = ("polynomial", "linear, never negative", "exponential", "RBF")

    def choose(page: Page, number: int) -> Locator:
        box = page.get_by_role("combobox", name="Kernel", exact=True)
        box.scroll_into_view_if_needed()
        page.wait_for_timeout(REST)  # its list closes when the page scrolls
        box.click()
        return page.get_by_role("option", name=kernels[number % len(kernels)], exact=True)

    return _measure(
        "kernel_change", "kernels?lens=gallery&kernel_where=layer", ".lens-summary", choose, Locator.click, repeats
    )


def filter_change(repeats: int) -> Figure:
    """Return the seconds from another set filter to what becomes of the translation."""
    filters = ("strided", "causal", "padding", "extra memories", "window")

    def choose(page: Page, number: int) -> Locator:
        return page.locator("button.lens-filter").filter(has_text=filters[number % len(filters)])

    return _measure("filter_change", "kernels?lens=filter", ".lens-summary", choose, Locator.click, repeats)


def word_order(repeats: int) -> Figure:
    """Return the seconds from a word moved to the numbers of the new order: none was asked for before."""

    def choose(page: Page, number: int) -> Locator:
        return page.locator(".word-order button").nth(number % 9)

    return _measure(
        "word_order", "positions", '.walk[data-scene="positions-order"]', choose,
        lambda word: word.press("ArrowRight"), repeats,
    )  # fmt: skip


def _measure(
    name: str,
    path: str,
    shown: str,
    choose: Callable[[Page, int], Locator],
    change: Callable[[Locator], None],
    repeats: int,
) -> Figure:
    """Time changes of `guide` and its default sentence, 15 pieces, until the text of what is `shown` is another."""
    with running_app(path, shown) as page:
        page.evaluate(CLOCK)
        times = []
        for number in range(repeats + 1):
            page.wait_for_timeout(REST)
            target = choose(page, number)
            picture = page.locator(shown).first.element_handle()
            change_of = [picture, picture.text_content()]
            change(target)
            ended = page.wait_for_function(CHANGED, arg=change_of, polling="raf", timeout=PATIENCE * 1000).json_value()
            times.append((ended - page.evaluate("window.began")) / 1000)
            progress(f"  {name}: {times[-1]:.2f} s")
    return Figure(name, median(times[1:]), "s", SECONDS, bar=1)
