"""Load what is heavy once a process, behind the first visitor's first picture.

After everything is imported, `gc.freeze` takes it out of the collector's sight: Streamlit collects after every
run of a script, and walking the heap of an imported torch would take longer than the run.
"""

from __future__ import annotations

import atexit
import gc
import threading
from functools import cache

from app_pages import session
from transformer.model_files import DEFAULT_MODEL
from viz.intervals import Marked, interval_plot

PAUSE = 2.0  # seconds in which the first page reaches its browser undisturbed


def _load() -> None:
    session.translator(DEFAULT_MODEL).translate("Hello.", "de")  # the first run of anything is slow
    interval_plot([Marked("", (0.0, 1.0), 0.5, (0.0, 1.0))], "", "light").to_dict()  # imports Altair
    gc.collect()
    gc.freeze()


@cache
def preload() -> threading.Thread:
    """Start loading in the background; only the first call does anything."""
    thread = threading.Timer(PAUSE, _load)
    thread.daemon = True
    thread.start()
    atexit.register(_end, thread)
    return thread


def _end(thread: threading.Timer) -> None:
    """Let it end before the interpreter does: torch aborts the process where it is interrupted."""
    thread.cancel()
    thread.join()
