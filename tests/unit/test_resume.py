"""Taking up, by another process, what a process that is gone began."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster, Operation, Role, Verb
from coe_twin.coe_core.errors import DeadlineExceeded, LeaseHeld, UnknownCluster
from coe_twin.coe_core.ids import ClusterId, OperationId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.delete import SUPERSEDED
from coe_twin.coe_core.transitions import ClusterStatus, Trigger
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import conductor_of
from coe_twin.planner.stewardship import delete_cluster
from coe_twin.sim_driver.invariants import check_empty, check_quiescent
from tests.unit.sites import PROJECT, PROVISIONERS, TTL, Ground, plan, row

with_each = pytest.mark.parametrize("provisioner", PROVISIONERS)
CUTS_S = (0.5, 3.0)


class Crew:
    """Two processes on one ground, the first of which dies; and a cluster."""

    def __init__(self, provisioner: str = "stack", nodes: int = 3) -> None:
        self.ground = Ground()
        self.plan = plan(row(nodes=nodes), provisioner=PROVISIONERS[provisioner])
        (self.cluster,) = self.plan.clusters_of(0, PROJECT)

    def conductor(self, holder: str) -> Conductor:
        """Return the lifecycle in the process `holder`."""
        return conductor_of(self.plan, self.ground.site(holder))

    async def dies_in(self, work: Awaitable[Cluster], after_s: float) -> None:
        """Begin `work` and leave it, with its lease, for the next process to wait for."""
        with pytest.raises(DeadlineExceeded):
            await self._cut(work, after_s)
        await self.ground.runtime.sleep(Seconds(TTL))

    async def _cut(self, work: Awaitable[Cluster], after_s: float) -> None:
        async with self.ground.runtime.deadline(Seconds(after_s)):
            await work

    def run(self, scene: Callable[[], Awaitable[Cluster]]) -> Cluster:
        """Return the cluster with which `scene` ends; check that the cloud holds just that."""
        ended = self.ground.run(scene)

        async def check() -> None:
            clusters = await self.ground.repository.clusters()
            check_quiescent(self.ground.cloud, clusters)
            operations = await self.ground.repository.operations(self.cluster.id)
            assert all(one.ended_at is not None for one in operations)
            done = [one.verb for one in operations if one.failure != SUPERSEDED]
            assert len(done) == len(set(done)), "what is taken up is no second operation"

        self.ground.run(check)
        return ended


@with_each
@pytest.mark.parametrize("cut_s", CUTS_S)
def test_a_create_goes_on(provisioner: str, cut_s: float) -> None:
    """To the same cluster, under the same operation."""
    crew = Crew(provisioner)

    async def scene() -> Cluster:
        await crew.dies_in(crew.conductor("first").create(crew.cluster), cut_s)
        return await crew.conductor("second").resume(crew.cluster.id)

    assert crew.run(scene).status is ClusterStatus.CREATE_COMPLETE


@with_each
@pytest.mark.parametrize("node_count", [5, 1])
def test_a_resize_goes_on_to_what_was_wanted(provisioner: str, node_count: int) -> None:
    """The count, and the nodes that were named, are with the operation."""
    crew = Crew(provisioner)

    async def scene() -> Cluster:
        first = crew.conductor("first")
        await first.create(crew.cluster)
        named = [f"{crew.cluster.name}-worker-0"]
        await crew.dies_in(first.resize(crew.cluster.id, node_count, named), 0.5)
        return await crew.conductor("second").resume(crew.cluster.id)

    ended = crew.run(scene)
    assert ended.status is ClusterStatus.UPDATE_COMPLETE
    assert (
        ended.first(Role.WORKER).node_count,
        ended.first(Role.WORKER).removed,
    ) == (node_count, frozenset({0}))


@with_each
def test_a_delete_goes_on(provisioner: str) -> None:
    """Until nothing is left, not even the record."""
    crew = Crew(provisioner)

    async def scene() -> Cluster:
        first = crew.conductor("first")
        await first.create(crew.cluster)
        await crew.dies_in(first.delete(crew.cluster.id), 0.3)
        return await crew.conductor("second").resume(crew.cluster.id)

    assert crew.run(scene).status is ClusterStatus.DELETE_COMPLETE
    check_empty(crew.ground.cloud, [PROJECT])
    assert crew.ground.run(crew.ground.repository.clusters) == ()


def test_a_resize_whose_wish_was_lost_fails() -> None:
    """Nobody guesses what the cluster should have become; it can be resized anew."""
    crew = Crew()

    async def scene() -> Cluster:
        conductor = crew.conductor("first")
        created = await conductor.create(crew.cluster)
        await crew.ground.repository.save(created.on(Trigger.RESIZE_ASKED))
        failed = await conductor.resume(crew.cluster.id)
        assert failed.status is ClusterStatus.UPDATE_FAILED
        assert failed.status_reason == "what it should become was lost"
        return await conductor.resize(crew.cluster.id, 1)

    assert crew.run(scene).status is ClusterStatus.UPDATE_COMPLETE


def test_a_resize_without_workers_on_record_fails() -> None:
    """As an operation that an earlier version wrote may be."""
    crew = Crew()

    async def scene() -> Cluster:
        conductor = crew.conductor("first")
        created = await conductor.create(crew.cluster)
        asked = await crew.ground.repository.save(created.on(Trigger.RESIZE_ASKED))
        operation = Operation(
            id=OperationId("o"), cluster=asked.id, verb=Verb.RESIZE, asked_at=Seconds(0.0)
        )
        await crew.ground.repository.write_operation(operation)
        return await conductor.resume(asked.id)

    assert crew.ground.run(scene).status is ClusterStatus.UPDATE_FAILED


def test_a_deleted_cluster_that_was_not_forgotten_is() -> None:
    """Its process died between the last two steps."""
    crew = Crew()

    async def scene() -> Cluster:
        deleted = replace(crew.cluster, status=ClusterStatus.DELETE_COMPLETE)
        await crew.ground.repository.add(deleted)
        return await crew.conductor("second").resume(crew.cluster.id)

    assert crew.run(scene).status is ClusterStatus.DELETE_COMPLETE
    assert crew.ground.run(crew.ground.repository.clusters) == ()


def test_what_is_at_rest_stays_as_it_is() -> None:
    """There is nothing to take up."""
    crew = Crew()

    async def scene() -> Cluster:
        conductor = crew.conductor("first")
        created = await conductor.create(crew.cluster)
        before = len(crew.ground.log.events)
        resumed = await crew.conductor("second").resume(crew.cluster.id)
        assert len(crew.ground.log.events) == before
        assert replace(resumed, version=created.version) == created
        return resumed

    assert crew.run(scene).status is ClusterStatus.CREATE_COMPLETE


def test_nobody_takes_up_what_another_still_does() -> None:
    """Its lease says so."""
    crew = Crew()

    async def scene() -> Cluster:
        async with crew.ground.runtime.task_group() as group:
            creating = group.start(crew.conductor("first").create(crew.cluster))
            await crew.ground.runtime.sleep(Seconds(2.0))
            with pytest.raises(LeaseHeld):
                await crew.conductor("second").resume(crew.cluster.id)
        return creating.result()

    assert crew.run(scene).status is ClusterStatus.CREATE_COMPLETE


def test_an_unknown_cluster_cannot_be_taken_up() -> None:
    """Nor one that somebody deleted."""
    crew = Crew()

    async def scene() -> None:
        await crew.conductor("first").create(crew.cluster)
        await delete_cluster(crew.ground.site(), crew.cluster.id)
        for gone in (crew.cluster.id, ClusterId("never")):
            with pytest.raises(UnknownCluster):
                await crew.conductor("second").resume(gone)

    crew.ground.run(scene)
