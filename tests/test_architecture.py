"""The rules of the house that import-linter cannot see: what an import costs, sizes, names, what gets installed."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("app_pages", "transformer", "viz", "experiments", "benchmarks")
LONGEST_FILE = 320  # lines


def code_files(*suffixes: str) -> list[Path]:
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return [ROOT / "app.py", *files]


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("transformer", {"torch", "numpy", "pandas"}),
        ("viz", {"torch", "streamlit", "pandas", "altair", "plotly"}),
        ("viz.browser", {"torch", "streamlit", "pandas", "altair", "plotly"}),
        ("app_pages.heads", {"torch", "pandas", "altair"}),  # plotly comes with Streamlit itself
        ("app_pages.walkthrough", {"torch", "pandas", "altair"}),
        ("app_pages.kernels", {"torch", "pandas", "altair"}),
        ("app_pages.positions", {"torch", "pandas", "altair"}),
        ("app_pages.i18n", {"torch", "streamlit", "pandas", "babel"}),
    ],
)
def test_an_import_stays_light(module: str, heavy: set[str]) -> None:
    """The first page shows before torch is there; see 'Numbers to stay within' in the README."""
    probe = f"import {module}, sys; print(*(set(sys.modules) & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_app_knows_its_pages_only() -> None:
    """import-linter checks packages; app.py is a file."""
    imported = set()
    for node in ast.walk(ast.parse((ROOT / "app.py").read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported & (set(CODE) - {"app_pages"}) == set()


def test_files_stay_readable() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in code_files(".py", ".js")}
    assert {path.relative_to(ROOT): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_drawer_for_leftovers() -> None:
    assert [path for path in code_files(".py", ".js") if path.stem in {"util", "utils", "helpers", "misc"}] == []


def test_every_package_is_installed() -> None:
    """pyproject.toml names the packages, since `checkpoints` becomes `transformer.bundled`, `locale` `viz.locale`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT) for name in ("transformer", "viz") for path in (ROOT / name).rglob("*.py")}
    assert {".".join(folder.parts) for folder in folders} == set(settings["packages"]) - {
        "transformer.bundled",
        "viz.locale",
    }
