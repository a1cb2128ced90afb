"""A fresh process to its first picture in Chromium, over an empty Streamlit app to its title."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.chromium import launch
from benchmarks.measure import Figure, medians, progress

ROOT = Path(__file__).parent.parent
PATIENCE = 120  # seconds
EMPTY_APP = 'import streamlit as st\n\nst.title("Empty")\n'

# Functions of the page: the moment (ms since 1970) when it shows what we wait for, else false. Asked before each frame.
TITLE_SHOWN = """() => {
  const title = document.querySelector("h1");
  return title?.textContent.includes("Empty") && title.checkVisibility() && Date.now();
}"""
PICTURE_DRAWN = """() => {
  const roots = [document]; // a component lives in a shadow root
  for (const root of roots) {
    for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) roots.push(shadowRoot);
    const canvas = root.querySelector("canvas.thumbnails");
    if (!canvas || !root.querySelector("button.head[data-kind]") || !canvas.checkVisibility()) continue;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    if (new Set(new Uint32Array(data.buffer)).size > 8) return Date.now();
  }
  return false;
}"""


def first_picture(repeats: int) -> Figure:
    """Return the seconds from `streamlit run app.py` to the drawn overview of every head."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        for name in (".streamlit", "static"):
            shutil.copytree(ROOT / name, empty / name)
        (empty / "app.py").write_text(EMPTY_APP, "utf-8")
        value, baseline = medians(
            lambda: _start(ROOT, PICTURE_DRAWN), lambda: _start(empty, TITLE_SHOWN), repeats, warm_up=1
        )
    return Figure("first_picture", value, "s", baseline, bar=1.5)


def _start(folder: Path, shown: str) -> float:
    """Seconds from starting the app in a folder to what it shows; the browser is open, and has an empty profile."""
    port = free_port()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.headless=true",
            f"--server.port={port}",
        ]
        started = time.time()
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_for_server(server, port)
                page.goto(f"http://127.0.0.1:{port}", wait_until="commit")
                moment = page.wait_for_function(shown, polling="raf", timeout=PATIENCE * 1000).json_value()
            finally:
                server.kill()
                browser.close()
    seconds: float = moment / 1000 - started
    progress(f"  {folder.name}: {seconds:.2f} s")
    return seconds


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def wait_for_server(server: subprocess.Popen[bytes], port: int) -> None:
    """Return when somebody listens at the port."""
    deadline = time.time() + PATIENCE
    while server.poll() is None and time.time() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the app did not start in {PATIENCE} s: try `streamlit run app.py` to see why")
