"""The `Runtime` on wall-clock time: anyio on asyncio.

anyio cancels the tasks of a group in the order of a set, and wraps what they raise. So every
child here has a cancel scope of its own and keeps its failure to itself, all run in one task
group of anyio, and `real_driver.groups` builds groups that keep order on top of that.
"""

import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

import anyio
from anyio.abc import TaskGroup

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.groups import AnyioTask, AnyioTaskGroup

T = TypeVar("T")


class AnyioRuntime:
    """`coe_core.ports.runtime.Runtime` in wall-clock time."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._nursery: TaskGroup | None = None

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Return what `main` returns, on an event loop of its own."""
        return anyio.run(self._run, main, backend="asyncio")

    def now(self) -> Seconds:
        """Return time since the run began [s]."""
        return Seconds(time.monotonic() - self._began)

    async def sleep(self, delay: Seconds) -> None:
        """Suspend the caller for `delay` [s]."""
        if not delay >= 0:
            raise ValueError(f"delay: {delay!r} is not a duration >= 0 s")
        await anyio.sleep(delay)

    def task_group(self) -> AnyioTaskGroup:
        """Return a new group; its children are cancelled in the order of their start."""
        if self._nursery is None:
            raise RuntimeError("no task is running: use this inside AnyioRuntime.run")
        return AnyioTaskGroup(self._nursery)

    def deadline(self, limit: Seconds) -> "Deadline":
        """Return a block that may last `limit` [s]."""
        return Deadline(limit)

    def event(self) -> anyio.Event:
        """Return a new event."""
        return anyio.Event()

    def semaphore(self, permits: int) -> anyio.Semaphore:
        """Return a new semaphore."""
        if permits < 1:
            raise ValueError(f"permits: {permits!r} is not a count >= 1")
        return anyio.Semaphore(permits, fast_acquire=True)

    async def _run(self, main: Coroutine[Any, Any, T]) -> T:
        self._began = time.monotonic()
        async with anyio.create_task_group() as self._nursery:
            root = await self._finish(main)
        return root.result()  # raised here, where no group of anyio can wrap it

    async def _finish(self, main: Coroutine[Any, Any, T]) -> AnyioTask[T]:
        group = self.task_group()
        try:
            async with group:
                root = group.start(main)
        except BaseException as error:
            if error is not root.error:  # but a cancellation from outside, such as Ctrl-C
                raise
        return root


class Deadline:
    """A block that is cancelled after its limit."""

    def __init__(self, limit: Seconds) -> None:
        if not limit >= 0:
            raise ValueError(f"limit: {limit!r} is not a duration >= 0 s")
        self._limit = limit
        self._scope: anyio.CancelScope | None = None

    async def __aenter__(self) -> None:
        self._scope = anyio.CancelScope(deadline=anyio.current_time() + self._limit)
        self._scope.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._scope is not None
        if self._scope.__exit__(kind, error, trace):
            raise DeadlineExceeded(f"not done within {self._limit:g} s") from None
