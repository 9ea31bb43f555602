"""Controllers: machines whose cores the services on them share.

A request to a service goes to the next controller that runs it (a load balancer in front
of an API, RabbitMQ's round robin in front of a worker), waits there for one of the
service's worker processes, and then for a core. Both lines are first come, first served.
"""

import types
from collections.abc import Awaitable, Generator, Mapping

from models.setup import Setup
from models.setup_blocks import Service as ServiceName
from sim_driver.poll_load import PollLoad
from sim_driver.recorder import Recorder
from sim_driver.runtime import SimRuntime
from sim_driver.stations import FifoStation
from sim_driver.sync import SimSemaphore


class Workers:
    """The worker processes of one service on one controller."""

    __slots__ = ("_cores", "_env", "_load", "_slots")

    def __init__(
        self, runtime: SimRuntime, cores: FifoStation, workers: int, load: PollLoad | None = None
    ) -> None:
        self._env = runtime.env
        self._cores = cores
        self._load = load
        self._slots = SimSemaphore(runtime, workers)

    @types.coroutine
    def run(self, demand: float) -> Generator[object, None, None]:
        """Spend `demand` [s] of one worker's time on one core, longer beside polls."""
        if self._load is not None:
            demand *= self._load.stretch
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


def build_services(
    runtime: SimRuntime, setup: Setup, recorder: Recorder | None, polls: PollLoad
) -> tuple[Mapping[str, Service], tuple[Workers, ...]]:
    """Return all services by name, and Heat's engine processes one by one.

    A stack stays in the engine process that took it, so those are addressed singly; `polls`
    is what they do beside.
    """
    groups: dict[str, list[Workers]] = {}
    engines: list[Workers] = []
    for block in setup.controllers:
        for node in range(block.nodes):
            cores = FifoStation(runtime, f"{block.name}-{node} cores", block.cores, recorder)
            for name, workers in block.services.items():
                view = cores.share(name)
                groups.setdefault(name, []).append(Workers(runtime, view, workers))
                if name == "heat-engine":
                    engines.extend(Workers(runtime, view, 1, polls) for _ in range(workers))
    services = {name: Service(name, tuple(parts)) for name, parts in groups.items()}
    return services, tuple(engines)
