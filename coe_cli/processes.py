"""Processes for a command, which end with it, whichever signal ends it."""

import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import Final

from coe_twin.planner.pool import process_pool

TERMINATED: Final = 128 + signal.SIGTERM
"""The exit status by which a shell reports SIGTERM."""


@contextmanager
def processes(count: int) -> Iterator[Executor | None]:
    """Yield a pool of `count` processes, None for one; SIGTERM ends command and processes."""
    if current_thread() is not main_thread():  # where nobody may answer a signal
        with process_pool(count) as pool:
            yield pool
        return
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        with process_pool(count) as pool:
            yield pool
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
