"""The `Runtime` on asyncio's own tasks and primitives, in virtual time."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

import simpy

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.runtime import Event
from coe_twin.coe_core.units import Seconds
from tests.oracle.asyncio_loop import SimPyLoop
from tests.oracle.groups import OracleTaskGroup

T = TypeVar("T")


class OracleRuntime:
    """`coe_core.ports.runtime.Runtime`, slow and by other hands: what SimRuntime must equal.

    Attributes:
        loop: the event loop; its environment may be that of a SimRuntime.
    """

    def __init__(self, env: simpy.Environment | None = None) -> None:
        # typeshed calls abstract what asyncio merely leaves out
        self.loop = SimPyLoop(env or simpy.Environment(0.0))  # type: ignore[abstract]

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Return what `main` returns."""

        async def run() -> T:
            async with self.task_group() as group:
                root = group.start(main)
            return root.result()

        return self.loop.run_until_complete(run())

    def now(self) -> Seconds:
        """Return virtual time [s]."""
        return Seconds(self.loop.time())

    async def sleep(self, delay: Seconds) -> None:
        """Suspend the caller for `delay` [s]."""
        if not delay >= 0:
            raise ValueError(f"delay: {delay!r} is not a duration >= 0 s")
        await asyncio.sleep(delay)

    def task_group(self) -> OracleTaskGroup:
        """Return a new group."""
        return OracleTaskGroup()

    def deadline(self, limit: Seconds) -> "Deadline":
        """Return a block that may last `limit` [s]."""
        return Deadline(limit)

    def event(self) -> Event:
        """Return a new event."""
        event: Any = asyncio.Event()  # its `wait` returns True where the seam has None
        return event  # type: ignore[no-any-return]

    def semaphore(self, permits: int) -> "Semaphore":
        """Return a new semaphore."""
        return Semaphore(permits)


class Semaphore:
    """asyncio's semaphore with the seam's bound and return type."""

    def __init__(self, permits: int) -> None:
        if permits < 1:
            raise ValueError(f"permits: {permits!r} is not a count >= 1")
        self._semaphore = asyncio.Semaphore(permits)

    async def acquire(self) -> None:
        """Take a permit."""
        await self._semaphore.acquire()

    def release(self) -> None:
        """Give a permit back."""
        self._semaphore.release()


class Deadline:
    """asyncio's timeout with the seam's error."""

    def __init__(self, limit: Seconds) -> None:
        if not limit >= 0:
            raise ValueError(f"limit: {limit!r} is not a duration >= 0 s")
        self._limit = limit
        self._timeout: asyncio.Timeout | None = None

    async def __aenter__(self) -> None:
        endless = self._limit == float("inf")
        self._timeout = asyncio.timeout(None if endless else self._limit)
        await self._timeout.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._timeout is not None
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise DeadlineExceeded(f"not done within {self._limit:g} s") from None
