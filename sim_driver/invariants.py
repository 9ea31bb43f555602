"""What must hold in any simulated world, at every instant or once it has come to rest.

The checks count what the services' registries hold and compare that with what the services
believe (free room, quota usage, pools) and with what the lifecycle has on record. They look
behind the API, cost no virtual time and change nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from coe_twin.coe_core.cluster import Cluster, node_name
from coe_twin.coe_core.errors import CoeError, ResourceFailed
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import ServerStatus
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.network import COUNTED
from coe_twin.sim_driver.quota import UNLIMITED
from coe_twin.sim_driver.registry import Resource


class InvariantBroken(CoeError):
    """A fact that no cloud and no lifecycle may show; the text names it."""


def check_always(cloud: SimCloud, clusters: Iterable[Cluster]) -> None:
    """Check what must hold between any two steps.

    Args:
        cloud: the world.
        clusters: all records of the repository.

    Raises:
        InvariantBroken: an orphan, a duplicate, claims that do not add up, or a quota that
            is exceeded or miscounted.
    """
    known = tuple(clusters)
    _check_owners(cloud, known)
    _check_names(cloud)
    _check_hosts(cloud)
    _check_quotas(cloud, [cluster.project for cluster in known])
    _check_pool(cloud)


def check_quiescent(cloud: SimCloud, clusters: Iterable[Cluster]) -> None:
    """Check what must hold once nothing goes on any more.

    Raises:
        InvariantBroken: as `check_always`; or something is still in progress, a failure has
            no reason, or a complete cluster has other nodes than it asks for.
    """
    known = tuple(clusters)
    check_always(cloud, known)
    for stack in cloud.heat.roots:
        if stack.stack.status.is_in_progress:
            raise InvariantBroken(f"stack {stack.name} rests in {stack.stack.status}")
    for cluster in known:
        _check_status(cluster)
        if not cluster.status.is_failed:
            _check_nodes(cloud, cluster)


def check_empty(cloud: SimCloud, projects: Iterable[ProjectId]) -> None:
    """Check that nothing is left in any service, and that `projects` are charged nothing.

    Raises:
        InvariantBroken: something is left; it is named.
    """
    left = [f"{kind} {item.name}" for kind, item in resources(cloud)]
    if left:
        raise InvariantBroken(f"{len(left)} left in an empty cloud: {', '.join(left[:10])}")
    _check_hosts(cloud)
    _check_quotas(cloud, projects)


def resources(cloud: SimCloud) -> Iterator[tuple[str, Resource]]:
    """Yield everything that any service keeps, with its kind."""
    yield from (("stack", root) for root in cloud.heat.roots)
    yield from (("server", server) for server in cloud.nova.servers)
    yield from (("server group", group) for group in cloud.nova.groups)
    for kind, registry in cloud.network.items.items():
        yield from ((kind, item) for item in registry)
    yield from (("volume", volume) for volume in cloud.volumes.items)
    yield from (("trust", trust) for trust in cloud.trusts.items)


def _check_owners(cloud: SimCloud, clusters: Iterable[Cluster]) -> None:
    tags = {cluster.tag for cluster in clusters}
    for kind, item in resources(cloud):
        if item.tag not in tags:
            raise InvariantBroken(f"{kind} {item.name} of {item.tag} belongs to no cluster")


def _check_names(cloud: SimCloud) -> None:
    names = Counter((server.project, server.name) for server in cloud.nova.servers)
    for (project, name), count in names.items():
        if count > 1:
            raise InvariantBroken(f"{count} servers of {project} are named {name}")


def _check_hosts(cloud: SimCloud) -> None:
    """Add up what the servers on each host have, by no code that the scheduler uses."""
    block, free = cloud.world.setup.hypervisors, cloud.nova.inventory
    rooms = {
        "cores": int(block.cores * block.cpu_allocation_ratio),
        "ram_gib": int(block.ram_gib * block.ram_allocation_ratio),
        "disk_gib": int(block.disk_gib),
    }
    placed = [server for server in cloud.nova.servers if server.host is not None]
    for kind, room in rooms.items():
        used: Counter[int] = Counter()
        for server in placed:
            used[int(server.host or 0)] += getattr(server.flavor, kind)
        for host in range(block.count):
            if used[host] > room:
                raise InvariantBroken(f"host {host} has {used[host]} {kind} in use, it has {room}")
            left = int(getattr(free, kind)[host])
            if left != room - used[host]:
                raise InvariantBroken(
                    f"host {host} has {left} {kind} free, by its servers {room - used[host]}"
                )


def _check_quotas(cloud: SimCloud, projects: Iterable[ProjectId]) -> None:
    limits = cloud.world.setup.quota.model_dump()
    existing = _usage(cloud)
    for project in dict.fromkeys([*existing, *projects]):
        used = cloud.substrate.quota.used(project)
        for kind, limit in limits.items():
            here = existing.get(project, Counter())[kind]
            if used[kind] != here:
                raise InvariantBroken(f"{project} is charged {used[kind]} {kind} and has {here}")
            if limit != UNLIMITED and here > limit:
                raise InvariantBroken(f"{project} has {here} {kind}, its quota is {limit}")


def _usage(cloud: SimCloud) -> dict[ProjectId, Counter[str]]:
    usage: dict[ProjectId, Counter[str]] = {}
    for server in cloud.nova.servers:
        flavor = server.flavor
        used = usage.setdefault(server.project, Counter())
        used.update(instances=1, cores=flavor.cores, ram_gib=flavor.ram_gib)
    for kind, counted in COUNTED.items():
        for item in cloud.network.items[kind]:
            usage.setdefault(item.project, Counter())[counted] += 1
    for volume in cloud.volumes.items:
        usage.setdefault(volume.project, Counter())["volumes"] += 1
    return usage


def _check_pool(cloud: SimCloud) -> None:
    pool = cloud.world.setup.network.floating_ips
    taken = len(cloud.network.items["floating ip"])
    if pool is not None and taken > pool:
        raise InvariantBroken(f"{taken} floating IPs are taken from a pool of {pool}")


def _check_status(cluster: Cluster) -> None:
    if cluster.status.is_in_progress:
        raise InvariantBroken(f"cluster {cluster.name} rests in {cluster.status}")
    if cluster.status.is_failed:
        if not cluster.status_reason:
            raise InvariantBroken(f"cluster {cluster.name} is {cluster.status} without a reason")
        if type(error_of(cluster.name, cluster.status_reason)) is ResourceFailed:
            raise InvariantBroken(f"no cause has the reason {cluster.status_reason!r}")


def _check_nodes(cloud: SimCloud, cluster: Cluster) -> None:
    wanted = {
        node_name(cluster.name, group.role, index)
        for group in cluster.node_groups
        for index in group.members()
    }
    servers = {server.name: server for server in cloud.nova.servers.tagged(cluster.tag)}
    if surplus := sorted(servers.keys() - wanted):
        raise InvariantBroken(f"{cluster.status} {cluster.name} has {', '.join(surplus)} to spare")
    if missing := sorted(wanted - servers.keys()):
        raise InvariantBroken(f"{cluster.status} {cluster.name} lacks {', '.join(missing)}")
    attached = {volume.server for volume in cloud.volumes.items.tagged(cluster.tag)}
    for server in servers.values():
        _check_node(cloud, server)
        if cluster.template.docker_volume_size and server.id not in attached:
            raise InvariantBroken(f"node {server.name} of a complete cluster has no volume")


def _check_node(cloud: SimCloud, server: SimServer) -> None:
    if server.status is not ServerStatus.ACTIVE or server.is_deleting:
        raise InvariantBroken(f"node {server.name} of a complete cluster is {server.status}")
    if not server.has_signalled:
        raise InvariantBroken(f"node {server.name} of a complete cluster has not signalled")
    if server.port not in cloud.network.items["port"]:
        raise InvariantBroken(f"node {server.name} of a complete cluster has no port")
