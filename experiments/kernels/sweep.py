"""Many runs side by side: in processes of this machine, which share its GPU, or on a Ray cluster.

A model this small leaves a GPU idle between its kernels, and while its translations are scored on the CPU: another run
fills the gaps. `measure` finds out how many pay.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Pool(Protocol):
    """What runs a function elsewhere."""

    def submit(self, function: Callable[[Job], Result], job: Job, /) -> Future[Result]: ...


class RayPool:
    """Processes of a Ray cluster, one of its machines or many; `workers` of them share a GPU."""

    def __init__(self, workers: int, on_gpu: bool) -> None:
        import ray

        ray.init(ignore_reinit_error=True, log_to_driver=False)
        self._remote = ray.remote(num_cpus=1, num_gpus=1 / workers if on_gpu else 0)

    def submit(self, function: Callable[[Job], Result], job: Job, /) -> Future[Result]:
        """As `concurrent.futures.Executor.submit`."""
        future: Future[Result] = self._remote(function).remote(job).future()
        return future


@contextmanager
def open_pool(workers: int, on_gpu: bool) -> Iterator[Pool]:
    """Return Ray's processes where Ray is installed, else `workers` processes here."""
    if importlib.util.find_spec("ray"):
        yield RayPool(workers, on_gpu)
    else:
        # CUDA does not survive a fork, and threads of the parent might not either.
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield pool


def sweep(
    pool: Pool, function: Callable[[Job], Result], jobs: Iterable[Job], workers: int, minutes: float = 0
) -> Generator[tuple[Job, Result], None, int]:
    """Run the jobs in their order, `workers` at a time; yield each with its result when it is done.

    With `minutes`, no job begins that might not end in time, judged by the longest so far; the generator returns how
    many were left. Whatever a job raises ends the sweep; those that run then are waited for.
    """
    started = time.monotonic()
    waiting = list(jobs)[::-1]
    begun: dict[Future[Result], tuple[Job, float]] = {}
    longest = 0.0

    def in_time() -> bool:
        return not minutes or time.monotonic() - started + longest < 60 * minutes

    while waiting or begun:
        while waiting and len(begun) < workers and in_time():
            job = waiting.pop()
            begun[pool.submit(function, job)] = job, time.monotonic()
        if not begun:
            break
        for future in wait(begun, return_when=FIRST_COMPLETED).done:
            job, since = begun.pop(future)
            longest = max(longest, time.monotonic() - since)
            yield job, future.result()
    return len(waiting)
