"""Coroutines on SimPy's clock: the simulated `Runtime`.

A task (`task.SimTask`) is driven directly by SimPy events, without an asyncio loop between,
which costs nothing against SimPy's own generators.

Within an instant, order is that of asyncio: who is woken comes after all that is due, who is
cancelled while its step is due keeps its place, and a timer resumes its task at once.

The runtime also carries causality. Each task knows the last recorded span on its path
(`trace`); a child starts on its starter's path, and whoever is woken by an event, or by the
last child of a group, goes on from the path of the task that did it. So the critical path of
any activity is there to be read off.
"""

import gc
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import simpy
from simpy.core import EmptySchedule

from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cancellation import Deadline
from coe_twin.sim_driver.groups import SimTaskGroup
from coe_twin.sim_driver.sync import SimEvent, SimSemaphore
from coe_twin.sim_driver.task import SUSPENDED, SimTask

T = TypeVar("T")

COLLECTOR_THRESHOLDS: Final = (100_000, 50, 100)
"""Measured: the usual thresholds cost an eighth of the CPU time of a 1000-node creation."""


class Deadlock(CoeError):
    """Nothing is scheduled any more and the run has not ended."""


class SimRuntime:
    """`coe_core.ports.runtime.Runtime` in virtual time.

    Attributes:
        env: SimPy's environment, whose clock this is.
        current: the task that runs now, None between steps.
    """

    def __init__(self) -> None:
        self.env = simpy.Environment(0.0)
        self.current: SimTask[Any] | None = None
        self._unfinished: dict[SimTask[Any], None] = {}

    def now(self) -> Seconds:
        """Return virtual time [s]."""
        return Seconds(self.env.now)

    async def sleep(self, delay: Seconds) -> None:
        """Suspend the caller for `delay` [s]."""
        if delay > 0:
            await self.pause(delay)
        elif delay >= 0:
            await self._give_way()
        else:
            raise ValueError(f"delay: {delay!r} is not a duration >= 0 s")

    def task_group(self) -> SimTaskGroup:
        """Return a new group; its children are cancelled in the order of their start."""
        return SimTaskGroup(self)

    def deadline(self, limit: Seconds) -> Deadline:
        """Return a block that may last `limit` [s]."""
        return Deadline(self, limit)

    def event(self) -> SimEvent:
        """Return a new event."""
        return SimEvent(self)

    def semaphore(self, permits: int) -> SimSemaphore:
        """Return a new semaphore."""
        return SimSemaphore(self, permits)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Return what `main` returns, in virtual time; close what it leaves unfinished.

        Raises:
            Deadlock: `main` waits for something that can no longer happen.
        """
        root = self.spawn(main, lambda _task, _error: None)
        step = self.env.step
        try:
            with _rare_collections():
                while not root.is_done:
                    step()
        except EmptySchedule:
            raise Deadlock(f"nothing is scheduled after {self.env.now:g} s") from None
        finally:
            self.close()
        return root.result()

    def spawn(
        self,
        work: Coroutine[Any, Any, T],
        on_done: Callable[[SimTask[T], BaseException | None], None],
    ) -> SimTask[T]:
        """Start a task that belongs to no group; `on_done` gets it with its error, if any."""
        task = SimTask(self, work, on_done)
        self._unfinished[task] = None
        return task

    def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task of the simulated world; its failure is a bug and ends the run."""
        self.spawn(work, _crash_on_error)

    @types.coroutine
    def pause(self, delay: float) -> Generator[object, None, None]:
        """Suspend the running task for `delay` >= 0 [s], unchecked: the hot path of sleep."""
        self.running().resume_after(delay)
        yield SUSPENDED

    @types.coroutine
    def park(self) -> Generator[object, None, None]:
        """Suspend the running task until somebody calls its `unpark`."""
        yield SUSPENDED

    @types.coroutine
    def _give_way(self) -> Generator[object, None, None]:
        self.running().resume_now()
        yield SUSPENDED

    def running(self) -> SimTask[Any]:
        """Return the task that runs now.

        Raises:
            RuntimeError: called from outside any task.
        """
        if self.current is None:
            raise RuntimeError("no task is running: await this inside SimRuntime.run")
        return self.current

    def scheduled(self) -> int:
        """Return how many events SimPy was given so far; for after a run, since it counts one."""
        return next(self.env._eid)  # noqa: SLF001 - SimPy keeps the count to itself

    def forget(self, task: SimTask[Any]) -> None:
        """Drop an ended task from the list of those to close."""
        del self._unfinished[task]

    def close(self) -> None:
        """Close what is unfinished, in the order of its start; `run` ends with this.

        Raises:
            Exception: the first that a closed task raised, once all are closed.
        """
        failure: Exception | None = None
        while self._unfinished:
            for task in list(self._unfinished):
                try:
                    task.close()
                except Exception as error:  # noqa: BLE001 - the others must be closed, too
                    failure = failure or error
        if failure is not None:
            raise failure


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the collector of cycles run less often: a world is large and makes few of them."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _crash_on_error(_task: SimTask[None], error: BaseException | None) -> None:
    if error is not None:
        raise error
