"""Where a long command stands, on standard error."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformer.training import TrainingStep

SECONDS = 10.0  # between two lines, where standard error is no terminal


class Progress:
    """One line that is rewritten, in a terminal; elsewhere a line now and then; nothing if `quiet`.

    `at_once` shows the first line without waiting. Used as a context, it leaves the terminal clean.
    """

    def __init__(self, *, quiet: bool = False, at_once: bool = False) -> None:
        self._quiet = quiet
        self._due = time.perf_counter() + (0 if at_once else SECONDS)
        self._width = 0  # of what stands in the terminal's last line

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Say where it stands."""
        if self._quiet:
            return
        if sys.stderr.isatty():
            text = text[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write("\r" + text.ljust(self._width))
            sys.stderr.flush()
            self._width = len(text)
        elif time.perf_counter() >= self._due:
            print(text, file=sys.stderr, flush=True)
            self._due = time.perf_counter() + SECONDS

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the line, before something else is printed."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


class Countdown:
    """How long the rest of `total` equal pieces of work takes, judged by those that are done."""

    def __init__(self, total: int, done: int = 0) -> None:
        self._total, self._before = total, done
        self._started = time.perf_counter()

    def left(self, done: int) -> str:
        """Return such as `12 min left`; nothing while nothing is done."""
        if done <= self._before:
            return ""
        seconds = time.perf_counter() - self._started
        return f"{duration(seconds / (done - self._before) * (self._total - done))} left"


def duration(seconds: float) -> str:
    """Write seconds as `45 s`, `12 min` or `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def training_lines(records: Iterable[TrainingStep], steps: int) -> Iterator[str]:
    """Describe each record of a training run in a line."""
    countdown = None
    for record in records:
        countdown = countdown or Countdown(steps, record.step)  # the first record also paid for the start
        parts = (  # what matters most comes first: a narrow terminal shows no more
            f"step {record.step:,}/{steps:,}",
            f"loss {record.loss:.3f}",
            countdown.left(record.step),
            f"{record.tokens_per_second:,.0f} target tokens/s",
            f"rate {record.learning_rate:.2e}",
            f"gradient {record.gradient_norm:.2f}",
        )
        yield "  ".join(filter(None, parts))
