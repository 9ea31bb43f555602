"""A cloud around a cloud: every verb goes through one method, so that a subclass sees them all."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

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
    Allowance,
    CloudDriver,
    Flavor,
    Login,
    Named,
    Server,
    ServerSpec,
    Stack,
    StackSpec,
    Volume,
)
from coe_twin.coe_core.units import GiB

T = TypeVar("T")


class Around:
    """`coe_core.ports.cloud.CloudDriver` that passes every verb on to the cloud inside."""

    def __init__(self, cloud: CloudDriver) -> None:
        self._cloud = cloud

    async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, which is `verb` of the cloud inside, on `subject`.

        `subject` is the name, id or tag that the verb is about, "" for none.
        """
        del verb, subject
        return await work()

    # Heat

    async def create_stack(self, spec: StackSpec) -> StackId:
        """Begin to create a stack."""
        return await self.call("create_stack", spec.name, partial(self._cloud.create_stack, spec))

    async def show_stack(self, stack: StackId) -> Stack:
        """Return a stack."""
        return await self.call("show_stack", stack, partial(self._cloud.show_stack, stack))

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        """Begin to change a stack."""
        await self.call("update_stack", stack, partial(self._cloud.update_stack, stack, spec))

    async def delete_stack(self, stack: StackId) -> None:
        """Begin to delete a stack."""
        await self.call("delete_stack", stack, partial(self._cloud.delete_stack, stack))

    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        """Return the top-level stacks under `tag`."""
        return await self.call("list_stacks", tag, partial(self._cloud.list_stacks, tag))

    # Nova

    async def create_server(self, spec: ServerSpec) -> ServerId:
        """Begin to boot a server."""
        return await self.call("create_server", spec.name, partial(self._cloud.create_server, spec))

    async def show_server(self, server: ServerId) -> Server:
        """Return a server."""
        return await self.call("show_server", server, partial(self._cloud.show_server, server))

    async def delete_server(self, server: ServerId) -> None:
        """Begin to delete a server."""
        await self.call("delete_server", server, partial(self._cloud.delete_server, server))

    async def list_servers(self, tag: Tag) -> tuple[Server, ...]:
        """Return the servers under `tag`."""
        return await self.call("list_servers", tag, partial(self._cloud.list_servers, tag))

    async def create_server_group(
        self, name: str, project: ProjectId, tag: Tag, policy: str
    ) -> ServerGroupId:
        """Create a server group."""
        return await self.call(
            "create_server_group",
            name,
            partial(self._cloud.create_server_group, name, project, tag, policy),
        )

    async def delete_server_group(self, group: ServerGroupId) -> None:
        """Delete a server group."""
        await self.call(
            "delete_server_group", group, partial(self._cloud.delete_server_group, group)
        )

    async def list_server_groups(self, tag: Tag) -> tuple[Named, ...]:
        """Return the server groups under `tag`."""
        return await self.call(
            "list_server_groups", tag, partial(self._cloud.list_server_groups, tag)
        )

    async def availability_zones(self) -> tuple[str, ...]:
        """Return the zones."""
        return await self.call("availability_zones", "", self._cloud.availability_zones)

    async def list_flavors(self) -> tuple[Flavor, ...]:
        """Return the flavors."""
        return await self.call("list_flavors", "", self._cloud.list_flavors)

    async def list_keypairs(self) -> tuple[str, ...]:
        """Return the names of the keypairs."""
        return await self.call("list_keypairs", "", self._cloud.list_keypairs)

    # Neutron

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        """Create a port."""
        return await self.call(
            "create_port", name, partial(self._cloud.create_port, name, project, tag, network)
        )

    async def delete_port(self, port: PortId) -> None:
        """Delete a port."""
        await self.call("delete_port", port, partial(self._cloud.delete_port, port))

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        """Return the ports under `tag`."""
        return await self.call("list_ports", tag, partial(self._cloud.list_ports, tag))

    async def list_networks(self) -> tuple[Named, ...]:
        """Return the networks."""
        return await self.call("list_networks", "", self._cloud.list_networks)

    # Octavia

    async def create_load_balancer(
        self, name: str, project: ProjectId, tag: Tag, network: str
    ) -> LoadBalancerId:
        """Create a load balancer."""
        return await self.call(
            "create_load_balancer",
            name,
            partial(self._cloud.create_load_balancer, name, project, tag, network),
        )

    async def delete_load_balancer(self, load_balancer: LoadBalancerId) -> None:
        """Delete a load balancer."""
        await self.call(
            "delete_load_balancer",
            load_balancer,
            partial(self._cloud.delete_load_balancer, load_balancer),
        )

    async def list_load_balancers(self, tag: Tag) -> tuple[Named, ...]:
        """Return the load balancers under `tag`."""
        return await self.call(
            "list_load_balancers", tag, partial(self._cloud.list_load_balancers, tag)
        )

    # Cinder

    async def create_volume(self, name: str, project: ProjectId, tag: Tag, size: GiB) -> VolumeId:
        """Create a volume."""
        return await self.call(
            "create_volume", name, partial(self._cloud.create_volume, name, project, tag, size)
        )

    async def attach_volume(self, volume: VolumeId, server: ServerId) -> None:
        """Attach a volume to a server."""
        await self.call("attach_volume", volume, partial(self._cloud.attach_volume, volume, server))

    async def delete_volume(self, volume: VolumeId) -> None:
        """Delete a volume."""
        await self.call("delete_volume", volume, partial(self._cloud.delete_volume, volume))

    async def list_volumes(self, tag: Tag) -> tuple[Volume, ...]:
        """Return the volumes under `tag`."""
        return await self.call("list_volumes", tag, partial(self._cloud.list_volumes, tag))

    # Keystone

    async def create_trust(self, name: str, project: ProjectId, tag: Tag) -> TrustId:
        """Create a trust."""
        return await self.call(
            "create_trust", name, partial(self._cloud.create_trust, name, project, tag)
        )

    async def delete_trust(self, trust: TrustId) -> None:
        """Delete a trust."""
        await self.call("delete_trust", trust, partial(self._cloud.delete_trust, trust))

    async def login(self) -> Login:
        """Ask the cloud inside."""
        return await self.call("login", "", self._cloud.login)

    async def list_trusts(self, tag: Tag) -> tuple[Named, ...]:
        """Return the trusts under `tag`."""
        return await self.call("list_trusts", tag, partial(self._cloud.list_trusts, tag))

    async def service_types(self) -> frozenset[str]:
        """Return the types of the services."""
        return await self.call("service_types", "", self._cloud.service_types)

    # Glance

    async def list_images(self) -> tuple[Named, ...]:
        """Return the images."""
        return await self.call("list_images", "", self._cloud.list_images)

    # quotas

    async def allowances(self, project: ProjectId) -> Mapping[str, Allowance]:
        """Return the quotas."""
        return await self.call("allowances", project, partial(self._cloud.allowances, project))

    # all services

    async def tags(self) -> frozenset[Tag]:
        """Return the tags of clusters under which there is anything."""
        return await self.call("tags", "", self._cloud.tags)
