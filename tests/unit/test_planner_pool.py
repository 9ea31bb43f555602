import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from multiprocessing import active_children
from time import monotonic, sleep

import pytest

from coe_twin.planner.pool import cpus, process_pool


@pytest.fixture(autouse=True)
def _nobody_is_left() -> Iterator[None]:
    yield
    # The executor's own thread may have reaped a child and not have written that down yet.
    until = monotonic() + 5.0
    while active_children() and monotonic() < until:
        sleep(0.01)
    assert active_children() == []


def test_there_is_a_cpu() -> None:
    """The default of workers is a count."""
    assert cpus() >= 1


def test_one_worker_needs_no_pool() -> None:
    """Nothing is started for a single worker."""
    with process_pool(1) as pool:
        assert pool is None


def test_work_is_done_elsewhere() -> None:
    """What is submitted runs in other processes, which are gone afterwards."""
    with process_pool(2) as pool:
        assert pool is not None
        assert pool.submit(os.getpid).result() != os.getpid()


def fail_while_busy() -> None:
    with process_pool(2) as pool:
        assert pool is not None
        pool.submit(os.getpid).result()
        long = pool.submit(sleep, 100.0)
        while not long.running():
            sleep(0.01)
        raise KeyError


def test_an_error_ends_the_work_at_once() -> None:
    """Nobody waits for what is still being worked on."""
    before = monotonic()
    with pytest.raises(KeyError):
        fail_while_busy()
    assert monotonic() - before < 50.0


def die_in_a_worker() -> None:
    with process_pool(2) as pool:
        assert pool is not None
        pool.submit(os._exit, 1).result()


def test_a_worker_that_dies_is_told() -> None:
    """The kernel's out-of-memory killer does not leave the starter waiting."""
    with pytest.raises(BrokenExecutor):
        die_in_a_worker()


def test_workers_are_deaf_to_ctrl_c() -> None:
    """A terminal sends it to them as well, and each would print a traceback of its own."""
    with process_pool(2) as pool:
        assert pool is not None
        blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert signal.SIGINT in blocked


def test_signals_are_as_before() -> None:
    """The pool's own answer to SIGTERM ends with it, and Ctrl-C is never blocked."""
    before = signal.getsignal(signal.SIGTERM)
    with process_pool(2):
        assert signal.getsignal(signal.SIGTERM) is not before
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.getsignal(signal.SIGTERM) is before
