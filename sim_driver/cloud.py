"""The simulated OpenStack behind the cloud seam."""

from collections.abc import Mapping
from typing import Any, Final

from coe_twin.coe_core.errors import Conflict
from coe_twin.coe_core.ids import (
    LoadBalancerId,
    PortId,
    ProjectId,
    ServerGroupId,
    ServerId,
    StackId,
    Tag,
    TrustId,
    VolumeId,
)
from coe_twin.coe_core.ports.cloud import (
    UNLIMITED,
    Allowance,
    Flavor,
    Login,
    Named,
    Server,
    ServerSpec,
    ServerStatus,
    Stack,
    StackSpec,
    Volume,
)
from coe_twin.coe_core.ports.poller import Poller
from coe_twin.coe_core.units import GiB, MiB
from coe_twin.sim_driver.compute.service import Nova
from coe_twin.sim_driver.guest import Guests
from coe_twin.sim_driver.identity import Trusts
from coe_twin.sim_driver.image import Images
from coe_twin.sim_driver.network import Networking, NetworkItem
from coe_twin.sim_driver.orchestration.handlers import Handlers
from coe_twin.sim_driver.orchestration.service import Heat
from coe_twin.sim_driver.poll_load import Demands
from coe_twin.sim_driver.polling import ComputedPoller, SimulatedPoller
from coe_twin.sim_driver.registry import R, Registry
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.volume import Volumes
from coe_twin.sim_driver.world import World

SERVICE_TYPES: Final = frozenset(
    {"identity", "image", "compute", "network", "orchestration", "volumev3", "load-balancer"}
)


class SimCloud:
    """`coe_core.ports.cloud.CloudDriver` on simulated services.

    The services are public, so that tests and checkers can look behind the API.
    """

    def __init__(self, world: World) -> None:
        substrate = Substrate(world)
        self.world = world
        self.substrate = substrate
        self._setup = world.setup
        self.trusts = Trusts(substrate)
        self.volumes = Volumes(substrate)
        self.network = Networking(substrate)
        guests = Guests(substrate)
        self.nova = Nova(substrate, Images(substrate), self.network, guests)
        self.heat = Heat(substrate, Handlers(substrate, self.nova, self.network, self.volumes))
        guests.signal_to(self.heat.signal)
        self._listing = substrate.service_time("nova.api_show_s")

    def poller(self) -> Poller:
        """Return the poller that knows when this cloud changes, or one whose looks are all made."""
        if self.substrate.is_polled_in_full:
            return SimulatedPoller(self.substrate)
        return ComputedPoller(self.substrate, self._poll_cost)

    def _poll_cost(self, identity: str) -> Demands:
        """Return what one look at a stack or a server takes, for those that are left out."""
        return self.heat.poll_cost(identity) or self.nova.poll_cost(identity)

    # Heat

    async def create_stack(self, spec: StackSpec) -> StackId:
        """Begin to create a stack."""
        return await self.heat.create(spec)

    async def show_stack(self, stack: StackId) -> Stack:
        """Return a stack."""
        return await self.heat.show(stack)

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        """Begin to change a stack."""
        await self.heat.update(stack, spec)

    async def delete_stack(self, stack: StackId) -> None:
        """Begin to delete a stack."""
        await self.heat.delete(stack)

    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        """Return the top-level stacks under `tag`."""
        return await self.heat.list(tag)

    # Nova

    async def create_server(self, spec: ServerSpec) -> ServerId:
        """Begin to boot a server."""
        self.network.items["port"].get(spec.port)
        server = self.nova.accept(spec, self._key(spec.project, spec.name), ())
        await self.nova.start(server)
        return server.id

    async def show_server(self, server: ServerId) -> Server:
        """Return a server."""
        return (await self.nova.show(server)).view()

    async def delete_server(self, server: ServerId) -> None:
        """Begin to delete a server."""
        await self.nova.delete(server)

    async def list_servers(self, tag: Tag) -> tuple[Server, ...]:
        """Return the servers under `tag`."""
        await self._list("nova-api", tag)
        return tuple(server.view() for server in self.nova.servers.tagged(tag))

    async def create_server_group(
        self, name: str, project: ProjectId, tag: Tag, policy: str
    ) -> ServerGroupId:
        """Create a server group."""
        group = self.nova.accept_group(name, project, tag, policy)
        await self._list("nova-api", tag)
        return group.id

    async def delete_server_group(self, group: ServerGroupId) -> None:
        """Delete a server group."""
        await self._list("nova-api", self.nova.groups.remove(group).tag)

    async def list_server_groups(self, tag: Tag) -> tuple[Named, ...]:
        """Return the server groups under `tag`."""
        return await self._named("nova-api", self.nova.groups, tag)

    async def availability_zones(self) -> tuple[str, ...]:
        """Return the zones."""
        return self.nova.inventory.zones

    async def list_flavors(self) -> tuple[Flavor, ...]:
        """Return the set-up's flavors."""
        return tuple(
            Flavor(name=name, vcpus=one.cores, ram=MiB(1024 * one.ram_gib), disk=GiB(one.disk_gib))
            for name, one in self._setup.flavors.items()
        )

    async def list_keypairs(self) -> tuple[str, ...]:
        """Return the keypair of the set-up's cluster template, if it has one."""
        return self.nova.keypairs

    # Neutron

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        """Create a port."""
        self.network.check(network)
        return PortId(await self._create_item("port", name, project, tag))

    async def delete_port(self, port: PortId) -> None:
        """Delete a port."""
        await self._delete_item("port", port)

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        """Return the ports under `tag`."""
        return await self._named("neutron-server", self.network.items["port"], tag)

    async def list_networks(self) -> tuple[Named, ...]:
        """Return the networks of the set-up, and those that were made."""
        return (
            *(Named(id=name, name=name) for name in self.network.given),
            *(Named(id=item.id, name=item.name) for item in self.network.items["network"]),
        )

    async def create_load_balancer(
        self, name: str, project: ProjectId, tag: Tag, network: str
    ) -> LoadBalancerId:
        """Create a load balancer."""
        self.network.check(network)
        return LoadBalancerId(await self._create_item("load balancer", name, project, tag))

    async def delete_load_balancer(self, load_balancer: LoadBalancerId) -> None:
        """Delete a load balancer."""
        await self._delete_item("load balancer", load_balancer)

    async def list_load_balancers(self, tag: Tag) -> tuple[Named, ...]:
        """Return the load balancers under `tag`."""
        return await self._named("neutron-server", self.network.items["load balancer"], tag)

    # Cinder

    async def create_volume(self, name: str, project: ProjectId, tag: Tag, size: GiB) -> VolumeId:
        """Create a volume."""
        volume = self.volumes.accept(name, project, tag, size)
        await self.volumes.create(self._key(project, name))
        return volume.id

    async def attach_volume(self, volume: VolumeId, server: ServerId) -> None:
        """Attach a volume to an ACTIVE server."""
        target = self.nova.servers.get(server)
        if target.status is not ServerStatus.ACTIVE:
            raise Conflict(volume, f"server {server} is {target.status}")
        await self.volumes.attach(volume, server, target.key)

    async def delete_volume(self, volume: VolumeId) -> None:
        """Detach and delete a volume."""
        item = self.volumes.items.get(volume)
        await self.volumes.delete(volume, self._key(item.project, item.name))

    async def list_volumes(self, tag: Tag) -> tuple[Volume, ...]:
        """Return the volumes under `tag`."""
        await self._list("cinder-api", tag)
        found = self.volumes.items.tagged(tag)
        return tuple(Volume(id=item.id, name=item.name, server=item.server) for item in found)

    # Keystone

    async def create_trust(self, name: str, project: ProjectId, tag: Tag) -> TrustId:
        """Create a trust."""
        trust = await self.trusts.create(name, project, tag, self._key(project, name))
        return trust.id

    async def delete_trust(self, trust: TrustId) -> None:
        """Delete a trust."""
        item = self.trusts.items.get(trust)
        await self.trusts.delete(trust, self._key(item.project, item.name))

    async def login(self) -> Login:
        """Return a user with a password: nothing is refused to it."""
        return Login()

    async def list_trusts(self, tag: Tag) -> tuple[Named, ...]:
        """Return the trusts under `tag`."""
        return await self._named("keystone", self.trusts.items, tag)

    async def service_types(self) -> frozenset[str]:
        """Return the services that are modelled."""
        return SERVICE_TYPES

    async def tags(self) -> frozenset[Tag]:
        """Return the tags of all that there is."""
        registries: tuple[Registry[Any], ...] = (
            self.heat.roots,
            self.nova.servers,
            self.nova.groups,
            *self.network.items.values(),
            self.volumes.items,
            self.trusts.items,
        )
        await self._list("keystone", Tag("tags"))
        return frozenset(item.tag for registry in registries for item in registry)

    # Glance

    async def list_images(self) -> tuple[Named, ...]:
        """Return the one image that the set-up boots from."""
        image = self._setup.cluster_template.image
        return (Named(id=image, name=image),)

    # quotas of Nova, Neutron and Cinder

    async def allowances(self, project: ProjectId) -> Mapping[str, Allowance]:
        """Return the quotas."""
        used = self.substrate.quota.used(project)
        limits = self.substrate.quota.limits
        allowances = {
            kind: Allowance(limit=limit, used=used[kind]) for kind, limit in limits.items()
        }
        ram = allowances.pop("ram_gib")
        limit = ram.limit if ram.limit == UNLIMITED else 1024 * ram.limit
        return {**allowances, "ram_mib": Allowance(limit=limit, used=1024 * ram.used)}

    # common

    async def _create_item(self, kind: str, name: str, project: ProjectId, tag: Tag) -> str:
        item: NetworkItem = self.network.accept(kind, name, project, tag)
        await self.network.create(item, self._key(project, name))
        return item.id

    async def _delete_item(self, kind: str, identity: str) -> None:
        item = self.network.items[kind].get(identity)
        await self.network.delete(kind, identity, self._key(item.project, item.name))

    async def _named(self, service: str, registry: Registry[R], tag: Tag) -> tuple[Named, ...]:
        await self._list(service, tag)
        return tuple(Named(id=item.id, name=item.name) for item in registry.tagged(tag))

    async def _list(self, service: str, tag: Tag) -> None:
        key = self.world.key(f"{service}/{tag}")
        await self.substrate.run(service, self._listing, key)

    def _key(self, project: ProjectId, name: str) -> int:
        return self.world.key(f"{project}/{name}")
