"""The peer of the attention browser: BertViz's pages, with the libraries that they load from elsewhere beside them."""

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

# What a page of BertViz asks for by the last part of its address, where npm has it; jQuery 2.0.0 itself is not there.
LIBRARIES = {
    "d3.min.js": ("d3@5.7.0", "package/dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.2.4", "package/dist/jquery.min.js"),
    "require.min.js": ("requirejs@2.3.6", "package/require.js"),
}
_ELSEWHERE = re.compile(r"https://cdnjs\.cloudflare\.com/ajax/libs/[^'\"]*/(?=[^/'\"]+['\"])")


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
    """Make the page of `head_view` or `model_view` for weights (layers, heads, L, L); it needs `put_libraries`."""
    try:
        import bertviz
    except ImportError as error:
        raise Unavailable("bertviz is missing: pip install -r benchmarks/requirements.txt") from error
    import torch

    progress(f"  BertViz: {view} of {len(tokens)} tokens")
    attention = [torch.from_numpy(layer)[None] for layer in weights]
    page = getattr(bertviz, view)(attention, tokens, html_action="return").data
    return f"<!doctype html><meta charset=utf-8><body>{_ELSEWHERE.sub('./', page)}</body>"


def put_libraries(folder: Path) -> None:
    """Lay what a page of BertViz loads beside it."""
    for name in LIBRARIES:
        (folder / name).write_text(_library(name), "utf-8")
