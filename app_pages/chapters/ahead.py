"""What takes longer than turning a leaf is computed ahead, in the background, for the sentences that were shown last.

One thread for all visitors, that goes on, a short part at a time, while nobody turns a leaf: so it is in nobody's way.
A visitor who is there before it computes the same, or waits for it: see `Walk.once`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from functools import cache

from app_pages.chapters import NAMES, chapter
from app_pages.chapters.walk import Walk

QUIET = 1.0  # seconds without a leaf turned
MOST_WAITING = 4  # sentences; the longest waiting one gives way


def prepare(walk: Walk) -> None:
    """Compute what any step's picture will ask for and takes long."""
    for number in range(1, len(NAMES) + 1):
        for step in chapter(number).steps:
            for part in step.ahead:
                _worker().wait_for_quiet()
                part(walk)


def look_ahead(walk: Walk) -> None:
    """Have a walk prepared, after a leaf of it was shown."""
    _worker().add(walk)


class _Worker:
    def __init__(self) -> None:
        self.waiting: deque[Walk] = deque(maxlen=MOST_WAITING)
        self.turned, self.wake = time.monotonic(), threading.Event()
        threading.Thread(target=self._run, name="look-ahead", daemon=True).start()

    def add(self, walk: Walk) -> None:
        self.turned = time.monotonic()
        walk.once("looked ahead", lambda: self._await_turn(walk))

    def _await_turn(self, walk: Walk) -> None:
        self.waiting.append(walk)
        self.wake.set()

    def wait_for_quiet(self) -> None:
        while (left := self.turned + QUIET - time.monotonic()) > 0:
            time.sleep(left)

    def _run(self) -> None:
        while self.wake.wait():
            self.wake.clear()
            while self.waiting:
                try:
                    prepare(self.waiting.popleft())
                except Exception:  # the visitor who asks for it is told
                    logging.getLogger(__name__).exception("looking ahead failed")


@cache
def _worker() -> _Worker:
    return _Worker()
