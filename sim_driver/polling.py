"""Polls that are computed: looks that would see nothing new are charged, not simulated."""

from collections.abc import Callable
from typing import TypeVar

from coe_core.errors import DriverError
from coe_core.polling import next_tick, pause_after
from coe_core.ports.poller import Look, PollSchedule
from coe_core.units import Seconds
from sim_driver.poll_load import Demands
from sim_driver.substrate import Substrate

T = TypeVar("T")

PollCost = Callable[[str], Demands]
"""Gives what one look at a subject takes of each service [s]."""


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
