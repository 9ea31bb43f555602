"""Task groups in virtual time; unlike asyncio's they keep the order of insertion."""

from collections.abc import Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, cast

from coe_twin.sim_driver.cancellation import Cancelled

if TYPE_CHECKING:
    from coe_twin.sim_driver.runtime import SimRuntime
    from coe_twin.sim_driver.task import SimTask

T = TypeVar("T")


class SimTaskGroup:
    """Children that live no longer than the block that started them."""

    def __init__(self, runtime: "SimRuntime") -> None:
        self._runtime = runtime
        self._owner: SimTask[Any] | None = None
        self._live: dict[SimTask[Any], None] = {}
        self._failure: BaseException | None = None
        self._is_open = False
        self._is_joining = False
        self._is_cancelling = False

    async def __aenter__(self) -> Self:
        self._owner = self._runtime.running()
        self._is_open = True
        return self

    def start(self, work: Coroutine[Any, Any, T]) -> "SimTask[T]":
        """Run `work` beside the caller.

        Raises:
            RuntimeError: the block of the group was not entered, or is left.
        """
        if not self._is_open:
            work.close()
            raise RuntimeError("the group is not open")
        task = self._runtime.spawn(work, self._child_done)
        self._live[task] = None
        if self._is_cancelling:
            task.interrupt(self)
        return task

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, GeneratorExit):
            self._close_children()
            return
        if error is not None:
            self._cancel_children()
        cancelled = await self._join()
        self._is_open = False
        self._leave(error, cancelled)

    async def _join(self) -> Cancelled | None:
        cancelled = None
        self._is_joining = True
        while self._live:
            try:
                await self._runtime.park()
            except Cancelled as error:
                cancelled = error
                self._cancel_children()
            except GeneratorExit:
                self._close_children()
                raise
        return cancelled

    def _leave(self, error: BaseException | None, cancelled: Cancelled | None) -> None:
        owner = cast("SimTask[Any]", self._owner)
        reasons = owner.reasons
        if self in reasons:
            reasons.remove(self)
        if error is None:
            error = cancelled
        elif cancelled is not None and reasons and not isinstance(error, Cancelled):
            owner.renew_cancellation()  # it came second, but must not be lost
        if isinstance(error, Cancelled) and (reasons or self._failure is None):
            raise error
        if self._failure is not None and (error is None or isinstance(error, Cancelled)):
            _raise_as_it_was(self._failure)

    def _cancel_children(self) -> None:
        if not self._is_cancelling:
            self._is_cancelling = True
            for task in list(self._live):
                task.interrupt(self)

    def _close_children(self) -> None:
        self._is_open = False
        for task in list(self._live):
            task.close()

    def _child_done(self, task: "SimTask[Any]", error: BaseException | None) -> None:
        del self._live[task]
        owner = cast("SimTask[Any]", self._owner)
        if error is not None and not isinstance(error, Cancelled) and self._failure is None:
            self._failure = error
            self._cancel_children()
            if not self._is_joining:
                owner.interrupt(self)
        if self._is_joining and not self._live and owner.unpark():
            owner.trace = task.trace


def _raise_as_it_was(error: BaseException) -> NoReturn:
    """Raise without making the cancellation that `error` caused the context of `error`."""
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context
