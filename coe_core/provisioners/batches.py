"""Work on many indexes under a batching policy."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import assert_never

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.policies import BatchingPolicy, Dispatch, HoldUntil, Waiting
from coe_twin.coe_core.ports.runtime import Event, Runtime, TaskGroup
from coe_twin.coe_core.units import Seconds

Work = Callable[[int], Awaitable[None]]


class Batches:
    """One run of a batching policy over a fixed set of indexes."""

    def __init__(self, runtime: Runtime, policy: BatchingPolicy, work: Work) -> None:
        self._runtime = runtime
        self._policy = policy
        self._work = work
        self._in_flight = 0
        self._changed: Event = runtime.event()

    async def run(self, indexes: Iterable[int]) -> None:
        """Do the work for each of `indexes`; the first failure cancels what is in flight."""
        now = self._runtime.now()
        queue = deque(Waiting(index, now) for index in indexes)
        async with self._runtime.task_group() as group:
            while queue:
                match self._policy.decide(tuple(queue), self._in_flight, self._runtime.now()):
                    case Dispatch(indexes=chosen):
                        for index in chosen:
                            queue.popleft()
                            self._start(group, index)
                    case HoldUntil(at=at):
                        await self._hold(at)
                    case decision:
                        assert_never(decision)

    def _start(self, group: TaskGroup, index: int) -> None:
        self._in_flight += 1
        group.start(self._do(index))

    async def _do(self, index: int) -> None:
        await self._work(index)
        self._in_flight -= 1
        changed, self._changed = self._changed, self._runtime.event()
        changed.set()

    async def _hold(self, until: Seconds) -> None:
        changed = self._changed
        try:
            async with self._runtime.deadline(Seconds(max(0.0, until - self._runtime.now()))):
                await changed.wait()
        except DeadlineExceeded:
            return
