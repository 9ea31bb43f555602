"""The parts under every service: controllers, message bus, database, tokens, quotas."""

from collections import defaultdict
from collections.abc import Awaitable

from coe_twin.models.setup_blocks import SERVICES
from coe_twin.sim_driver.changes import Changes
from coe_twin.sim_driver.controllers import Controllers, build_controllers, processes
from coe_twin.sim_driver.messaging import MessageBus
from coe_twin.sim_driver.poll_load import PollLoad
from coe_twin.sim_driver.quota import Quota
from coe_twin.sim_driver.stations import FifoStation, Station
from coe_twin.sim_driver.world import ServiceTime, World


class Substrate:
    """What a simulated service calls on: it owns no state of any one service."""

    def __init__(self, world: World) -> None:
        setup = world.setup
        self.world = world
        self.runtime = world.runtime
        self.setup = setup
        self.poll_load = PollLoad(setup)
        self.is_polled_in_full = setup.discipline == "ps"
        controllers = build_controllers(world.runtime, setup, world.recorder, self.poll_load)
        self.services, self.engines = controllers.services, controllers.engines
        self.bus = MessageBus(world, controllers.machines.get(setup.rabbitmq.controllers or ""))
        self.changes = Changes()
        self.quota = Quota(setup.quota.model_dump())
        self.database = _database(world, controllers)
        self.polls: defaultdict[str, float] = defaultdict(float)
        self._transaction = world.service_time("database.transaction_s")
        self._token = world.service_time("keystone.token_validate_s")

    def service_time(self, name: str) -> ServiceTime:
        """Return the service time of this parameter name."""
        return self.world.service_time(name)

    def run(self, service: str, time: ServiceTime, key: int, number: int = 0) -> Awaitable[None]:
        """Work for `time`, as drawn for the entity `key`, on the next worker of `service`."""
        return self.services[service].run(time.draw(key, number))

    def capacities(self) -> dict[str, int]:
        """Return the servers of each station whose utilisation can be told, by name."""
        services: dict[str, int] = {name: processes(self.setup, name) for name in SERVICES}
        return {**services, **self.bus.capacities(), "database": self.database.servers}

    def charge(self, service: str, seconds: float) -> None:
        """Count `seconds` [s] of a service's time for polls that are not simulated."""
        self.polls[service] += seconds

    def transact(self, key: int, number: int, rows: int = 1) -> Awaitable[None]:
        """Read or write `rows` rows of the database, one after the other."""
        return self.database.visit(rows * self._transaction.draw(key, number))

    def authenticate(self, key: int, number: int) -> Awaitable[None]:
        """Have Keystone issue or check a token that no cache holds."""
        return self.run("keystone", self._token, key, number)


def _database(world: World, controllers: Controllers) -> Station:
    """Return the server that all services write to, or its share of a controller's cores."""
    block = world.setup.database
    if block.controllers is not None:
        return controllers.machines[block.controllers][0].share("database")
    assert block.cores is not None, "cores or controllers are given"
    speed = world.setup.core_speed
    return FifoStation(world.runtime, "database", block.cores, world.recorder, speed=speed)
