"""Neutron: ports, networks, routers, floating IPs, load balancers; cost by kind.

Source: medians of performance-docs test_results/neutron_control_plane for the calls;
methodologies/hyper-scale.rst for the L3 agent, whose work on an interface grows by
1.56 ms per router that exists.
"""

from typing import Final

from coe_twin.coe_core.errors import NotFound, QuotaExceeded
from coe_twin.coe_core.ids import PortId, ProjectId, Tag
from coe_twin.sim_driver.registry import Registry
from coe_twin.sim_driver.substrate import Substrate

CALLS: Final = {
    "network": "neutron.network_create_s",
    "subnet": "neutron.subnet_create_s",
    "router": "neutron.router_create_s",
    "router interface": "neutron.router_interface_s",
    "security group": "neutron.security_group_s",
    "port": "neutron.port_create_s",
    "floating ip": "neutron.floating_ip_create_s",
    "load balancer": "lbaas.load_balancer_s",
    "listener": "lbaas.listener_s",
    "pool": "lbaas.pool_s",
    "member": "lbaas.member_s",
    "health monitor": "lbaas.health_monitor_s",
}
"""Kind of resource to the parameter of its create call."""

COUNTED: Final = {"port": "ports", "floating ip": "floating_ips", "load balancer": "load_balancers"}
"""Kinds that a project's quota counts."""


class NetworkItem:
    """Anything that Neutron keeps."""

    __slots__ = ("id", "kind", "name", "project", "tag")

    def __init__(self, identity: str, kind: str, name: str, project: ProjectId, tag: Tag) -> None:
        self.id = identity
        self.kind = kind
        self.name = name
        self.project = project
        self.tag = tag


class Networking:
    """neutron-server and its agents; `given` are the networks that the cloud itself has."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._creates = {kind: substrate.service_time(name) for kind, name in CALLS.items()}
        self._delete = substrate.service_time("neutron.delete_s")
        self._bind = substrate.service_time("neutron.port_bind_s")
        self._vif_plug = substrate.service_time("neutron.vif_plug_s")
        self._per_router = substrate.service_time("neutron.router_interface_per_router_s")
        self.items = {kind: Registry[NetworkItem](kind) for kind in CALLS}
        template = substrate.setup.cluster_template
        self.given = tuple(dict.fromkeys((template.fixed_network, template.external_network)))
        pool = substrate.setup.network.floating_ips
        self._pool_left = pool if pool is not None else None

    def check(self, network: str) -> None:
        """Check that there is a network of this name or id: the cloud's own, or one that was made.

        Raises:
            NotFound: there is none.
        """
        made = self.items["network"]
        if network in self.given or network in made:
            return
        if network not in (item.name for item in made):
            raise NotFound(network, f"Network {network} could not be found.")

    def accept(self, kind: str, name: str, project: ProjectId, tag: Tag) -> NetworkItem:
        """Reserve a resource of `kind`, before any time passes.

        Raises:
            AlreadyExists: the project has one of this name.
            QuotaExceeded: the project's quota, or the pool of floating IPs.
        """
        registry = self.items[kind]
        registry.refuse_duplicate(project, name)
        self._reserve(kind, name, project)
        item = NetworkItem(registry.new_id(), kind, name, project, tag)
        registry.add(item)
        return item

    async def create(self, item: NetworkItem, key: int, number: int = 0) -> None:
        """Return when neutron-server has answered for an accepted resource."""
        kind = item.kind
        await self._substrate.run("neutron-server", self._creates[kind], key, number)
        await self._substrate.transact(key, 1000 + number)
        if kind == "router interface":
            routers = len(self.items["router"])
            await self._substrate.world.delay(
                "neutron l3 agent", routers * self._per_router.draw(key, number)
            )

    async def delete(self, kind: str, identity: str, key: int, number: int = 0) -> None:
        """Delete a resource.

        Raises:
            NotFound: there is none.
        """
        item = self.items[kind].remove(identity)
        self._give_back(kind, item.project)
        await self._substrate.run("neutron-server", self._delete, key, number)
        await self._substrate.transact(key, 2000 + number)

    async def bind(self, port: PortId, key: int) -> None:
        """Bind `port` to the host of its server."""
        self.items["port"].get(port)
        await self._substrate.run("neutron-server", self._bind, key)

    def plug_time(self, key: int) -> float:
        """Return how long the agent takes to plug a server's port [s]."""
        return self._vif_plug.draw(key)

    def _reserve(self, kind: str, name: str, project: ProjectId) -> None:
        if kind == "floating ip" and self._pool_left == 0:
            raise QuotaExceeded(name, "No more IP addresses available on the external network")
        counted = COUNTED.get(kind)
        if counted is not None:
            self._substrate.quota.reserve(project, name, {counted: 1})
        if kind == "floating ip" and self._pool_left is not None:
            self._pool_left -= 1

    def _give_back(self, kind: str, project: ProjectId) -> None:
        counted = COUNTED.get(kind)
        if counted is not None:
            self._substrate.quota.give_back(project, {counted: 1})
        if kind == "floating ip" and self._pool_left is not None:
            self._pool_left += 1
