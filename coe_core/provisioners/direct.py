"""Server by server, without Heat: Cluster API's way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from coe_twin.coe_core.cluster import Cluster, Node, NodeGroup, Role, node_name
from coe_twin.coe_core.errors import Conflict, NotFound
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import LoadBalancerId, PortId, ServerGroupId, ServerId, VolumeId
from coe_twin.coe_core.ports.cloud import (
    Compute,
    LoadBalancers,
    Named,
    Networks,
    Server,
    ServerSpec,
    ServerStatus,
    Volume,
    Volumes,
)
from coe_twin.coe_core.ports.policies import BatchingPolicy, Placement, PlacementPolicy
from coe_twin.coe_core.provisioners.batches import Batches
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.templates.user_data import user_data

Id = TypeVar("Id", bound=str)
Condition = Callable[[Server], bool]


class NodeCloud(Compute, Networks, Volumes, LoadBalancers, Protocol):
    """The services that a node is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the cloud holds of a cluster, by name."""

    servers: dict[str, Server]
    ports: dict[str, PortId]
    volumes: dict[str, Volume]

    def is_up(self, name: str, *, has_volume: bool) -> bool:
        """Return whether the node `name`, with its volume if it has one, is complete."""
        server = self.servers.get(name)
        if server is None or server.is_deleting or not _has_signalled(server):
            return False
        volume = self.volumes.get(name)
        return not has_volume or (volume is not None and volume.server == server.id)

    def names(self) -> list[str]:
        """Return the names of all nodes of which anything is there; no listing has an order."""
        return sorted({*self.servers, *self.ports, *self.volumes})


class DirectProvisioner:
    """Boots masters, then workers under a batching policy."""

    def __init__(self, seams: Seams, batching: BatchingPolicy, placement: PlacementPolicy) -> None:
        self._runtime = seams.runtime
        self._cloud: NodeCloud = seams.cloud
        self._poller = seams.poller
        self._schedule = seams.schedule
        self._zones = seams.zones
        self._phases = seams.phases
        self._batching = batching
        self._placement = placement

    async def converge(self, cluster: Cluster) -> None:
        """Boot the nodes that are missing; delete those that are no longer wanted."""
        found = await self._find(cluster)
        await self._ensure_load_balancer(cluster)
        await self._ensure_server_group(cluster)
        wanted = {node.name for node in wanted_nodes(cluster)}
        surplus = [name for name in found.names() if name not in wanted]
        await self._delete(surplus, found)
        with self._phases.of(cluster, "masters"):
            await self._boot(cluster, cluster.first(Role.MASTER), found)
        with self._phases.of(cluster, "workers"):
            await self._boot(cluster, cluster.first(Role.WORKER), found)

    async def remove(self, cluster: Cluster) -> None:
        """Delete all nodes, then their server group and the load balancer."""
        found = await self._find(cluster)
        await self._delete(found.names(), found)
        for group in await self._server_groups(cluster):
            await ignore_missing(self._cloud.delete_server_group, ServerGroupId(group.id))
        for balancer in await self._cloud.list_load_balancers(cluster.tag):
            await ignore_missing(self._cloud.delete_load_balancer, LoadBalancerId(balancer.id))

    async def _find(self, cluster: Cluster) -> Found:
        cloud, tag = self._cloud, cluster.tag
        return Found(
            servers={server.name: server for server in await cloud.list_servers(tag)},
            ports={port.name: PortId(port.id) for port in await cloud.list_ports(tag)},
            volumes={volume.name: volume for volume in await cloud.list_volumes(tag)},
        )

    async def _ensure_load_balancer(self, cluster: Cluster) -> None:
        if not cluster.template.master_lb_enabled:
            return
        if await self._cloud.list_load_balancers(cluster.tag):
            return
        await self._cloud.create_load_balancer(
            f"{cluster.name}-api", cluster.project, cluster.tag, cluster.template.fixed_network
        )

    async def _ensure_server_group(self, cluster: Cluster) -> None:
        placement = self._placement.place(0, self._zones)
        if placement.group_policy is None or await self._server_groups(cluster):
            return
        name = _group_name(cluster, placement)
        await self._cloud.create_server_group(
            name, cluster.project, cluster.tag, placement.group_policy
        )

    async def _server_groups(self, cluster: Cluster) -> tuple[Named, ...]:
        if self._placement.place(0, self._zones).group_policy is None:
            return ()
        return await self._cloud.list_server_groups(cluster.tag)

    async def _boot(self, cluster: Cluster, group: NodeGroup, found: Found) -> None:
        members = {index: _node(cluster, group.role, index) for index in group.members()}

        async def one(index: int) -> None:
            await self._ensure_node(cluster, members[index], found)

        has_volume = cluster.template.docker_volume_size > 0
        missing = [
            index
            for index in members
            if not found.is_up(members[index].name, has_volume=has_volume)
        ]
        await Batches(self._runtime, self._batching, one).run(missing)

    async def _ensure_node(self, cluster: Cluster, node: Node, found: Found) -> None:
        """Bring one node up from whatever is there of it."""
        seen = found.servers.get(node.name)
        if seen is not None and (seen.is_deleting or seen.status is ServerStatus.ERROR):
            await self._delete_server(seen.id)
            seen = None
        server = seen.id if seen is not None else await self._create(cluster, node, found)
        await self._await(server, _is_active)
        await self._ensure_volume(cluster, node, server, found.volumes.get(node.name))
        await self._await(server, _has_signalled)

    async def _ensure_volume(
        self, cluster: Cluster, node: Node, server: ServerId, seen: Volume | None
    ) -> None:
        size = cluster.template.docker_volume_size
        if not size or (seen is not None and seen.server == server):
            return
        if seen is None:
            volume = await self._cloud.create_volume(node.name, cluster.project, cluster.tag, size)
        else:
            volume = seen.id
        await self._once_possible(volume, lambda: self._cloud.attach_volume(volume, server))

    async def _create(self, cluster: Cluster, node: Node, found: Found) -> ServerId:
        template = cluster.template
        port = found.ports.get(node.name)
        if port is None:
            port = await self._cloud.create_port(
                node.name, cluster.project, cluster.tag, template.fixed_network
            )
        group = cluster.first(node.role)
        placement = self._placement.place(node.index, self._zones)
        spec = ServerSpec(
            name=node.name,
            project=cluster.project,
            tag=cluster.tag,
            flavor=group.flavor,
            image=group.image,
            port=port,
            user_data=user_data(cluster, node.role),
            zone=placement.availability_zone or "",
            group=_group_name(cluster, placement),
            keypair=template.keypair,
        )
        return await self._cloud.create_server(spec)

    async def _await(self, server: ServerId, is_done: "Condition") -> None:
        """Return once `is_done`; raise what its fault stands for if it went to ERROR."""

        async def look() -> Server | None:
            shown = await self._cloud.show_server(server)
            return shown if shown.status is ServerStatus.ERROR or is_done(shown) else None

        shown = await self._poller.until(server, look, self._schedule)
        if shown.status is ServerStatus.ERROR:
            raise error_of(shown.name, shown.fault)

    async def _delete(self, names: list[str], found: Found) -> None:
        async def one(number: int) -> None:
            await self._delete_node(names[number], found)

        await Batches(self._runtime, self._batching, one).run(range(len(names)))

    async def _delete_node(self, name: str, found: Found) -> None:
        if name in found.servers:
            await self._delete_server(found.servers[name].id)
        if name in found.volumes:
            volume = found.volumes[name].id
            await self._once_possible(
                volume, lambda: ignore_missing(self._cloud.delete_volume, volume)
            )
        if name in found.ports:
            await ignore_missing(self._cloud.delete_port, found.ports[name])

    async def _once_possible(self, volume: VolumeId, act: Callable[[], Awaitable[None]]) -> None:
        """Act on a volume, again at each tick while its state forbids it."""

        async def look() -> bool | None:
            try:
                await act()
            except Conflict:
                return None
            return True

        if await look() is None:
            await self._poller.until(volume, look, self._schedule)

    async def _delete_server(self, server: ServerId) -> None:
        await ignore_missing(self._cloud.delete_server, server)

        async def look() -> bool | None:
            try:
                shown = await self._cloud.show_server(server)
            except NotFound:
                return True
            if not shown.is_deleting:  # Nova met an error on the way and gave the delete up
                await ignore_missing(self._cloud.delete_server, server)
            return None

        await self._poller.until(server, look, self._schedule)


def wanted_nodes(cluster: Cluster) -> tuple[Node, ...]:
    """Return the nodes that `cluster` asks for, masters first."""
    return tuple(
        _node(cluster, group.role, index)
        for group in (cluster.first(Role.MASTER), cluster.first(Role.WORKER))
        for index in group.members()
    )


async def ignore_missing(delete: Callable[[Id], Awaitable[None]], identity: Id) -> None:
    """Delete something; that it is gone already is success."""
    try:
        await delete(identity)
    except NotFound:
        return


def _node(cluster: Cluster, role: Role, index: int) -> Node:
    return Node(name=node_name(cluster.name, role, index), role=role, index=index)


def _group_name(cluster: Cluster, placement: Placement) -> str:
    return f"{cluster.name}-{placement.server_group}" if placement.server_group else ""


def _is_active(server: Server) -> bool:
    return server.status is ServerStatus.ACTIVE


def _has_signalled(server: Server) -> bool:
    return server.status is ServerStatus.ACTIVE and server.has_signalled
