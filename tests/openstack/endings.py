"""How a creation that is disturbed ends, held against the table of `fault_kinds`."""

from collections.abc import Awaitable, Callable, Collection

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.conformance.fault_kinds import FAULT_KINDS, FaultKind, ending_of
from coe_twin.coe_core.lifecycle.sweep import leftovers
from coe_twin.coe_core.ports.cloud import ServerStatus
from coe_twin.coe_core.transitions import ClusterStatus
from tests.openstack.ground import Ground

Trouble = Callable[[], Awaitable[None]]


async def no_trouble() -> None:
    """Leave the cloud alone while the cluster is being created."""


async def ends_as(
    kinds: Collection[FaultKind], on: Ground, cluster: Cluster, trouble: Trouble = no_trouble
) -> None:
    """Create `cluster` while `trouble` goes on.

    Hold how it ends, as one of `kinds` where chance decides, and that a delete clears up.
    """
    async with on.runtime.task_group() as group:
        creation = group.start(on.conductor.create(cluster))
        await trouble()
    ended = creation.result()
    await is_truthful(on, ended)
    (operation,) = await on.repository.operations(ended.id)
    got = ending_of(ended.status, operation.failure)
    assert got in [FAULT_KINDS[one] for one in kinds], ended.status_reason
    await goes(on, ended)


async def is_truthful(on: Ground, cluster: Cluster) -> None:
    """Hold that a failure has a reason, and that a complete cluster has all its nodes."""
    if cluster.status.is_failed:
        assert cluster.status_reason
        return
    servers = await on.cloud.list_servers(cluster.tag)
    wanted = sum(group.node_count for group in cluster.node_groups)
    assert len({one.name for one in servers}) == len(servers) == wanted
    assert {one.status for one in servers} == {ServerStatus.ACTIVE}


async def goes(on: Ground, cluster: Cluster) -> None:
    """Hold that a delete of `cluster` completes, and leaves nothing under its tag."""
    gone = await on.conductor.delete(cluster.id)
    assert gone.status is ClusterStatus.DELETE_COMPLETE, gone.status_reason
    assert await leftovers(on.cloud, cluster.tag) == ()
