import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from multiprocessing import Pipe, active_children, get_context
from multiprocessing.connection import Connection
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


def sleep_with(_load: bytes, seconds: float) -> None:
    sleep(seconds)


def fail_while_busy() -> None:
    with process_pool(2) as pool:
        assert pool is not None
        pool.submit(os.getpid).result()
        # Large tasks: more of them wait than fit into the pipe to the processes.
        works = [pool.submit(sleep_with, bytes(300_000), 100.0) for _ in range(12)]
        while not works[0].running():
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
    """The pool answers none, and Ctrl-C is never blocked for its starter."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with process_pool(2):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def pid_of_another() -> int:
    with process_pool(2) as pool:
        assert pool is not None
        return pool.submit(os.getpid).result()


def test_any_thread_may_have_a_pool() -> None:
    """A page's script runs in one, and two of them at once."""
    with ThreadPoolExecutor(2) as threads:
        first, second = (threads.submit(pid_of_another).result() for _ in range(2))
    assert len({first, second, os.getpid()}) == 3


def test_a_pool_works_under_an_event_loop() -> None:
    """The loop goes on while processes work."""

    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        with process_pool(2) as pool:
            work = loop.run_in_executor(pool, sleep, 0.3)
            ticks = 0
            while not work.done():
                await asyncio.sleep(0.01)
                ticks += 1
            return ticks, await asyncio.to_thread(pid_of_another)

    ticks, pid = asyncio.run(main())
    assert ticks > 5
    assert pid != os.getpid()


def test_one_pool_that_ends_early_leaves_the_other_alone() -> None:
    """What is stopped for one user is not stopped for the next."""
    with process_pool(2) as other:
        assert other is not None
        work = other.submit(sleep, 1.0)
        with pytest.raises(KeyError):
            fail_while_busy()
        assert work.result() is None
        assert other.submit(os.getpid).result() != os.getpid()


def busy(seconds: float) -> None:
    """Compute, and give the lock of the interpreter away as late as one can."""
    until = monotonic() + seconds
    while monotonic() < until:
        sum(range(100_000))


def starter(pids: Connection) -> None:
    """Keep three processes busy for ten minutes, and tell who they are."""
    with process_pool(3) as pool:
        assert pool is not None
        works = [pool.submit(busy, 600.0) for _ in range(6)]
        while sum(work.running() for work in works) < 3:
            sleep(0.01)
        pids.send([child.pid for child in active_children()])
        works[0].result()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_process_outlives_a_starter_that_is_killed() -> None:
    """Not even one in the middle of a computation, and not for five seconds."""
    ours, theirs = Pipe(duplex=False)
    process = get_context("spawn").Process(target=starter, args=(theirs,))
    process.start()
    workers = ours.recv()
    assert len(workers) == 3
    assert all(map(is_alive, workers))
    process.kill()
    process.join()
    until = monotonic() + 5.0
    while any(map(is_alive, workers)) and monotonic() < until:
        sleep(0.05)
    assert not any(map(is_alive, workers))
