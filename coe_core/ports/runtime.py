"""The seam of time and structured concurrency."""

from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from coe_twin.coe_core.units import Seconds

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Task(Protocol[T_co]):
    """A child of a task group."""

    def result(self) -> T_co:
        """Return what the coroutine returned.

        Raises:
            RuntimeError: the task has not ended.
        """


class TaskGroup(Protocol):
    """Children that live no longer than the block that started them."""

    def start(self, work: Coroutine[Any, Any, T]) -> Task[T]:
        """Run `work` beside the caller; it takes its first step after the caller suspends."""


class Event(Protocol):
    """A flag that is set once and wakes its waiters in the order in which they came."""

    def set(self) -> None:
        """Set the flag; a second call changes nothing."""

    def is_set(self) -> bool:
        """Return whether the flag is set."""

    async def wait(self) -> None:
        """Return once the flag is set; at once if it is."""


class Semaphore(Protocol):
    """Permits that are handed out in the order of asking."""

    async def acquire(self) -> None:
        """Take a permit, waiting in line for one."""

    def release(self) -> None:
        """Give a permit back, or straight to the first waiter."""


class Runtime(Protocol):
    """Time and structured concurrency; a seventh verb means that the seam is leaking.

    Contract rules (ids are append-only; `tests/conformance` names them, one test each,
    on every runtime):

    - R201 `now` is 0 at the start and never goes back; `sleep(d)` advances it by at least d.
    - R202 `sleep(0)` lets every task that is due now run first.
    - R203 a delay or limit that is negative or not a number raises ValueError.
    - R204 a group returns only when all its children have ended.
    - R205 when a child fails, its siblings are cancelled in the order of their start, and
      awaited, before that first failure itself (never a group of exceptions) is raised.
    - R206 a child's failure cancels the body of the group, too.
    - R207 when the body raises, the children are cancelled and awaited, and the body's
      exception is raised.
    - R208 cancellation passes through `except Exception`; `finally` blocks run.
    - R209 `deadline` cancels its block after the limit and raises DeadlineExceeded.
    - R210 an outer deadline that expires inside an inner one is raised by the outer block.
    - R211 a block that ends in time leaves no timer behind that keeps the run alive.
    - R212 `Event.set` wakes all waiters in the order in which they came; a set event is sticky.
    - R213 a semaphore hands permits out in the order of asking.
    - R214 a cancelled waiter leaves its queue, and a permit that it was just given goes to
      the next in line.
    - R215 a child sees the context variables of its starter as they were at the start, and
      what it sets stays its own.
    - R216 `Task.result` returns the value, and raises RuntimeError before the end.
    - R217 awaiting something foreign raises RuntimeError that shows what was awaited.
    - R218 when the run ends, what is unfinished is closed in the order of its start.
    - R219 siblings that are due at one instant run in the order of their start.
    """

    def now(self) -> Seconds:
        """Return time since the run began [s]; monotonic, starts at 0."""

    async def sleep(self, delay: Seconds) -> None:
        """Suspend the caller for `delay` [s]; 0 yields to every task due now.

        Raises:
            ValueError: `delay` is negative or not a number.
        """

    def task_group(self) -> AbstractAsyncContextManager[TaskGroup]:
        """Start children inside; leave once all ended."""

    def deadline(self, limit: Seconds) -> AbstractAsyncContextManager[None]:
        """Cancel the block after `limit` [s] and raise `DeadlineExceeded`.

        Raises:
            ValueError: `limit` is negative or not a number; infinity is no deadline.
        """

    def event(self) -> Event:
        """Return a new event that is not set."""

    def semaphore(self, permits: int) -> Semaphore:
        """Return a new semaphore with `permits` >= 1 permits.

        Raises:
            ValueError: `permits` is less than 1.
        """
