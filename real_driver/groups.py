"""Task groups on anyio that keep the order of start and raise failures as they are."""

from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, NoReturn, Self, TypeVar, cast

import anyio
from anyio.abc import TaskGroup

T = TypeVar("T")


class AnyioTask(Generic[T]):
    """A child with a cancel scope of its own."""

    def __init__(
        self, work: Coroutine[Any, Any, T], on_done: "Callable[[AnyioTask[T]], None]"
    ) -> None:
        self.error: BaseException | None = None
        self._work = work
        self._on_done = on_done
        self._scope = anyio.CancelScope()
        self._is_done = False
        self._is_cancelled = False
        self._value: T | None = None

    def result(self) -> T:
        """Return what the coroutine returned.

        Raises:
            RuntimeError: the task has not ended, or was cancelled.
        """
        if not self._is_done:
            raise RuntimeError("the task has not ended")
        if self._is_cancelled:
            raise RuntimeError("the task was cancelled")
        if self.error is not None:
            raise self.error
        return cast("T", self._value)

    def cancel(self) -> None:
        """Cancel the task at its present wait; before its first step, it takes none."""
        self._scope.cancel()

    async def run(self) -> None:
        """Run to the end; what the coroutine raises is kept, not raised."""
        self._is_cancelled = True
        try:
            with self._scope:
                await self._step_to_end()
        finally:
            self._is_done = True
            self._on_done(self)

    async def _step_to_end(self) -> None:
        if self._scope.cancel_called:
            self._work.close()
            return
        try:
            self._value = await self._work
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001 - the group decides
            self.error = error
        self._is_cancelled = False


class AnyioTaskGroup:
    """Children that live no longer than the block that started them."""

    def __init__(self, nursery: TaskGroup) -> None:
        self._nursery = nursery
        self._body = anyio.CancelScope()
        self._live: dict[AnyioTask[Any], None] = {}
        self._is_empty = anyio.Event()
        self._failure: BaseException | None = None
        self._is_open = False
        self._is_joining = False
        self._is_cancelling = False

    async def __aenter__(self) -> Self:
        self._body.__enter__()
        self._is_open = True
        return self

    def start(self, work: Coroutine[Any, Any, T]) -> AnyioTask[T]:
        """Run `work` beside the caller.

        Raises:
            RuntimeError: the block of the group was not entered, or is left.
        """
        if not self._is_open:
            work.close()
            raise RuntimeError("the group is not open")
        task = AnyioTask(work, self._child_done)
        self._live[task] = None
        self._nursery.start_soon(task.run)
        if self._is_cancelling:
            task.cancel()
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
        self._is_open = False
        error = error or cancelled
        is_ours = self._body.__exit__(None if error is None else type(error), error, trace)
        if self._failure is not None and (error is None or is_ours):
            _raise_as_it_was(self._failure)
        if error is cancelled and cancelled is not None:
            raise cancelled

    async def _join(self) -> BaseException | None:
        self._is_joining = True
        try:
            await self._until_empty()
        except anyio.get_cancelled_exc_class() as cancelled:
            self._cancel_children()
            with anyio.CancelScope(shield=True):
                await self._until_empty()
            return cancelled
        return None

    async def _until_empty(self) -> None:
        while self._live:
            self._is_empty = anyio.Event()
            await self._is_empty.wait()

    def _cancel_children(self) -> None:
        if not self._is_cancelling:
            self._is_cancelling = True
            for task in list(self._live):
                task.cancel()

    def _child_done(self, task: AnyioTask[Any]) -> None:
        del self._live[task]
        if not self._live:
            self._is_empty.set()
        if task.error is not None and self._failure is None:
            self._failure = task.error
            self._cancel_children()
            if not self._is_joining:
                self._body.cancel()


def _raise_as_it_was(error: BaseException) -> NoReturn:
    """Raise without making the cancellation that `error` caused the context of `error`."""
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context
