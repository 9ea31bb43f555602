"""Coroutines on SimPy's clock: the simulated `Runtime`.

A task is driven directly by SimPy events, without an asyncio loop between, which costs
nothing against SimPy's own generators. A task waits for one thing at a time, so one event
per task is enough: it is scheduled anew for every wait. A wait that is given up while its
event is in SimPy's queue leaves that event behind without callbacks (a dead timer), and
the task goes on with a new one.

Within an instant, order is that of asyncio: who is woken comes after all that is due, who is
cancelled while its step is due keeps its place, and a timer resumes its task at once.

The runtime also carries causality. Each task knows the last recorded span on its path
(`trace`); a child starts on its starter's path, and whoever is woken by an event, or by the
last child of a group, goes on from the path of the task that did it. So the critical path of
any activity is there to be read off.
"""

import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Final, Generic, TypeVar, cast

import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL, URGENT

from coe_core.errors import CoeError
from coe_core.units import Seconds
from sim_driver.cancellation import Cancelled, Deadline
from sim_driver.sync import SimEvent, SimSemaphore
from sim_driver.tasks import SimTaskGroup

T = TypeVar("T")

SUSPENDED: Final = object()
"""What a task's coroutine yields once its next wake-up is arranged."""

NO_TRACE: Final = -1
"""The trace of a task that has recorded nothing yet."""


class Deadlock(CoeError):
    """Nothing is scheduled any more and the run has not ended."""


class Wake(simpy.Event):
    """The wake-up of one task; `callbacks` is None while it is not in SimPy's queue."""

    callbacks: Any  # SimPy marks a processed event by None, but does not say so in its types

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self._ok = True
        self._value = None
        self.callbacks = None


class SimTask(Generic[T]):
    """A coroutine in virtual time."""

    __slots__ = (
        "_at_timer",
        "_coroutine",
        "_due",
        "_error",
        "_on_done",
        "_value",
        "context",
        "is_done",
        "is_interrupted",
        "reasons",
        "role",
        "runtime",
        "trace",
        "wake",
    )

    def __init__(
        self,
        runtime: "SimRuntime",
        coroutine: Coroutine[Any, Any, T],
        on_done: "Callable[[SimTask[T], BaseException | None], None]",
    ) -> None:
        starter = runtime.current
        self.runtime = runtime
        self.context: Context = copy_context()
        self.wake = Wake(runtime.env)
        self.trace: int = NO_TRACE if starter is None else starter.trace
        self.role = 0
        self.reasons: list[object] = []
        self.is_interrupted = False
        self.is_done = False
        self._coroutine = coroutine
        step = self._step
        self._at_timer = [step]
        self._due = [step]  # a list of its own marks a wake-up that is due at this very instant
        self._on_done = on_done
        self._value: T | None = None
        self._error: BaseException | None = None
        self.resume_now()

    def result(self) -> T:
        """Return what the coroutine returned.

        Raises:
            RuntimeError: the task has not ended, or was cancelled.
        """
        if not self.is_done:
            raise RuntimeError("the task has not ended")
        if isinstance(self._error, Cancelled):
            raise RuntimeError("the task was cancelled")  # noqa: TRY004 - it is no wrong type
        if self._error is not None:
            raise self._error
        return cast("T", self._value)

    def resume_after(self, delay: float) -> None:
        """Schedule the next step `delay` [s] from now; the task must not be scheduled."""
        wake = self.wake
        wake.callbacks = self._at_timer
        self.runtime.env.schedule(wake, NORMAL, delay)

    def resume_now(self) -> None:
        """Schedule the next step after all that is due now; the task must not be scheduled."""
        wake = self.wake
        wake.callbacks = self._due
        self.runtime.env.schedule(wake, NORMAL, 0.0)

    def unpark(self) -> bool:
        """Resume a parked task; return False if it is not to be, because it was cancelled."""
        if self.is_interrupted or self.is_done:
            return False
        self.resume_now()
        return True

    def interrupt(self, reason: object) -> None:
        """Throw `Cancelled` into the task at its present wait, on behalf of `reason`.

        Raises:
            RuntimeError: the task is running, so it has no present wait.
        """
        if self.runtime.current is self:
            raise RuntimeError("a task cannot interrupt itself")
        if self._cancel(reason):
            self.resume_now()

    def expire(self, reason: object) -> None:
        """Do the same from a timer, whose turn it is now: step at once."""
        if self._cancel(reason):
            self._step(self.wake)

    def renew_cancellation(self) -> None:
        """Throw `Cancelled` once more, if the running task waits before it leaves its reasons."""
        at_once = Wake(self.runtime.env)
        at_once.callbacks = [self._renew]
        self.runtime.env.schedule(at_once, URGENT)

    def close(self) -> None:
        """Close an unfinished coroutine, so that its `finally` blocks run now."""
        if self.is_done:
            return
        self.is_done = True
        runtime = self.runtime
        runtime.forget(self)
        closer, runtime.current = runtime.current, self
        try:
            self.context.run(self._coroutine.close)
        finally:
            runtime.current = closer

    def _cancel(self, reason: object) -> bool:
        """Note a cancellation; return whether its step has yet to be arranged."""
        if self.is_done:
            return False
        self.reasons.append(reason)
        return self._give_wait_up()

    def _renew(self, _at_once: simpy.Event) -> None:
        if self.reasons and not self.is_done and self._give_wait_up():
            self.resume_now()

    def _give_wait_up(self) -> bool:
        if self.is_interrupted:
            return False
        self.is_interrupted = True
        callbacks = self.wake.callbacks
        if callbacks is self._due:
            return False
        if callbacks is not None:
            self.wake.callbacks = []
            self.wake = Wake(self.runtime.env)
        return True

    def _step(self, _wake: simpy.Event) -> None:
        runtime = self.runtime
        runtime.current = self
        coroutine = self._coroutine
        try:
            if self.is_interrupted:
                self.is_interrupted = False
                yielded = self.context.run(coroutine.throw, Cancelled())
            else:
                yielded = self.context.run(coroutine.send, None)
            while yielded is not SUSPENDED:
                foreign = RuntimeError(f"cannot await {yielded!r} in virtual time")
                yielded = self.context.run(coroutine.throw, foreign)
        except StopIteration as stop:
            self._value = stop.value
            self._end(None)
        except (Cancelled, Exception) as error:  # noqa: BLE001 - the task's owner decides
            self._error = error
            self._end(error)
        finally:
            runtime.current = None

    def _end(self, error: BaseException | None) -> None:
        self.is_done = True
        # These lists hold the task itself: emptied, it is freed at once, not by the collector.
        self._at_timer.clear()
        self._due.clear()
        self.runtime.forget(self)
        self._on_done(self, error)


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


def _crash_on_error(_task: SimTask[None], error: BaseException | None) -> None:
    if error is not None:
        raise error
