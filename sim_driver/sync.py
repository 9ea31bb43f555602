"""Events and semaphores in virtual time."""

import types
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coe_twin.sim_driver.runtime import SimRuntime
    from coe_twin.sim_driver.task import SimTask


class SimEvent:
    """A flag that is set once; a waiter goes on from the path of the task that set it."""

    __slots__ = ("_is_set", "_runtime", "_waiters")

    def __init__(self, runtime: "SimRuntime") -> None:
        self._runtime = runtime
        self._is_set = False
        self._waiters: list[SimTask[Any]] = []

    def is_set(self) -> bool:
        """Return whether the flag is set."""
        return self._is_set

    def set(self) -> None:
        """Set the flag and wake the waiters in the order in which they came."""
        if self._is_set:
            return
        self._is_set = True
        setter = self._runtime.current
        for task in self._waiters:
            if task.unpark() and setter is not None:
                task.trace = setter.trace
        self._waiters = []

    async def wait(self) -> None:
        """Return once the flag is set."""
        if self._is_set:
            return
        task = self._runtime.running()
        self._waiters.append(task)
        try:
            await self._runtime.park()
        except BaseException:
            if task in self._waiters:
                self._waiters.remove(task)
            raise


class SimSemaphore:
    """Permits in the order of asking; without contention they cost no event."""

    __slots__ = ("_permits", "_runtime", "_waiters")

    def __init__(self, runtime: "SimRuntime", permits: int) -> None:
        if permits < 1:
            raise ValueError(f"permits: {permits!r} is not a count >= 1")
        self._runtime = runtime
        self._permits = permits
        self._waiters: deque[SimTask[Any]] = deque()

    @types.coroutine
    def acquire(self) -> Generator[object, None, None]:
        """Take a permit, waiting in line for one."""
        if self._permits:
            self._permits -= 1
            return
        task = self._runtime.running()
        self._waiters.append(task)
        try:
            yield from self._runtime.park()
        except BaseException:
            if task in self._waiters:
                self._waiters.remove(task)
            else:
                self.release()
            raise

    def release(self) -> None:
        """Hand the permit to the first waiter that is not cancelled, or keep it."""
        for task in self._waiters:
            if task.unpark():
                self._waiters.remove(task)
                return
        self._permits += 1
