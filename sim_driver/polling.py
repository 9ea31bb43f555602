"""Polls: computed, so that looks that would see nothing new are charged, or all simulated."""

from collections.abc import Callable
from typing import TypeVar

from coe_twin.coe_core.errors import DriverError
from coe_twin.coe_core.polling import LoopPoller, next_tick, pause_after
from coe_twin.coe_core.ports.poller import Look, PollSchedule
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.poll_load import Demands
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.task import NO_TRACE

T = TypeVar("T")

PollCost = Callable[[str], Demands]
"""Gives what one look at a subject takes of each service [s]."""


class LastChange:
    """The path on which a subject last changed, for whoever sees that later."""

    def __init__(self, substrate: Substrate, subject: str) -> None:
        self._substrate = substrate
        self._subject = subject
        self._at: float | None = None
        self._trace = NO_TRACE
        self._is_over = False
        substrate.changes.watch(subject)
        substrate.changes.at_next(subject, self._note)

    def _note(self) -> None:
        runtime = self._substrate.runtime
        if runtime.current is not None:
            self._at, self._trace = runtime.env.now, runtime.current.trace
        if not self._is_over:
            self._substrate.changes.at_next(self._subject, self._note)

    def end(self) -> None:
        """Watch no longer."""
        self._is_over = True
        self._substrate.changes.forget(self._subject)

    def take_over(self, name: str) -> None:
        """Let the running task go on from there; the time since then is a wait for `name`."""
        if self._at is not None:
            self._substrate.runtime.running().trace = self._trace
            self._substrate.world.waited(name, self._at)


class SimulatedPoller:
    """A `Poller` whose looks are all made; what it saw is the consequence of the last change."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._loop = LoopPoller(substrate.runtime)

    async def until(self, subject: str, look: Look[T], schedule: PollSchedule) -> T:
        """Return the first value that `look` returns at a tick of the schedule."""
        change = LastChange(self._substrate, subject)
        try:
            value = await self._loop.until(subject, look, schedule)
            change.take_over("poll interval")
            return value
        finally:
            change.end()


class ComputedPoller:
    """A `Poller` that looks at the first tick, and then only at ticks after a change."""

    def __init__(self, substrate: Substrate, cost: PollCost) -> None:
        self._substrate = substrate
        self._runtime = substrate.runtime
        self._changes = substrate.changes
        self._cost = cost

    async def until(self, subject: str, look: Look[T], schedule: PollSchedule) -> T:
        """Return the first value that `look` returns at a tick of the schedule."""
        self._changes.watch(subject)
        tick = Seconds(self._runtime.now() + schedule.first_after)
        await self._runtime.pause(schedule.first_after)
        try:
            while True:
                seen = self._changes.version(subject)
                try:
                    value = await look()
                except DriverError as error:
                    await self._runtime.pause(pause_after(error))
                else:
                    if value is not None:
                        return value
                    if self._changes.version(subject) == seen:
                        await self._change(subject, schedule.every)
                tick = await self._next(subject, tick, schedule.every)
        finally:
            self._changes.forget(subject)

    async def _next(self, subject: str, tick: Seconds, every: Seconds) -> Seconds:
        """Wait for the next tick, charge what was left out since `tick`, return it."""
        following = next_tick(tick, every, self._runtime.now())
        looks = round((following - tick) / every) - 1
        for service, seconds in self._cost(subject).items():
            self._substrate.charge(service, looks * seconds)
        rest = max(0.0, following - self._runtime.env.now)
        await self._substrate.world.delay("poll interval", rest)
        return following

    async def _change(self, subject: str, every: float) -> None:
        """Return at the next change of `subject`, on the path of whoever made it.

        Until then its polls are a load.
        """
        changed = self._runtime.event()
        self._changes.at_next(subject, changed.set)
        load = self._substrate.poll_load
        load.begin(subject, every, self._cost(subject))
        try:
            await changed.wait()
        finally:
            load.end(subject)
