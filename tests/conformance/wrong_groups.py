"""Task groups and tasks that break one rule each, on purpose."""

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, TypeVar, cast

from coe_twin.sim_driver.cancellation import Cancelled
from coe_twin.sim_driver.groups import SimTaskGroup
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SUSPENDED, SimTask

T = TypeVar("T")
OnDone = Callable[[SimTask[T], BaseException | None], None]


class DoesNotWait(SimTaskGroup):
    async def _join(self) -> Cancelled | None:
        return None


class LeavesSiblingsRunning(SimTaskGroup):
    def _cancel_children(self) -> None:
        pass


class CancelsInReverse(SimTaskGroup):
    def _cancel_children(self) -> None:
        self._live = dict(reversed(self._live.items()))
        super()._cancel_children()


class RaisesBeforeSiblingsEnd(SimTaskGroup):
    async def _join(self) -> Cancelled | None:
        self._is_joining = True
        while self._live and self._failure is None:
            await self._runtime.park()
        self._is_joining = False
        return None

    def _child_done(self, task: SimTask[Any], error: BaseException | None) -> None:
        super()._child_done(task, error)
        if self._is_joining and self._live and self._failure is not None:
            cast("SimTask[Any]", self._owner).unpark()
            self._is_joining = False


class RaisesTheLastFailure(SimTaskGroup):
    def _child_done(self, task: SimTask[Any], error: BaseException | None) -> None:
        super()._child_done(task, error)
        if error is not None and not isinstance(error, Cancelled):
            self._failure = error


class RaisesAGroup(SimTaskGroup):
    def _leave(self, error: BaseException | None, cancelled: Cancelled | None) -> None:
        try:
            super()._leave(error, cancelled)
        except Exception as failure:  # noqa: BLE001 - it is wrong
            raise ExceptionGroup("children failed", [failure]) from None


class LetsTheBodyGoOn(SimTaskGroup):
    def _child_done(self, task: SimTask[Any], error: BaseException | None) -> None:
        if self._is_joining or error is None:
            super()._child_done(task, error)
        else:
            del self._live[task]
            self._failure = error


class RaisesTheChildsError(SimTaskGroup):
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if self._failure is not None:
            raise self._failure


class _Filter(Coroutine[Any, Any, T]):
    """A coroutine whose steps can be tampered with."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.work = work

    def send(self, value: object) -> object:
        return self.work.send(value)

    def throw(self, *error: object) -> object:
        return cast("Any", self.work).throw(*error)

    def close(self) -> None:
        self.work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self.work.__await__()


class _Softly(_Filter[T]):
    class Soft(Cancelled, Exception):
        pass

    def throw(self, *error: object) -> object:
        soft = self.Soft() if isinstance(error[0], Cancelled) else error[0]
        return super().throw(soft)


class _Vaguely(_Filter[T]):
    def send(self, value: object) -> object:
        yielded = self.work.send(value)
        while yielded is not SUSPENDED:
            yielded = self.work.throw(RuntimeError("cannot await that"))
        return yielded


class CancelsByException(SimRuntime):
    def spawn(self, work: Coroutine[Any, Any, T], on_done: OnDone[T]) -> SimTask[T]:
        return super().spawn(_Softly(work), on_done)


class SaysNotWhatWasAwaited(SimRuntime):
    def spawn(self, work: Coroutine[Any, Any, T], on_done: OnDone[T]) -> SimTask[T]:
        return super().spawn(_Vaguely(work), on_done)


class _SharedContext:
    def run(self, step: Callable[..., T], *args: object) -> T:
        return step(*args)


class SharesContexts(SimRuntime):
    def spawn(self, work: Coroutine[Any, Any, T], on_done: OnDone[T]) -> SimTask[T]:
        task = super().spawn(work, on_done)
        task.context = cast("Any", _SharedContext())
        return task


class HasResultsEarly(SimTask[T]):
    def result(self) -> T:
        return cast("T", self._value)


class ForgetsACancellation(SimTask[T]):
    def renew_cancellation(self) -> None:
        pass


class LosesResults(SimTask[T]):
    def result(self) -> T:
        super().result()
        return cast("T", None)
