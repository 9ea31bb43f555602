"""Queueing stations: c servers, one line.

`FifoStation` answers a visit with a single event: it keeps the instants at which its
servers fall free, so the end of a visit is known on entry (Kiefer and Wolfowitz 1955, "On
the theory of queues with many servers"). That is exact for first come, first served,
without pre-emption, with an unlimited line and a service time that is known on entry; a
visitor who is cancelled leaves its work behind. Whatever else is needed (priorities,
withdrawal, a finite line, servers that fail or are added) is in `full_station.FullStation`,
behind the same `Station`.
"""

import types
from collections.abc import Awaitable, Generator
from heapq import heapreplace
from typing import Protocol

from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.task import SUSPENDED


class Station(Protocol):
    """A place where work waits for a server and is served."""

    @property
    def name(self) -> str:
        """What results call this station."""

    @property
    def servers(self) -> int:
        """How many visits it serves at once."""

    def visit(self, demand: float) -> Awaitable[None]:
        """Wait in line, then be served for `demand` >= 0 [s]."""


class FifoStation:
    """A first-come-first-served station at one event per visit.

    Attributes:
        speed: of a server; a demand is the service time at speed 1 [-].
    """

    __slots__ = (
        "_env",
        "_falls_free",
        "_index",
        "_pace",
        "_recorder",
        "_runtime",
        "name",
        "servers",
        "speed",
    )

    def __init__(
        self,
        runtime: SimRuntime,
        name: str,
        servers: int,
        recorder: Recorder | None = None,
        *,
        speed: float = 1.0,
    ) -> None:
        if servers < 1:
            raise ValueError(f"servers: {servers!r} is not a count >= 1")
        if not speed > 0:
            raise ValueError(f"speed: {speed!r} is not a number > 0")
        self.name = name
        self.servers = servers
        self.speed = speed
        self._pace = 1.0 / speed
        self._runtime = runtime
        self._env = runtime.env
        self._recorder = recorder
        self._index = recorder.index(name) if recorder is not None else 0
        self._falls_free = [0.0] * servers

    def share(self, name: str) -> "FifoStation":
        """Return a station of another name in front of the same servers and the same line."""
        other = FifoStation(self._runtime, name, self.servers, self._recorder, speed=self.speed)
        other._falls_free = self._falls_free
        return other

    @types.coroutine
    def visit(self, demand: float, arrived: float | None = None) -> Generator[object, None, None]:
        """Wait in line, then be served for `demand` >= 0 [s] over the servers' speed.

        `arrived` is an earlier instant from which the wait counts, for a visitor that
        stood in another line of the same service before.
        """
        task = self._runtime.current
        assert task is not None, "only a task can visit a station"
        now = self._env.now
        falls_free = self._falls_free
        start = falls_free[0]
        if start < now:  # noqa: PLR1730 - a call to max() is what this avoids
            start = now
        end = start + demand * self._pace
        heapreplace(falls_free, end)
        if self._recorder is not None:
            task.trace = self._recorder.add(
                self._index,
                task.role,
                now if arrived is None else arrived,
                start,
                end,
                task.trace,
            )
        task.resume_after(end - now)
        yield SUSPENDED
