"""A coroutine that SimPy events drive: one event for all its waits.

A task waits for one thing at a time, so one event per task is enough: it is scheduled anew
for every wait. A wait that is given up while its event is in SimPy's queue leaves that event
behind without callbacks (a dead timer), and the task goes on with a new one.
"""

from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import simpy
from simpy.events import NORMAL, URGENT

from coe_twin.sim_driver.cancellation import Cancelled

if TYPE_CHECKING:
    from coe_twin.sim_driver.runtime import SimRuntime

T = TypeVar("T")

SUSPENDED: Final = object()
"""What a task's coroutine yields once its next wake-up is arranged."""

NO_TRACE: Final = -1
"""The trace of a task that has recorded nothing yet."""


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
