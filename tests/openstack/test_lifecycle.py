"""Create, resize and delete on a real OpenStack, with every provisioner and both Heats."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.ids import ServerId
from coe_twin.coe_core.lifecycle.sweep import leftovers
from coe_twin.coe_core.ports.cloud import ServerStatus
from coe_twin.coe_core.transitions import ClusterStatus
from tests.openstack.ground import CHOICES, TEMPLATE, Core, Ground, beside, cluster_of

pytestmark = pytest.mark.timeout(600)


async def deleted(ground: Ground, cluster: Cluster) -> None:
    """Delete `cluster` and hold that nothing carries its tag."""
    ended = await ground.conductor.delete(cluster.id)
    assert ended.status is ClusterStatus.DELETE_COMPLETE, ended.status_reason
    assert await leftovers(ground.cloud, cluster.tag) == ()


async def holds_exactly(ground: Ground, cluster: Cluster, workers: set[int]) -> None:
    """Hold that the cluster's servers are its master and these workers, all ACTIVE."""
    servers = {one.name: one for one in await ground.cloud.list_servers(cluster.tag)}
    names = {node_name(cluster.name, Role.WORKER, index) for index in workers}
    assert set(servers) == names | {node_name(cluster.name, Role.MASTER, 0)}
    assert {one.status for one in servers.values()} == {ServerStatus.ACTIVE}
    assert all([(await ground.cloud.show_server(ServerId(one.id))) for one in servers.values()])


def cores(kinds: Collection[str]) -> dict[str, Core]:
    return {kind: Core(choice=CHOICES[kind]) for kind in kinds}


def kinds_that_meet(heat_mode: str) -> list[str]:
    """Return the provisioners to which Heat's architecture matters."""
    return [kind for kind in CHOICES if kind != "direct" or heat_mode == "convergence"]


def test_a_cluster_lives(heat_mode: str) -> None:
    """Create 1 + 2, grow to 4, shrink to 3 without a named node, delete; nothing is left.

    Under the legacy Heat by one stack; the shards' turn is with the larger clusters.
    """

    async def scene(ground: Ground) -> None:
        cluster = cluster_of(2)
        ended = await ground.conductor.create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, {0, 1})
        ended = await ground.conductor.resize(cluster.id, 4)
        assert ended.status is ClusterStatus.UPDATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, {0, 1, 2, 3})
        named = node_name(cluster.name, Role.WORKER, 1)
        ended = await ground.conductor.resize(cluster.id, 3, [named])
        assert ended.status is ClusterStatus.UPDATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, {0, 2, 3})
        await deleted(ground, cluster)

    kinds = ["stack"] if heat_mode == "legacy" else kinds_that_meet(heat_mode)
    beside(cores(kinds), scene)


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [8, 16])
def test_larger_clusters_come_and_go(nodes: int, heat_mode: str) -> None:
    """8 and 16 workers come up and go again without a trace."""

    async def scene(ground: Ground) -> None:
        cluster = cluster_of(nodes, timeout_s=500.0)
        ended = await ground.conductor.create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, set(range(nodes)))
        await deleted(ground, cluster)

    beside(cores(kinds_that_meet(heat_mode)), scene)


@pytest.mark.slow
def test_a_cluster_of_magnums_shape_lives(heat_mode: str) -> None:
    """The many resources a node that Magnum's own templates make, on a network of its own."""
    template = replace(TEMPLATE, generation="newton", is_flat_network=False)

    async def scene(ground: Ground) -> None:
        cluster = cluster_of(1, template=template)
        ended = await ground.conductor.create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, {0})
        ended = await ground.conductor.resize(cluster.id, 2)
        assert ended.status is ClusterStatus.UPDATE_COMPLETE, ended.status_reason
        await holds_exactly(ground, cluster, {0, 1})
        await deleted(ground, cluster)

    Core(choice=CHOICES["stack"]).play(scene)
