"""What the app loads behind the first picture is all that the first charts need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from app_pages import startup
startup._load()
before = set(sys.modules)
from viz.intervals import Marked, curves, interval_plot
interval_plot([Marked("a", (1.0, 2.0), 1.5, (1.0, 2.0))], "t", "dark").to_dict()
print(sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_first_chart_imports_nothing_more() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CODE], cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
