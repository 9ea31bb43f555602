"""Controllers: machines whose cores the services on them share.

A request to a service goes to the next controller that runs it (a load balancer in front
of an API, RabbitMQ's round robin in front of a worker). There it waits in line for a process and
for a core (`sim_driver.lines`), or gets its share of both at once (`sim_driver.sharing`), as the
set-up's discipline says.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from coe_twin.models.setup import Setup
from coe_twin.models.setup_blocks import Controller
from coe_twin.models.setup_blocks import Service as ServiceName
from coe_twin.sim_driver.lines import LinedMachine
from coe_twin.sim_driver.poll_load import PollLoad
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.sharing import SharedMachine
from coe_twin.sim_driver.stations import FifoStation, Station


class Workers(Protocol):
    """The worker processes of one service on one controller."""

    def run(self, demand: float) -> Awaitable[None]:
        """Return when `demand` [s] of one worker's time on one core is done."""


class Machine(Protocol):
    """The cores of one controller."""

    def workers(self, name: ServiceName, processes: int) -> Workers:
        """Return so many processes of a service on it."""

    def share(self, name: str) -> Station:
        """Return another program on it that can use every core, a broker or a database."""


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
    `machines` are those of each group, by its name.
    """

    services: Mapping[str, Service]
    engines: tuple[Workers, ...]
    machines: Mapping[str, tuple[Machine, ...]]


def build_controllers(
    runtime: SimRuntime, setup: Setup, recorder: Recorder | None, polls: PollLoad
) -> Controllers:
    """Return the controllers of `setup`; `polls` is what they do beside, if they have lines."""

    def machine(block: Controller, node: int) -> Machine:
        if setup.discipline == "ps":
            return SharedMachine(runtime, block.cores, recorder, setup.core_speed)
        name = f"{block.name}-{node} cores"
        cores = FifoStation(runtime, name, block.cores, recorder, speed=setup.core_speed)
        return LinedMachine(runtime, cores, polls)

    groups: dict[str, list[Workers]] = {}
    machines: dict[str, tuple[Machine, ...]] = {}
    for block in setup.controllers:
        own = machines[block.name] = tuple(machine(block, node) for node in range(block.nodes))
        for one in own:
            for name, count in block.services.items():
                sizes = (1,) * count if name == "heat-engine" else (count,)
                groups.setdefault(name, []).extend(one.workers(name, size) for size in sizes)
    return Controllers(
        services={name: Service(name, tuple(parts)) for name, parts in groups.items()},
        engines=tuple(groups["heat-engine"]),
        machines=machines,
    )
