"""The station with priorities, withdrawal, a finite line, and servers that come and go.

Where none of that is needed, `sim_driver.stations.FifoStation` gives the same answers for less.

A visit suspends once: whoever frees a server starts the service of the next in line by
scheduling that task's wake-up for the end of its service. So a waiter has no step of its
own between the line and the server, and nothing can come between.
"""

import types
from collections.abc import Generator
from heapq import heappop, heappush
from typing import Any, Final

from coe_twin.coe_core.errors import CoeError
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SUSPENDED, SimTask

NOT_STARTED: Final = -1.0


class StationFull(CoeError):
    """Every server is busy and the waiting room has no place left."""


class _Visit:
    """One visitor, in line until `started` is set."""

    __slots__ = ("demand", "has_left", "started", "task")

    def __init__(self, task: SimTask[Any], demand: float) -> None:
        self.task = task
        self.demand = demand
        self.started = NOT_STARTED
        self.has_left = False


class FullStation:
    """A station with priorities, withdrawal, a finite line and servers that come and go.

    A visitor who is cancelled in line leaves the line; one who is cancelled in service
    frees its server at once. Rows are recorded when a visitor leaves, for whatever reason;
    who leaves from the line has a service of length 0.

    Attributes:
        name: what results call this station.
        room: places in the line, those in service not counted; None is without limit.
        blocked: visits that found the line full.
    """

    __slots__ = (
        "_busy",
        "_entries",
        "_index",
        "_line",
        "_recorder",
        "_runtime",
        "_servers",
        "_waiting",
        "blocked",
        "name",
        "room",
    )

    def __init__(
        self,
        runtime: SimRuntime,
        name: str,
        servers: int,
        recorder: Recorder | None = None,
        *,
        room: int | None = None,
    ) -> None:
        if servers < 1:
            raise ValueError(f"servers: {servers!r} is not a count >= 1")
        if room is not None and room < 0:
            raise ValueError(f"room: {room!r} is neither a count >= 0 nor None")
        self.name = name
        self.room = room
        self.blocked = 0
        self._servers = servers
        self._runtime = runtime
        self._recorder = recorder
        self._index = recorder.index(name) if recorder is not None else 0
        self._busy = 0
        self._waiting = 0
        self._entries = 0
        # Who left the line stays in the heap, marked, until it comes to the top.
        self._line: list[tuple[int, int, _Visit]] = []

    @property
    def servers(self) -> int:
        """How many visits it serves at once."""
        return self._servers

    @property
    def busy(self) -> int:
        """How many visits are in service; more than `servers` while it shrinks."""
        return self._busy

    @property
    def waiting(self) -> int:
        """How many visits are in line."""
        return self._waiting

    def set_servers(self, servers: int) -> None:
        """Take servers away, each after its present visit, or add some, which start at once.

        Raises:
            ValueError: `servers` is negative; 0 is an outage.
        """
        if servers < 0:
            raise ValueError(f"servers: {servers!r} is not a count >= 0")
        self._servers = servers
        self._call()

    @types.coroutine
    def visit(self, demand: float, priority: int = 0) -> Generator[object, None, None]:
        """Wait in line, then be served for `demand` >= 0 [s].

        Args:
            demand: time with a server [s].
            priority: lower goes first, without pre-emption; among equals, first come.

        Raises:
            StationFull: there is neither a free server nor a place in line.
            ValueError: `demand` is negative or not a number.
        """
        if not demand >= 0:
            raise ValueError(f"demand: {demand!r} is not a duration >= 0 s")
        visit = _Visit(self._runtime.running(), demand)
        arrived = self._runtime.env.now
        self._enter(visit, priority)
        try:
            yield SUSPENDED
        finally:
            self._leave(visit, arrived)

    def _enter(self, visit: _Visit, priority: int) -> None:
        # With a server free nobody is in line, because whoever frees one calls the next.
        if self._busy < self._servers:
            self._serve(visit)
            return
        if self.room is not None and self._waiting >= self.room:
            self.blocked += 1
            raise StationFull(f"{self.name}: {self._waiting} in line, room for {self.room}")
        self._waiting += 1
        self._entries += 1
        heappush(self._line, (priority, self._entries, visit))

    def _serve(self, visit: _Visit) -> None:
        self._busy += 1
        visit.started = self._runtime.env.now
        visit.task.resume_after(visit.demand)

    def _call(self) -> None:
        """Start the service of those in line for whom there is a server."""
        while self._line and self._busy < self._servers:
            visit = heappop(self._line)[2]
            # An interrupted task is about to leave; to schedule it again would be a second wake-up.
            if not visit.has_left and not visit.task.is_interrupted:
                self._waiting -= 1
                self._serve(visit)

    def _leave(self, visit: _Visit, arrived: float) -> None:
        now = self._runtime.env.now
        started = visit.started
        if started == NOT_STARTED:
            started = now
            visit.has_left = True
            self._waiting -= 1
        else:
            self._busy -= 1
            self._call()
        if self._recorder is not None:
            task = visit.task
            task.trace = self._recorder.add(
                self._index, task.role, arrived, started, now, task.trace
            )
