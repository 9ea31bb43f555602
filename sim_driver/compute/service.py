"""Nova as its clients see it, and the way of a server through it."""

from collections.abc import Callable
from functools import partial

from coe_twin.coe_core.errors import DriverError, NotFound, NoValidHost
from coe_twin.coe_core.ids import ProjectId, Tag
from coe_twin.coe_core.ports.cloud import ServerSpec, ServerStatus
from coe_twin.sim_driver.cancellation import Cancelled
from coe_twin.sim_driver.compute.hosts import Builder
from coe_twin.sim_driver.compute.inventory import Flavor, Inventory
from coe_twin.sim_driver.compute.scheduler import SchedulerProcess
from coe_twin.sim_driver.compute.server_groups import SimServerGroup
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.controllers import processes
from coe_twin.sim_driver.guest import Guests
from coe_twin.sim_driver.image import Images
from coe_twin.sim_driver.network import Networking
from coe_twin.sim_driver.poll_load import Demands
from coe_twin.sim_driver.recorder import ACCEPTED, ACTIVE
from coe_twin.sim_driver.registry import Registry
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.sync import SimEvent

Signal = Callable[[str], None]


class Nova:
    """nova-api, nova-conductor, nova-scheduler and the compute hosts."""

    def __init__(
        self, substrate: Substrate, images: Images, network: Networking, guests: Guests
    ) -> None:
        setup = substrate.setup
        self._substrate = substrate
        self._guests = guests
        self._builder = Builder(substrate, images, network)
        self.inventory = Inventory(setup)
        self.servers = Registry[SimServer]("server")
        self._image = setup.cluster_template.image
        keypair = setup.cluster_template.keypair
        self.keypairs = (keypair,) if keypair else ()
        self._flavors = {
            name: Flavor(cores=block.cores, ram_gib=block.ram_gib, disk_gib=block.disk_gib)
            for name, block in setup.flavors.items()
        }
        self._schedulers = [
            SchedulerProcess(self.inventory, setup.hypervisors.weigher)
            for _ in range(processes(setup, "nova-scheduler"))
        ]
        self._turn = 0
        self._attempts_max = setup.nova.scheduler_max_attempts
        self.groups = Registry[SimServerGroup]("server group")
        self._api = substrate.service_time("nova.api_create_s")
        self._show = substrate.service_time("nova.api_show_s")
        self._ports = substrate.service_time("neutron.server_ports_s")
        self._poll: Demands = {
            "nova-api": substrate.world.parameters.mean("nova.api_show_s"),
            "neutron-server": substrate.world.parameters.mean("neutron.server_ports_s"),
        }
        self._api_delete = substrate.service_time("nova.api_delete_s")
        self._conduct = substrate.service_time("nova.conductor_build_s")
        self._request = substrate.service_time("nova.scheduler_request_s")
        self._per_host = substrate.service_time("nova.scheduler_per_host_s")
        self._claim = substrate.service_time("nova.compute_claim_s")
        self._destroy = substrate.service_time("nova.destroy_s")

    def accept(self, spec: ServerSpec, key: int, signals: tuple[str, ...]) -> SimServer:
        """Reserve a server; `signals` are the URLs that its guest calls.

        Raises:
            AlreadyExists: the project has a server of this name.
            NotFound: unknown flavor, image, keypair or server group.
            QuotaExceeded: instances, cores or RAM.
        """
        flavor = self._flavor(spec.flavor)
        self._check_names(spec)
        self.servers.refuse_duplicate(spec.project, spec.name)
        self._substrate.quota.reserve(spec.project, spec.name, _usage(flavor))
        server = SimServer(self.servers.new_id(), spec, flavor, key, signals)
        self.servers.add(server)
        self._substrate.world.milestone(server.name, ACCEPTED)
        return server

    def accept_group(self, name: str, project: ProjectId, tag: Tag, policy: str) -> SimServerGroup:
        """Keep a new server group.

        Raises:
            AlreadyExists: the project has one of this name.
        """
        self.groups.refuse_duplicate(project, name)
        group = SimServerGroup(self.groups.new_id(), name, project, tag, policy)
        self.groups.add(group)
        return group

    async def start(self, server: SimServer) -> None:
        """Begin to build an accepted server; return when nova-api has answered.

        A client that leaves before the answer does not stop the build.
        """
        try:
            await self._substrate.run("nova-api", self._api, server.key)
            await self._substrate.transact(server.key, 10)
        except Cancelled:
            self._send(server)
            raise
        self._send(server)

    def _send(self, server: SimServer) -> None:
        self._substrate.bus.cast("conductor", server.key, 10, partial(self._build, server))

    async def show(self, identity: str) -> SimServer:
        """Return the server, at the cost of an API call.

        Nova asks Neutron for the ports of a server to name its security groups (nova,
        nova/network/security_group_api.py, get_instances_security_groups_bindings).

        Raises:
            NotFound: there is none.
        """
        server = self.servers.get(identity)
        server.looks += 1
        await self._substrate.run("nova-api", self._show, server.key, server.looks)
        await self._substrate.run("neutron-server", self._ports, server.key, server.looks)
        return self.servers.get(identity)

    def poll_cost(self, identity: str) -> Demands:
        """Return what one poll of a server takes of each service [s], for polls left out."""
        return self._poll if identity in self.servers else {}

    async def delete(self, identity: str) -> None:
        """Delete a server; returns when it is gone.

        Raises:
            NotFound: there is none.
        """
        server = self.servers.get(identity)
        await self._substrate.run("nova-api", self._api_delete, server.key)
        if server.gone is None:
            server.gone = self._substrate.runtime.event()
            self._substrate.runtime.serve(self._remove(server, server.gone))
        await server.gone.wait()

    async def _remove(self, server: SimServer, gone: SimEvent) -> None:
        """Destroy a server, whether or not its client still waits."""
        await self._substrate.world.delay("nova destroy", self._destroy.draw(server.key))
        if server.host is not None:
            self._vacate(server)
        self.servers.remove(server.id)
        self._substrate.quota.give_back(server.project, _usage(server.flavor))
        self._substrate.changes.notify(server.id)
        gone.set()

    def _check_names(self, spec: ServerSpec) -> None:
        if spec.image != self._image:
            raise NotFound(spec.image, f"Image {spec.image} could not be found.")
        if spec.keypair and spec.keypair not in self.keypairs:
            raise NotFound(spec.keypair, f"Keypair {spec.keypair} could not be found.")
        if spec.group and self.groups.find(spec.project, spec.group) is None:
            raise NotFound(spec.group, f"Instance group {spec.group} could not be found.")

    def _flavor(self, name: str) -> Flavor:
        try:
            return self._flavors[name]
        except KeyError:
            raise NotFound(name, f"Flavor {name} could not be found.") from None

    async def _build(self, server: SimServer) -> None:
        try:
            await self._substrate.run("nova-conductor", self._conduct, server.key)
            host = await self._find_host(server)
            if host is None:
                return
            await self._builder.build(server, host)
        except DriverError as error:
            self._fail(server, error)
            return
        if server.is_deleting:
            return
        await self._substrate.transact(server.key, 11)
        server.status = ServerStatus.ACTIVE
        self._substrate.world.milestone(server.name, ACTIVE)
        self._substrate.changes.notify(server.id)
        self._guests.boot(server)

    async def _find_host(self, server: SimServer) -> int | None:
        """Return the host that claimed the server, or None if it was deleted meanwhile."""
        tried: set[int] = set()
        for attempt in range(self._attempts_max):
            process = self._next_scheduler()
            host = await self._substrate.bus.call(
                "scheduler",
                server.key,
                20 + attempt,
                partial(self._select, process, server, frozenset(tried), attempt),
            )
            await self._substrate.world.delay("nova claim", self._claim.draw(server.key, attempt))
            process.landed(host, server.flavor)
            if server.is_deleting:
                return None
            if self.inventory.claim(host, server.flavor):
                server.host = host
                self._count(server, host, 1)
                return host
            tried.add(host)
        raise NoValidHost(
            server.name,
            "No valid host was found. Exceeded max scheduling attempts "
            f"{self._attempts_max} for instance {server.name}",
        )

    async def _select(
        self, process: SchedulerProcess, server: SimServer, tried: frozenset[int], attempt: int
    ) -> int:
        key = server.key
        demand = self._request.draw(key, attempt) + len(self.inventory) * self._per_host.draw(
            key, attempt
        )
        await self._substrate.services["nova-scheduler"].run(demand)
        group = self._group_of(server)
        wish = (group.policy, group.members) if group is not None else None
        return process.select(server.name, server.flavor, server.zone or None, tried, wish)

    def _next_scheduler(self) -> SchedulerProcess:
        process = self._schedulers[self._turn]
        self._turn = (self._turn + 1) % len(self._schedulers)
        return process

    def _group_of(self, server: SimServer) -> SimServerGroup | None:
        return self.groups.find(server.project, server.group) if server.group else None

    def _count(self, server: SimServer, host: int, change: int) -> None:
        group = self._group_of(server)
        if group is not None:
            group.members[host] += change

    def _fail(self, server: SimServer, error: DriverError) -> None:
        if server.host is not None:
            self._vacate(server)
        server.status = ServerStatus.ERROR
        server.fault = error.detail
        self._substrate.changes.notify(server.id)

    def _vacate(self, server: SimServer) -> None:
        assert server.host is not None, "only a server with a host can leave it"
        self.inventory.release(server.host, server.flavor)
        self._count(server, server.host, -1)
        server.host = None


def _usage(flavor: Flavor) -> dict[str, int]:
    return {"instances": 1, "cores": flavor.cores, "ram_gib": flavor.ram_gib}
