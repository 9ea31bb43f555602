"""Cores that are shared: every process gets its part of them, every request its part of a process.

The kernel divides a machine's cores evenly among the processes that have work, at most one core
to a process. An OpenStack service is an event loop over greenthreads that yield at each query, so
a process divides its part evenly among the requests in it: egalitarian processor sharing on two
levels. A short request overtakes a long one, which it does not in a line (`sim_driver.lines`); that
matters where short polls meet long creations on busy cores, and it costs several events a visit.

Each group of processes keeps a clock of the service that a request in it has had; a request leaves
when that clock has moved by its demand (Kleinrock 1976, "Queueing Systems" II, 4.4).
"""

import types
from collections.abc import Generator
from heapq import heapify, heappop, heappush
from typing import Any, Final

import simpy

from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SUSPENDED, SimTask

ROUNDING_S: Final = 1e-9
"""Work that is taken as done [s]: more than sums of floats are off by, and nothing to a service."""

NEVER: Final = float("inf")

_Request = tuple[float, int, SimTask[Any]]
"""The reading of the group's clock at which it is served, its number, and who waits for it."""


class SharedMachine:
    """The cores of one machine."""

    def __init__(
        self, runtime: SimRuntime, cores: int, recorder: Recorder | None, speed: float
    ) -> None:
        self.runtime = runtime
        self.recorder = recorder
        self.speed = speed
        self._cores = cores
        self._busy: dict[Share, None] = {}
        self._since = 0.0
        self._timer: simpy.Event | None = None
        self._rings_at = NEVER

    def share(self, name: str) -> "Share":
        """Return a program with a thread for each core."""
        return self.workers(name, self._cores)

    def workers(self, name: str, processes: int) -> "Share":
        """Return so many processes of a service."""
        return Share(self, name, processes)

    def advance(self) -> None:
        """Bring the clocks of all groups up to now."""
        now = self.runtime.env.now
        passed = now - self._since
        self._since = now
        if passed > 0.0:
            for share in self._busy:
                share.clock += passed * share.rate

    def settle(self) -> None:
        """Divide the cores anew among those who are there, and wake when the first is served."""
        busy = 0
        for share in list(self._busy):
            if not share.requests:
                del self._busy[share]
            busy += min(share.servers, len(share.requests))
        part = self.speed * min(1.0, self._cores / busy) if busy else 0.0
        nearest = NEVER
        for share in self._busy:
            share.rate = part * min(1.0, share.servers / len(share.requests))
            nearest = min(nearest, (share.requests[0][0] - share.clock) / share.rate)
        self._wake_after(max(0.0, nearest))

    def enter(self, share: "Share") -> None:
        """Count a group among those with work."""
        self._busy[share] = None

    def _wake_after(self, delay: float) -> None:
        """See to it that the timer rings then, or earlier: who is rung too early looks again."""
        env = self.runtime.env
        if delay < NEVER and env.now + delay < self._rings_at:
            self._rings_at = env.now + delay
            self._timer = env.timeout(delay)
            self._timer.callbacks.append(self._ring)

    def _ring(self, timer: simpy.Event) -> None:
        if timer is not self._timer:
            return
        self._rings_at = NEVER
        self.advance()
        for share in self._busy:
            share.dismiss()
        self.settle()


class Share:
    """Processes of one service on one machine, or another program there.

    Attributes:
        name: what results call it.
        servers: how many cores it can use at once.
        clock: the service that each request has had since the group was idle [s].
        rate: of that clock [-].
        requests: a heap of those that are not served yet.
    """

    __slots__ = (
        "_entries",
        "_index",
        "_machine",
        "clock",
        "name",
        "rate",
        "requests",
        "servers",
    )

    def __init__(self, machine: SharedMachine, name: str, servers: int) -> None:
        self.name = name
        self.servers = servers
        self.clock = 0.0
        self.rate = 0.0
        self.requests: list[_Request] = []
        self._machine = machine
        self._entries = 0
        recorder = machine.recorder
        self._index = recorder.index(name) if recorder is not None else 0

    @types.coroutine
    def visit(self, demand: float) -> Generator[object, None, None]:
        """Have `demand` >= 0 [s] of a core at speed 1 done, beside all others.

        What is recorded as wait is the time that others took. Who is cancelled leaves at once.
        """
        machine = self._machine
        runtime = machine.runtime
        task, arrived = runtime.running(), runtime.env.now
        request = self._enter(task, demand)
        try:
            yield SUSPENDED
        except BaseException:
            self._withdraw(request)
            raise
        recorder = machine.recorder
        if recorder is not None:
            now = runtime.env.now
            started = max(arrived, now - demand / machine.speed)
            task.trace = recorder.add(self._index, task.role, arrived, started, now, task.trace)

    run = visit

    def dismiss(self) -> None:
        """Wake all whose demand is done."""
        served = self.clock + ROUNDING_S
        while self.requests and self.requests[0][0] <= served:
            heappop(self.requests)[2].unpark()

    def _enter(self, task: SimTask[Any], demand: float) -> _Request:
        machine = self._machine
        machine.advance()
        if not self.requests:
            self.clock = 0.0  # an hour of service would cost digits
            machine.enter(self)
        self._entries += 1
        request = (self.clock + demand, self._entries, task)
        heappush(self.requests, request)
        machine.settle()
        return request

    def _withdraw(self, request: _Request) -> None:
        if request in self.requests:
            self._machine.advance()
            self.requests.remove(request)
            heapify(self.requests)
            self._machine.settle()
