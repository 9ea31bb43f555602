"""A cluster is touched where it lives."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster, Place
from coe_twin.coe_core.errors import WrongPlace
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.place import living_at
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.planner.apply import How, apply, conductor_of
from coe_twin.planner.stewardship import delete_cluster
from coe_twin.sim_driver.invariants import check_empty
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, plan, row

HERE = Place(keystone="https://keystone.test", region="North", project=PROJECT)
ELSEWHERE = [
    replace(HERE, keystone="https://other.test"),
    replace(HERE, region="South"),
    replace(HERE, project=ProjectId("another")),
]
(CLUSTER,) = plan().clusters_of(0, PROJECT)

Act = Callable[[Conductor, Cluster], Awaitable[Cluster]]
ACTS: dict[str, Act] = {
    "resize": lambda conductor, cluster: conductor.resize(cluster.id, 3),
    "delete": lambda conductor, cluster: conductor.delete(cluster.id),
    "resume": lambda conductor, cluster: conductor.resume(cluster.id),
}


@pytest.mark.parametrize("other", ELSEWHERE, ids=["keystone", "region", "project"])
@pytest.mark.parametrize("act", ACTS)
def test_from_elsewhere_nothing_is_done(act: str, other: Place) -> None:
    """Neither to the record, nor to what is there; the words say where it lives."""
    ground = Ground()

    async def scene() -> None:
        await conductor_of(plan(), ground.site(place=HERE)).create(CLUSTER)
        before = await ground.repository.get(CLUSTER.id)
        with pytest.raises(WrongPlace, match=r"lives at https:..keystone.test, region North"):
            await ACTS[act](conductor_of(plan(), ground.site(place=other)), CLUSTER)
        assert await ground.repository.get(CLUSTER.id) == before
        assert before.place == HERE
        assert len(await ground.cloud.list_servers(CLUSTER.tag)) == 3

    ground.run(scene)


@pytest.mark.parametrize("other", ELSEWHERE[:2], ids=["keystone", "region"])
def test_apply_finds_no_cluster_of_another_place(other: Place) -> None:
    """A cluster that is complete in one region is not complete in the next."""
    ground = Ground()
    what = plan(row(1))

    async def scene() -> None:
        await apply(what, ground.site(place=HERE), print)
        with pytest.raises(WrongPlace):
            await apply(what, ground.site(place=other), print)

    ground.run(scene)


def test_a_record_without_a_place_is_known_by_its_project() -> None:
    """It is taken where its project is, and says so from then on."""
    assert living_at(CLUSTER, None) == CLUSTER
    assert living_at(CLUSTER, HERE).place == HERE
    with pytest.raises(WrongPlace, match="project demo"):
        living_at(CLUSTER, ELSEWHERE[2])
    ground = Ground()

    async def scene() -> Cluster:
        await conductor_of(plan(), ground.site()).create(CLUSTER)
        return await conductor_of(plan(), ground.site(place=HERE)).resize(CLUSTER.id, 3)

    assert ground.run(scene).place == HERE


@pytest.mark.parametrize("made_by", PROVISIONERS)
@pytest.mark.parametrize("asked_by", PROVISIONERS)
def test_a_cluster_stays_with_the_provisioner_that_made_it(made_by: str, asked_by: str) -> None:
    """Whatever provisioner the conductor that resizes or deletes it was made for."""
    ground = Ground()
    maker = plan(row(2), provisioner=PROVISIONERS[made_by])
    other = plan(row(2), provisioner=PROVISIONERS[asked_by])
    (cluster,) = maker.clusters_of(0, PROJECT)

    async def scene() -> None:
        await conductor_of(maker, ground.site()).create(cluster)
        stacks = await ground.cloud.list_stacks(cluster.tag)
        ended = await conductor_of(other, ground.site()).resize(cluster.id, 4)
        assert ended.status is ClusterStatus.UPDATE_COMPLETE
        after = await ground.cloud.list_stacks(cluster.tag)
        assert bool(after) is bool(stacks)
        assert len(await ground.cloud.list_servers(cluster.tag)) == 5
        await delete_cluster(ground.site(), cluster.id)
        check_empty(ground.cloud, [PROJECT])

    ground.run(scene)


def test_a_complete_cluster_that_lost_a_server_is_not_called_complete() -> None:
    """A record says what was; `apply` looks at what is."""
    ground = Ground()
    what = plan(row(2), provisioner=PROVISIONERS["direct"])
    (cluster,) = what.clusters_of(0, PROJECT)

    async def scene() -> None:
        await apply(what, ground.site(), print)
        (whole,) = await apply(what, ground.site(), print)
        assert (whole.how, whole.is_complete) == (How.FOUND, True)
        servers = await ground.cloud.list_servers(cluster.tag)
        lost = next(one for one in servers if one.name.endswith("worker-1"))
        await ground.cloud.delete_server(lost.id)
        await ground.runtime.sleep(cluster.create_timeout)
        (found,) = await apply(what, ground.site(), print)
        assert found.missing == (lost.name,)
        assert not found.is_complete

    ground.run(scene)
