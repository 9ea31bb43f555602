"""Controllers: machines whose cores the services on them share.

A request to a service goes to the next controller that runs it (a load balancer in front
of an API, RabbitMQ's round robin in front of a worker), waits there for one of the
service's worker processes, and then for a core. Both lines are first come, first served.
"""

import types
from collections.abc import Awaitable, Generator, Mapping
from dataclasses import dataclass

from models.setup import Setup
from models.setup_blocks import Service as ServiceName
from sim_driver.poll_load import PollLoad, Stretch
from sim_driver.recorder import Recorder
from sim_driver.runtime import SimRuntime
from sim_driver.stations import FifoStation
from sim_driver.sync import SimSemaphore


class Workers:
    """The worker processes of one service on one controller."""

    __slots__ = ("_cores", "_env", "_slots", "_stretch")

    def __init__(
        self, runtime: SimRuntime, cores: FifoStation, workers: int, stretch: Stretch
    ) -> None:
        self._env = runtime.env
        self._cores = cores
        self._stretch = stretch
        self._slots = SimSemaphore(runtime, workers)

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


class Service:
    """One service on all the controllers that run it."""

    __slots__ = ("_groups", "_turn", "name")

    def __init__(self, name: str, groups: tuple[Workers, ...]) -> None:
        self.name = name
        self._groups = groups
        self._turn = 0

    def run(self, demand: float) -> Awaitable[None]:
        """Spend `demand` [s] on the next controller in turn."""
        turn = self._turn
        self._turn = turn + 1 if turn + 1 < len(self._groups) else 0
        return self._groups[turn].run(demand)


def processes(setup: Setup, service: ServiceName) -> int:
    """Return how many worker processes a service has over all controllers."""
    return sum(block.nodes * block.services.get(service, 0) for block in setup.controllers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controllers:
    """All controllers of a set-up.

    A stack stays in the engine process that took it, so `engines` are addressed singly.
    `cores` are those of each machine of a group, by the group's name.
    """

    services: Mapping[str, Service]
    engines: tuple[Workers, ...]
    cores: Mapping[str, tuple[FifoStation, ...]]


def build_controllers(
    runtime: SimRuntime, setup: Setup, recorder: Recorder | None, polls: PollLoad
) -> Controllers:
    """Return the controllers of `setup`; `polls` is what they do beside."""
    groups: dict[str, list[Workers]] = {}
    engines: list[Workers] = []
    cores: dict[str, tuple[FifoStation, ...]] = {}
    for block in setup.controllers:
        cores[block.name] = tuple(
            FifoStation(runtime, f"{block.name}-{node} cores", block.cores, recorder)
            for node in range(block.nodes)
        )
        for machine in cores[block.name]:
            for name, workers in block.services.items():
                view, stretch = machine.share(name), polls.stretches[name]
                groups.setdefault(name, []).append(Workers(runtime, view, workers, stretch))
                if name == "heat-engine":
                    engines.extend(Workers(runtime, view, 1, stretch) for _ in range(workers))
    services = {name: Service(name, tuple(parts)) for name, parts in groups.items()}
    return Controllers(services=services, engines=tuple(engines), cores=cores)
