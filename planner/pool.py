"""Processes to simulate on, which never outlive their starter and never speak for themselves.

Each process watches a pipe whose other end only the starter holds. The pipe ends when the starter
lets go of it, or is gone for whatever reason, and then the process ends at once.
"""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread


def cpus() -> int:
    """Return how many CPUs this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def process_pool(workers: int) -> Iterator[Executor | None]:
    """Yield a pool of `workers` processes, None for a single one: then nothing is started.

    Works in any thread. Whatever ends the block early ends the processes at once, and so does
    the end of this process, even by SIGKILL.
    """
    if workers == 1:
        yield None
        return
    # Spawned, not forked: a child then depends on nothing but its task.
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_end_with_starter, initargs=(ours,)
    )
    try:
        _start(pool, workers)
        yield pool
        pool.shutdown()
    except BaseException:
        theirs.close()
        _let_go(pool)
        raise
    finally:
        theirs.close()
        ours.close()


def _start(pool: ProcessPoolExecutor, workers: int) -> None:
    """Start all processes now, deaf to Ctrl-C, which a terminal sends to them as well."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # children inherit it
    try:
        for _ in range(workers):
            pool.submit(os.getpid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_starter(pipe: Connection) -> None:
    """Watch `pipe` from a thread of its own, which gets its turn while others compute."""
    Thread(target=_watch, args=(pipe,), name="starter", daemon=True).start()


def _watch(pipe: Connection) -> None:
    pipe.poll(None)  # nothing is ever sent: it returns when the other end is closed
    os._exit(1)


def _let_go(pool: ProcessPoolExecutor) -> None:
    """Wait for the pool's own thread: left to the interpreter's exit it may be caught half-way."""
    if sys.version_info < (3, 11, 5):
        # There that thread waits for ever for a task that no process takes any more (CPython
        # issue 94777), unless nobody could take it.
        queue = getattr(pool, "_call_queue", None)
        reader = getattr(queue, "_reader", None)
        if isinstance(reader, Connection):
            reader.close()
    pool.shutdown(cancel_futures=True)
