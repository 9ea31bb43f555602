"""A genuine asyncio event loop whose clock and queue are those of a SimPy environment.

asyncio's own tasks, futures, events, semaphores and timeouts run on it in virtual time, beside
whatever else runs on that environment. What a timer makes ready comes at once, before other
timers of that instant, because SimPy has no second queue of ready handles.
"""

import asyncio
from asyncio.events import _set_running_loop
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heappush
from typing import Any, TypeVar, TypeVarTuple

import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL, URGENT, EventPriority

from coe_twin.sim_driver.runtime import Deadlock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

AT_ONCE = EventPriority(URGENT - 1)
"""Before all else that is due now: part of the step that runs."""


class SimPyLoop(asyncio.AbstractEventLoop):
    """asyncio in virtual time.

    Attributes:
        is_at_once: what is called soon comes next, before all else that is due now.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.is_at_once = False
        self._env = env

    def time(self) -> float:
        """Return virtual time [s]."""
        return self._env.now

    def get_debug(self) -> bool:
        """Return False: asyncio's debug mode measures wall-clock time."""
        return False

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back at this instant."""
        handle = asyncio.Handle(callback, args, self, context)
        self._push(handle, self._env.now, AT_ONCE if self.is_at_once else NORMAL, handle._run)
        return handle

    def call_after_step(self, callback: Callable[[], object]) -> None:
        """Call back when the task that runs now waits for something."""
        handle = asyncio.Handle(callback, (), self)
        self._push(handle, self._env.now, URGENT, handle._run)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back after `delay` [s]."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at the instant `when` [s]."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)

        def run() -> None:
            with self.at_once():
                handle._run()

        self._push(handle, when, NORMAL, run)
        return handle

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let what is called soon inside come before all else that is due now."""
        self.is_at_once, before = True, self.is_at_once
        try:
            yield
        finally:
            self.is_at_once = before

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future on this loop."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]  # typeshed allows generators, too
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        """Return a task on this loop."""
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Raise what a callback raised, so that nothing goes unnoticed."""
        raise context.get("exception") or RuntimeError(context["message"])

    def run_until_complete(self, work: Coroutine[Any, Any, T]) -> T:  # type: ignore[override]  # typeshed allows futures, too
        """Return what `work` returns.

        Raises:
            Deadlock: `work` waits for something that can no longer happen.
        """
        _set_running_loop(self)
        root = self.create_task(work)
        try:
            while not root.done():
                self._env.step()
        except EmptySchedule:
            raise Deadlock(f"nothing is scheduled after {self._env.now:g} s") from None
        except (SystemExit, KeyboardInterrupt):
            if root.done():
                root.exception()  # it passed through here; asyncio is told that it was seen
            raise
        finally:
            _set_running_loop(None)
        return root.result()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Leave a dead timer in the queue, as SimRuntime does."""

    def _push(
        self,
        handle: asyncio.Handle,
        when: float,
        priority: EventPriority,
        run: Callable[[], None],
    ) -> None:
        def fire(_event: simpy.Event) -> None:
            if not handle.cancelled():
                run()

        event = simpy.Event(self._env)
        event._ok, event._value = True, None
        event.callbacks.append(fire)
        # Environment.schedule takes a delay, and now + (when - now) is not always `when`.
        heappush(self._env._queue, (when, priority, next(self._env._eid), event))
