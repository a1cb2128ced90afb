"""The peer of the attention browser: BertViz's pages, with the libraries that they load from elsewhere served here."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Unavailable, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from playwright.sync_api import Page, Route

# What a page of BertViz asks for by its last folder's name, where npm has it; jQuery 2.0.0 itself is not there.
LIBRARIES = {
    "d3.min.js": ("d3@5.7.0", "package/dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.2.4", "package/dist/jquery.min.js"),
    "require.min.js": ("requirejs@2.3.6", "package/require.js"),
}


@cache
def _library(name: str) -> str:
    package, member = LIBRARIES[name]
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"{package} cannot be had: BertViz loads it, and npm fetches it ({error})") from error
        archive = next(Path(folder).glob("*.tgz")).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        file = files.extractfile(member)
        assert file is not None
        return file.read().decode()


def html(view: str, weights: NDArray[np.float32], tokens: list[str]) -> str:
    """Make the page of `head_view` or `model_view` for weights (layers, heads, L, L)."""
    try:
        import bertviz
    except ImportError as error:
        raise Unavailable("bertviz is missing: pip install -r benchmarks/requirements.txt") from error
    import torch

    progress(f"  BertViz: {view} of {len(tokens)} tokens")
    attention = [torch.from_numpy(layer)[None] for layer in weights]
    page = getattr(bertviz, view)(attention, tokens, html_action="return").data
    return f"<!doctype html><meta charset=utf-8><body>{page}</body>"


def serve_libraries(page: Page) -> None:
    """Answer what a page of BertViz loads from the network; everything else is refused."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in LIBRARIES:
            route.fulfill(body=_library(name), content_type="text/javascript")
        else:
            route.abort()

    for name in LIBRARIES:
        _library(name)  # before anything is timed
    page.route(re.compile("^https:"), answer)
