"""A head switched off in the app to the new translation and maps on the screen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from playwright.sync_api import Page, sync_playwright

from benchmarks.chromium import launch
from benchmarks.first_picture import PATIENCE, ROOT, free_port, wait_for_server
from benchmarks.measure import Figure, progress

LOADED = 8000  # ms after the first picture, by when the model is loaded behind it

ANSWERED = """() => [...document.querySelectorAll("*")].some(({ shadowRoot }) => {
  const atlas = shadowRoot?.querySelector(".atlas"); // a component lives in a shadow root
  return atlas && !atlas.classList.contains("waiting");
})"""


@contextmanager
def running_app(path: str, shown: str) -> Iterator[Page]:
    """Start the app and open a page of it: `shown` selects what is there when it is; the model is loaded by then."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    with (
        sync_playwright() as playwright,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server,
    ):
        browser = launch(playwright)
        try:
            wait_for_server(server, port)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"http://127.0.0.1:{port}/{path}")
            page.wait_for_selector(shown, timeout=PATIENCE * 1000)
            page.wait_for_timeout(LOADED)
            yield page
        finally:
            server.kill()
            browser.close()


def head_off(repeats: int) -> Figure:
    """Return the seconds from the choice to the changed picture, `guide` and its default sentence; the bar is 1.2."""
    with running_app("", "button.head") as page:
        times = [_switch(page, number) for number in range(repeats + 1)][1:]
    return Figure("head_off", median(times), "s", 1.2, bar=1)


def _switch(page: Page, number: int) -> float:
    """Seconds to another head switched off, each a translation that nobody asked for before."""
    layer, head = divmod(number, 8)
    page.locator(f'button.head[data-kind="encoder"][data-layer="{layer % 6}"][data-head="{head}"]').click()
    page.wait_for_timeout(600)  # the picture rests
    began: float = page.evaluate("performance.now()")
    page.locator(".change-row select").first.select_option("off")
    page.wait_for_function(ANSWERED, polling="raf", timeout=PATIENCE * 1000)
    seconds = (page.evaluate("performance.now()") - began) / 1000
    progress(f"  encoder layer {layer + 1} head {head + 1} off: {seconds:.2f} s")
    return seconds
