"""Cores behind lines: a request waits for a worker process, and then for a core.

Both lines are first come, first served, at one event a visit. Polls are a fluid beside them.
"""

import types
from collections.abc import Generator

from coe_twin.models.setup_blocks import Service as ServiceName
from coe_twin.sim_driver.poll_load import PollLoad, Stretch
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.stations import FifoStation
from coe_twin.sim_driver.sync import SimSemaphore


class LinedMachine:
    """The cores of one machine, and a line for them."""

    def __init__(self, runtime: SimRuntime, cores: FifoStation, polls: PollLoad) -> None:
        self._runtime = runtime
        self._cores = cores
        self._polls = polls

    def share(self, name: str) -> FifoStation:
        """Return a program that stands in the line with every request of its own."""
        return self._cores.share(name)

    def workers(self, name: ServiceName, processes: int) -> "LinedWorkers":
        """Return so many processes of a service."""
        return LinedWorkers(
            self._runtime, self._cores.share(name), processes, self._polls.stretches[name]
        )


class LinedWorkers:
    """The worker processes of one service on one controller."""

    __slots__ = ("_cores", "_env", "_slots", "_stretch")

    def __init__(
        self, runtime: SimRuntime, cores: FifoStation, processes: int, stretch: Stretch
    ) -> None:
        self._env = runtime.env
        self._cores = cores
        self._stretch = stretch
        self._slots = SimSemaphore(runtime, processes)

    @types.coroutine
    def run(self, demand: float) -> Generator[object, None, None]:
        """Spend `demand` [s] of one worker's time on one core, longer beside polls."""
        demand *= self._stretch.factor
        arrived = self._env.now
        yield from self._slots.acquire()
        try:
            yield from self._cores.visit(demand, arrived)
        finally:
            self._slots.release()
