"""Task groups on asyncio's tasks that keep the order of start and raise failures as they are."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar

from tests.oracle.asyncio_loop import SimPyLoop

T = TypeVar("T")


class Guard(Coroutine[Any, Any, None], Generic[T]):
    """A coroutine that keeps what `work` raises and reports its end within its last step.

    asyncio would report it one turn of the loop later. And a coroutine function around `work`
    would not run at all, nor report, when it is cancelled before its first step.
    """

    def __init__(self, work: Coroutine[Any, Any, T], on_done: "Callable[[Guard[T]], None]") -> None:
        self.error: BaseException | None = None
        self.value: T | None = None
        self._work = work
        self._on_done = on_done

    def send(self, value: object) -> object:
        """Take a step."""
        return self._step(self._work.send, value)

    def throw(self, *error: object) -> object:
        """Take a step with an error."""
        return self._step(self._work.throw, *error)

    def close(self) -> None:
        """Close the coroutine."""
        self._work.close()

    def __await__(self) -> NoReturn:
        raise NotImplementedError("only a task drives this")

    def _step(self, step: Callable[..., object], *args: object) -> object:
        try:
            return step(*args)
        except StopIteration as stop:
            self.value = stop.value
        except BaseException as error:  # noqa: BLE001 - the group decides
            self.error = error
        self._on_done(self)
        raise StopIteration


class OracleTask(Generic[T]):
    """A child on an asyncio task."""

    def __init__(self, work: Coroutine[Any, Any, T], on_done: "Callable[[Guard[T]], None]") -> None:
        self._is_done = False
        self._on_done = on_done
        self.guard = Guard(work, self._end)
        self.task = asyncio.get_running_loop().create_task(self.guard)

    def result(self) -> T:
        """Return what the coroutine returned."""
        if not self._is_done:
            raise RuntimeError("the task has not ended")
        if isinstance(self.guard.error, asyncio.CancelledError):
            raise RuntimeError("the task was cancelled")  # noqa: TRY004 - it is no wrong type
        if self.guard.error is not None:
            raise self.guard.error
        value: Any = self.guard.value
        return value  # type: ignore[no-any-return]  # T may be None

    def _end(self, guard: Guard[T]) -> None:
        self._is_done = True
        self._on_done(guard)


class OracleTaskGroup:
    """Children that live no longer than the block that started them."""

    def __init__(self) -> None:
        self._owner: asyncio.Task[Any] | None = None
        self._live: dict[Guard[Any], OracleTask[Any]] = {}
        self._failure: BaseException | None = None
        self._is_empty: asyncio.Future[None] | None = None
        self._is_cancelling = False
        self._has_cancelled_body = False
        self._cancelling = 0

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        assert self._owner is not None
        self._cancelling = self._owner.cancelling()
        return self

    def start(self, work: Coroutine[Any, Any, T]) -> OracleTask[T]:
        """Run `work` beside the caller."""
        task = OracleTask(work, self._child_done)
        self._live[task.guard] = task
        if self._is_cancelling:
            task.task.cancel()
        return task

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._cancel_children()
        cancelled = await self._join()
        assert self._owner is not None
        if self._has_cancelled_body:
            self._owner.uncancel()
        is_cancelled = isinstance(error or cancelled, asyncio.CancelledError)
        is_outer = self._owner.cancelling() > self._cancelling
        if is_cancelled and (is_outer or not self._failure):
            raise error or cancelled  # type: ignore[misc]  # one of them is not None
        if self._failure is not None and (error is None or is_cancelled):
            raise self._failure
        if cancelled is not None and is_outer:
            _renew_cancellation(self._owner)

    async def _join(self) -> BaseException | None:
        first: BaseException | None = None
        while self._live:
            self._is_empty = asyncio.get_running_loop().create_future()
            try:
                await self._is_empty
            except asyncio.CancelledError as cancelled:
                first = first or cancelled
                self._cancel_children()
        return first

    def _cancel_children(self) -> None:
        if not self._is_cancelling:
            self._is_cancelling = True
            for task in list(self._live.values()):
                task.task.cancel()

    def _child_done(self, guard: Guard[Any]) -> None:
        del self._live[guard]
        failure = guard.error
        is_failure = failure is not None and not isinstance(failure, asyncio.CancelledError)
        if is_failure and self._failure is None:
            self._failure = failure
            self._cancel_children()
            if self._is_empty is None:
                assert self._owner is not None
                self._has_cancelled_body = self._owner.cancel()
        if self._is_empty is not None and not self._live and not self._is_empty.done():
            self._is_empty.set_result(None)


def _renew_cancellation(task: asyncio.Task[Any]) -> None:
    """Cancel `task` once more at its next wait, as asyncio.TaskGroup does since Python 3.13."""

    def cancel() -> None:
        if task.cancelling():
            task.cancel()
            task.uncancel()

    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimPyLoop)
    loop.call_after_step(cancel)
