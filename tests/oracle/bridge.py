"""Simulated services that asyncio tasks call, on one SimPy environment.

A call costs no turn of either queue, so order within an instant is that of a direct `await`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from coe_twin.sim_driver.cancellation import Cancelled
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SimTask, Wake
from tests.oracle.asyncio_loop import AT_ONCE, SimPyLoop

T = TypeVar("T")


class SimCall(asyncio.Future[T], Generic[T]):
    """The end of a simulated coroutine, for an asyncio task to await."""

    def __init__(self, loop: SimPyLoop, runtime: SimRuntime, work: Coroutine[Any, Any, T]) -> None:
        super().__init__(loop=loop)
        self._sim_loop = loop
        self._message: object = None
        self._task = runtime.spawn(work, self._end)
        _hurry(self._task)

    def cancel(self, msg: object = None) -> bool:
        """Interrupt the simulated coroutine; once that has ended, so has this."""
        if self.done():
            return False
        self._message = msg
        if self._sim_loop.is_at_once:
            self._task.expire(self)
        else:
            self._task.interrupt(self)
        return True

    def _end(self, task: SimTask[T], error: BaseException | None) -> None:
        with self._sim_loop.at_once():
            if isinstance(error, Cancelled):
                super().cancel(self._message)
            elif error is not None:
                self.set_exception(error)
            else:
                self.set_result(task.result())


def _hurry(task: SimTask[Any]) -> None:
    """Let a new task take its first step before all else that is due now."""
    first = task.wake.callbacks
    task.wake.callbacks = []
    task.wake = Wake(task.runtime.env)
    task.wake.callbacks = first
    task.runtime.env.schedule(task.wake, AT_ONCE)


class BridgedCloud:
    """A simulated cloud whose every async method an asyncio task can await."""

    def __init__(self, cloud: object, runtime: SimRuntime) -> None:
        self._cloud = cloud
        self._runtime = runtime

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, object]]:
        method = getattr(self._cloud, name)

        async def call(*args: object, **kwargs: object) -> object:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, SimPyLoop)
            return await SimCall(loop, self._runtime, method(*args, **kwargs))

        return call
