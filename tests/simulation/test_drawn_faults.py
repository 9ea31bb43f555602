"""Runs in which calls of the cloud go wrong at random for a while: safety, and then liveness."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.decorators.fault_plan import USUAL, DrawnFaults, Until
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.errors import IllegalTransition
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.policies import DEFAULT, FixedDelay
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models.randomness import CounterDraws
from coe_twin.sim_driver.invariants import check_always, check_empty
from tests.simulation.restarts import Ground
from tests.simulation.worlds import LONG, PROVISIONERS, Ask, cluster_of, play, twin_spec

BY_WAY = pytest.mark.parametrize("way", list(PROVISIONERS))
FAULTS_END_AT = Seconds(2000.0)


def run(way: str, seed: int) -> tuple[int, ClusterStatus]:
    """Live through a cluster's life under faults, then without.

    Return how many calls went wrong, and how the create ended.

    While calls go wrong, nothing is lost and nothing is there twice, however the operations end.
    Once they do so no more, what is asked for succeeds.
    """
    policies = replace(DEFAULT, backoff=FixedDelay(Seconds(5.0), 30))
    ground = Ground.of(twin_spec(provisioner=way, policies=policies, create_timeout_s=900.0))
    twin = ground.twin
    plan = Until(FAULTS_END_AT, DrawnFaults(draws=CounterDraws(seed, 0), sites=USUAL))
    cloud = Faulty(twin.cloud, plan, twin.runtime)
    process = ground.process("first", cloud)

    async def scene() -> ClusterStatus:
        cluster = await process.create(cluster_of(twin.spec, Ask()))
        await rest(ground)
        await refusable(lambda: process.resize(cluster.id, 3))
        await rest(ground)
        await twin.runtime.sleep(FAULTS_END_AT)
        await heal(process.resize, cluster)
        await rest(ground)
        assert (await process.delete(cluster.id)).status is ClusterStatus.DELETE_COMPLETE
        await twin.runtime.sleep(Seconds(LONG))
        check_empty(twin.cloud, [cluster.project])
        return cluster.status

    created = play(twin, scene)
    return len(cloud.struck), created


async def rest(ground: Ground) -> None:
    """Check what must hold, now and after a time-out."""
    for _ in range(2):
        check_always(ground.twin.cloud, await ground.repository.clusters())
        await ground.twin.runtime.sleep(Seconds(300.0))


async def refusable(resize: Callable[[], Awaitable[Cluster]]) -> Cluster | None:
    """Return the cluster as a resize left it, None if its status forbids one."""
    try:
        return await resize()
    except IllegalTransition:
        return None


async def heal(resize: Callable[[ClusterId, int], Awaitable[Cluster]], cluster: Cluster) -> None:
    """Bring the cluster to two workers, where its create did not fail."""
    ended = await refusable(lambda: resize(cluster.id, 2))
    if ended is not None:
        assert ended.status is ClusterStatus.UPDATE_COMPLETE, ended.status_reason
    else:
        assert cluster.status is ClusterStatus.CREATE_FAILED, cluster.status


@BY_WAY
def test_faults_that_end_leave_no_trace(way: str) -> None:
    """Under a dozen plans nothing is lost, and once they end all that is asked for is done."""
    runs = [run(way, seed) for seed in range(12)]
    hard_won = [1 for struck, ended in runs if struck and ended is ClusterStatus.CREATE_COMPLETE]
    assert len(hard_won) > len(runs) / 2


@pytest.mark.slow
@BY_WAY
def test_many_faults_that_end_leave_no_trace(way: str) -> None:
    """The same under many plans."""
    for seed in range(100, 200):
        run(way, seed)
