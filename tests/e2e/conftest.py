"""A browser and a running app for the end-to-end tests. Without a browser they fail; they are never skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",  # CI is root in a container, and the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
PATIENCE = 60_000  # ms: the first sentence may wait for a model, on a busy machine
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the Chromium that CHROMIUM names, else the system's, else Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    system = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    chosen = {"executable_path": system} if system else {}
    return {**browser_type_launch_args, **chosen, "args": [*browser_type_launch_args.get("args", []), *FLAGS]}


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_default_timeout(PATIENCE)
    yield page
    assert problems == []


@pytest.fixture(scope="session")
def app_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, started once for all tests; after a failed test the server's log is printed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("app") / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(server, f"{url}/_stcore/health", log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
            if request.session.testsfailed:
                print(f"\n--- the app's log ---\n{log.read_text('utf-8', 'replace')}")


def _wait(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the app did not start in {START_SECONDS} s\n{log.read_text('utf-8', 'replace')}")
