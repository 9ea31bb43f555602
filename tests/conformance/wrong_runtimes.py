"""Runtimes that break one rule of time, order or waiting each, on purpose."""

from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, TypeVar, cast

import simpy

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cancellation import Cancelled, Deadline
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.sync import SimEvent, SimSemaphore

T = TypeVar("T")


class StartsLate(SimRuntime):
    def __init__(self) -> None:
        super().__init__()
        self.env = simpy.Environment(100.0)


class GoesBack(SimRuntime):
    def now(self) -> Seconds:
        return Seconds(-super().now())


class SleepsTooShort(SimRuntime):
    async def sleep(self, delay: Seconds) -> None:
        await super().sleep(Seconds(0.9 * delay))


class DoesNotGiveWay(SimRuntime):
    async def sleep(self, delay: Seconds) -> None:
        if delay != 0.0:
            await super().sleep(delay)


class SleepsNegative(SimRuntime):
    async def sleep(self, delay: Seconds) -> None:
        await super().sleep(Seconds(abs(delay)))


class SleepsWhenNotANumber(SimRuntime):
    async def sleep(self, delay: Seconds) -> None:
        if delay < 0:
            raise ValueError("not a duration")
        await super().sleep(max(Seconds(0.0), delay))


class HasAnyLimit(SimRuntime):
    def deadline(self, limit: Seconds) -> Deadline:
        return super().deadline(limit if limit >= 0 else Seconds(float("inf")))


class SwallowsTheDeadline(Deadline):
    async def __aexit__(self, *error: object) -> bool:  # type: ignore[override]  # it is wrong
        with suppress(DeadlineExceeded):
            await super().__aexit__(*cast("Any", error))
        return isinstance(error[1], Cancelled)


class ChecksTheLimitAtTheEnd(Deadline):
    def _expire(self, _timer: object) -> None:
        self._has_expired = True

    async def __aexit__(self, *error: object) -> None:
        if self._has_expired:
            raise DeadlineExceeded("not done in time")


class TakesHalfTheLimit(Deadline):
    def __init__(self, runtime: SimRuntime, limit: Seconds) -> None:
        super().__init__(runtime, Seconds(limit / 2))


class ExpiresForGood(Deadline):
    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*cast("Any", error))
        if isinstance(error[1], Exception):
            raise DeadlineExceeded("not done in time")


class TakesAnyCancellationForItsOwn(Deadline):
    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*cast("Any", error))
        if isinstance(error[1], Cancelled):
            raise DeadlineExceeded("not done in time")


class KeepsTheFirstLimit(Deadline):
    async def __aenter__(self) -> None:
        await super().__aenter__()
        task = self._runtime.running()
        if task.role and self._timer is not None:
            self._timer.callbacks.clear()
        task.role = 1


class ExpiresLate(Deadline):
    def _expire(self, _timer: object) -> None:
        self._has_expired = True
        cast("Any", self._owner).interrupt(self)


class RunsEveryTimer(SimRuntime):
    def run(self, main: Coroutine[Any, Any, T]) -> T:
        result = super().run(main)
        self.env.run()
        return result


class WakesInReverse(SimEvent):
    def set(self) -> None:
        self._waiters.reverse()
        super().set()


class WakesOne(SimEvent):
    def set(self) -> None:
        del self._waiters[1:]
        super().set()


class ForgetsThatItIsSet(SimEvent):
    def set(self) -> None:
        super().set()
        self._is_set = False


class StopsAtTheCancelled(SimEvent):
    def set(self) -> None:
        while self._waiters and self._waiters.pop(0).unpark():
            pass
        self._is_set = True


class LastInFirstOut(SimSemaphore):
    def release(self) -> None:
        self._waiters.reverse()
        super().release()
        self._waiters.reverse()


class LetsOthersJumpTheLine(SimSemaphore):
    def release(self) -> None:
        self._permits += 1
        if self._waiters:
            self._runtime.serve(self._pass_on())

    async def _pass_on(self) -> None:
        if self._permits and self._waiters:
            self._permits -= 1
            super().release()


class HasOneMore(SimSemaphore):
    def __init__(self, runtime: SimRuntime, permits: int) -> None:
        super().__init__(runtime, permits)
        self._permits += 1


class GivesToTheCancelled(SimSemaphore):
    def release(self) -> None:
        if not (self._waiters and self._waiters[0].is_interrupted):
            super().release()


class StaysInLine(SimSemaphore):
    async def acquire(self) -> None:  # type: ignore[override]  # the right one is a generator
        line = deque(self._waiters)
        try:
            await super().acquire()
        except Cancelled:
            self._waiters = line
            self._waiters.append(self._runtime.running())
            raise


class KeepsThePermitOfTheCancelled(SimSemaphore):
    def release(self) -> None:
        if not self._runtime.running().reasons:
            super().release()


class ClosesInReverse(SimRuntime):
    def close(self) -> None:
        self._unfinished = dict(reversed(self._unfinished.items()))
        super().close()


class RunsTheLatestFirst(SimRuntime):
    def __init__(self) -> None:
        super().__init__()
        cast("Any", self.env)._eid = cast("Iterator[int]", count(0, -1))
