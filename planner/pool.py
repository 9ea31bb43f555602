"""Processes to simulate on, which never outlive their starter and never speak for themselves."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from types import FrameType
from typing import Final

TERMINATED: Final = 128 + signal.SIGTERM
"""The exit status by which a shell reports SIGTERM."""


def cpus() -> int:
    """Return how many CPUs this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def process_pool(workers: int) -> Iterator[Executor | None]:
    """Yield a pool of `workers` processes, None for a single one: then nothing is started.

    Whatever ends the block early (Ctrl-C, SIGTERM, an error) ends the processes at once.
    """
    if workers == 1:
        yield None
        return
    before = signal.signal(signal.SIGTERM, _terminated)
    # Spawned, not forked: a child then depends on nothing but its task.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        _start(pool, workers)
        yield pool
    except BaseException:
        _end(pool)
        raise
    else:
        pool.shutdown()
    finally:
        signal.signal(signal.SIGTERM, before)


def _start(pool: ProcessPoolExecutor, workers: int) -> None:
    """Start all processes now, deaf to Ctrl-C, which a terminal sends to them as well."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # children inherit it
    try:
        for _ in range(workers):
            pool.submit(os.getpid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(pool: ProcessPoolExecutor) -> None:
    for child in active_children():
        child.terminate()
    # Waits for the pool's own thread: left to the interpreter's exit it may be caught half-way.
    pool.shutdown(cancel_futures=True)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
