"""How operations end, and what counts as done: small things that nothing else would notice."""

import pytest

from coe_twin.coe_core.cluster import Cluster, Operation, Role
from coe_twin.coe_core.errors import Conflict, DeadlineExceeded, InvalidRequest, NotFound
from coe_twin.coe_core.ids import ServerId, VolumeId
from coe_twin.coe_core.policies import FixedWindow
from coe_twin.coe_core.policies.batching import AllAtOnce
from coe_twin.coe_core.policies.placement import Anywhere
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.provisioners.batches import Batches
from coe_twin.coe_core.provisioners.direct import DirectProvisioner, ignore_missing
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import conductor_of
from coe_twin.sim_driver.runtime import SimRuntime
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, base_setup, plan, policies, row

with_each = pytest.mark.parametrize("provisioner", PROVISIONERS)
EVERY = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))


@with_each
def test_a_failed_resize_is_closed_and_remembers_who_was_removed(provisioner: str) -> None:
    """The operation ends with its cause, and an index that was retired is not used again."""
    ground = Ground(base_setup().with_overrides({"quota.instances": 5}))
    what = plan(row(3), provisioner=PROVISIONERS[provisioner])
    (cluster,) = what.clusters_of(0, PROJECT)

    async def scene() -> tuple[Cluster, tuple[Operation, ...]]:
        conductor = conductor_of(what, ground.site())
        await conductor.create(cluster)
        ended = await conductor.resize(cluster.id, 9, [f"{cluster.name}-worker-1"])
        return ended, await ground.repository.operations(cluster.id)

    ended, operations = ground.run(scene)
    assert ended.status is ClusterStatus.UPDATE_FAILED
    assert ended.first(Role.WORKER).removed == frozenset({1})
    assert ended.first(Role.WORKER).node_count == 3
    assert [one.failure for one in operations] == ["", "quota"]
    assert all(one.ended_at is not None for one in operations)


@with_each
def test_a_delete_leaves_alone_what_had_ended(provisioner: str) -> None:
    """When an operation ended, and how, is history."""
    ground = Ground()
    what = plan(row(1), provisioner=PROVISIONERS[provisioner])
    (cluster,) = what.clusters_of(0, PROJECT)

    async def scene() -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
        conductor = conductor_of(what, ground.site())
        await conductor.create(cluster)
        before = await ground.repository.operations(cluster.id)
        await ground.runtime.sleep(Seconds(100.0))
        await conductor.delete(cluster.id)
        return before, await ground.repository.operations(cluster.id)

    before, after = ground.run(scene)
    assert after[: len(before)] == before


def test_a_server_that_has_not_signalled_is_waited_for_on_resume() -> None:
    """ACTIVE is not up: the create that is taken up ends when every node has said so."""
    ground = Ground()
    what = plan(row(3), provisioner=PROVISIONERS["direct"])
    (cluster,) = what.clusters_of(0, PROJECT)

    async def scene() -> list[bool]:
        while True:  # die at the first instant at which a server is ACTIVE and not yet up
            try:
                async with ground.runtime.deadline(Seconds(0.25)):
                    await conductor_of(what, ground.site()).resume(cluster.id)
            except DeadlineExceeded:
                servers = await ground.cloud.list_servers(cluster.tag)
                if any(one.status == "ACTIVE" and not one.has_signalled for one in servers):
                    break
        ended = await conductor_of(what, ground.site()).resume(cluster.id)
        assert ended.status is ClusterStatus.CREATE_COMPLETE
        return [one.has_signalled for one in await ground.cloud.list_servers(cluster.tag)]

    async def main() -> list[bool]:
        await ground.repository.add(cluster)
        return await scene()

    assert ground.run(main) == [True] * 4


def test_a_window_holds_while_work_is_done() -> None:
    """As many at a time as the window has room for, and never one more."""
    runtime = SimRuntime()
    running, most = 0, 0

    async def work(index: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await runtime.sleep(Seconds(1.0 + index % 3))
        running -= 1

    runtime.run(Batches(runtime, FixedWindow(3), work).run(range(20)))
    assert most == 3


def test_what_is_gone_is_deleted() -> None:
    """To a delete it is success that somebody was faster."""
    runtime = SimRuntime()

    async def gone(server: ServerId) -> None:
        raise NotFound(server)

    runtime.run(ignore_missing(gone, ServerId("s")))


def test_a_volume_that_is_busy_is_tried_again() -> None:
    """Cinder refuses with a conflict while it still attaches or detaches."""
    ground = Ground()
    seams = ground.site().seams(EVERY)
    provisioner = DirectProvisioner(seams, AllAtOnce(), Anywhere())
    tries: list[float] = []

    async def act() -> None:
        tries.append(ground.runtime.now())
        ground.cloud.substrate.changes.notify("v")
        if len(tries) < 3:
            raise Conflict("v", "the volume is attaching")

    async def scene() -> None:
        async with ground.runtime.task_group() as group:

            async def change() -> None:
                for _ in range(5):
                    await ground.runtime.sleep(Seconds(1.0))
                    ground.cloud.substrate.changes.notify("v")

            group.start(change())
            await provisioner._once_possible(VolumeId("v"), act)

    ground.run(scene)
    assert len(tries) == 3


@pytest.mark.parametrize(("count", "names"), [(-1, ()), (2, ("nobody",))])
def test_a_resize_that_cannot_be_is_refused_before_it_waits(
    count: int, names: tuple[str, ...]
) -> None:
    """Behind whatever the admission policy holds back."""
    ground = Ground()
    one_at_a_time = policies(admission={"kind": "fifo", "limit": 1})
    what = plan(row(1, clusters=2), policies=one_at_a_time)
    first, second = what.clusters_of(0, PROJECT)

    async def scene() -> float:
        conductor = conductor_of(what, ground.site())
        await conductor.create(first)
        async with ground.runtime.task_group() as group:

            async def create() -> None:
                await conductor.create(second)

            group.start(create())
            await ground.runtime.sleep(Seconds(1.0))
            began = ground.runtime.now()
            with pytest.raises(InvalidRequest):
                await conductor.resize(first.id, count, names)
            return ground.runtime.now() - began

    assert ground.run(scene) == 0.0
