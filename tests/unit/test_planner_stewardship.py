"""Deleting clusters and finding orphans on the twin, by the code that does so on a real cloud."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.errors import (
    Conflict,
    DeadlineExceeded,
    LeaseHeld,
    ResourceFailed,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId, Tag, TrustId
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import apply
from coe_twin.planner.stewardship import Orphans, delete_cluster, delete_orphans, orphans
from coe_twin.sim_driver.invariants import check_empty
from tests.unit.sites import PROJECT, PROVISIONERS, TTL, Ground, base_setup, plan, policies, row

T = TypeVar("T")
WORLDS = ("testbed", "cern-2016")


async def created(ground: Ground, provisioner: str = "stack", **changes: object) -> Cluster:
    """Return a cluster of one plan."""
    what = plan(row(nodes=3), setup=ground.setup, provisioner=PROVISIONERS[provisioner], **changes)
    (done,) = await apply(what, ground.site(), print)
    assert done.cluster.status is ClusterStatus.CREATE_COMPLETE, done.cluster.status_reason
    return done.cluster


@pytest.mark.parametrize("placement", ["anywhere", "anti-affinity"])
@pytest.mark.parametrize("provisioner", PROVISIONERS)
@pytest.mark.parametrize("world", WORLDS)
def test_a_delete_needs_not_know_how_a_cluster_was_made(
    world: str, provisioner: str, placement: str
) -> None:
    """Whatever made it, volumes and server groups included: nothing is left, not even a record."""
    ground = Ground(base_setup(world))

    async def scene() -> Cluster:
        chosen = policies(placement={"kind": placement})
        cluster = await created(ground, provisioner, policies=chosen)
        return await delete_cluster(ground.site("second"), cluster.id)

    assert ground.run(scene).status is ClusterStatus.DELETE_COMPLETE
    check_empty(ground.cloud, [PROJECT])
    assert ground.run(ground.repository.clusters) == ()


class Noted(Around):
    """Notes the verbs in their order, with what they were about."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground.cloud)
        self.calls: list[tuple[str, str]] = []

    async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        self.calls.append((verb, subject))
        return await super().call(verb, subject, work)


def test_the_stack_with_the_network_goes_last() -> None:
    """Shards plug into the network of the first stack, and Neutron keeps what is plugged into."""
    ground = Ground()
    noted = Noted(ground)

    async def scene() -> list[str]:
        cluster = await created(ground, "sharded")
        names = {str(stack.id): stack.name for stack in await ground.cloud.list_stacks(cluster.tag)}
        await delete_cluster(ground.site(cloud=noted), cluster.id)
        return [names[about] for verb, about in noted.calls if verb == "delete_stack"]

    *shards, last = ground.run(scene)
    assert len(shards) == 2
    assert last.endswith("-masters")


def test_a_cluster_that_is_being_made_can_be_deleted_once_nobody_makes_it() -> None:
    """The lease of a process that lives is respected, that of a dead one runs out."""
    ground = Ground()
    (cluster,) = plan(row(nodes=3)).clusters_of(0, PROJECT)

    async def scene() -> Cluster:
        with pytest.raises(DeadlineExceeded):
            await begun()
        with pytest.raises(LeaseHeld):
            await delete_cluster(ground.site("second"), cluster.id)
        await ground.runtime.sleep(TTL)
        return await delete_cluster(ground.site("second"), cluster.id)

    async def begun() -> None:
        async with ground.runtime.deadline(Seconds(3.0)):
            await apply(plan(row(nodes=3)), ground.site(), print)

    assert ground.run(scene).status is ClusterStatus.DELETE_COMPLETE
    check_empty(ground.cloud, [PROJECT])


def test_an_unknown_cluster_cannot_be_deleted() -> None:
    """Nor one that is gone already."""
    ground = Ground()

    async def scene() -> None:
        cluster = await created(ground)
        await delete_cluster(ground.site(), cluster.id)
        for gone in (cluster.id, ClusterId("never")):
            with pytest.raises(UnknownCluster):
                await delete_cluster(ground.site(), gone)

    ground.run(scene)


def test_a_delete_that_fails_says_what_is_left() -> None:
    """And may be asked for again."""
    ground = Ground()

    class Stuck(Around):
        async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
            if verb == "delete_trust":
                raise Conflict(subject, "it is in use")
            return await super().call(verb, subject, work)

    async def scene() -> tuple[Cluster, Cluster]:
        cluster = await created(ground)
        first = await delete_cluster(ground.site(cloud=Stuck(ground.cloud)), cluster.id)
        return first, await delete_cluster(ground.site(), cluster.id)

    first, second = ground.run(scene)
    assert first.status is ClusterStatus.DELETE_FAILED
    assert "cannot delete trust" in first.status_reason
    assert second.status is ClusterStatus.DELETE_COMPLETE
    check_empty(ground.cloud, [PROJECT])


def test_known_clusters_have_no_orphans() -> None:
    """Whatever they are made of, and while they are made."""
    ground = Ground(base_setup("cern-2016"))

    async def scene() -> list[tuple[Orphans, ...]]:
        seen = []
        async with ground.runtime.task_group() as group:
            group.start(created(ground, "direct"))
            for _ in range(20):
                await ground.runtime.sleep(Seconds(5.0))
                seen.append(await orphans(ground.site("second")))
        return seen

    assert ground.run(scene) == [()] * 20


@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_what_no_record_names_is_an_orphan(provisioner: str) -> None:
    """All of it, under its tag; the sweep leaves nothing of it, and nothing else is touched."""
    ground = Ground()

    async def scene() -> None:
        lost = await created(ground, provisioner)
        kept = await created(ground, provisioner, seed=2)
        await ground.repository.remove(lost.id)
        (found,) = await orphans(ground.site())
        assert found.tag == lost.tag
        kinds = {one.kind for one in found.left}
        assert "trust" in kinds
        assert kinds & {"stack", "server"}
        await delete_orphans(ground.site(), [found])
        assert await orphans(ground.site()) == ()
        assert await ground.cloud.tags() == {kept.tag}
        await delete_cluster(ground.site(), kept.id)

    ground.run(scene)
    check_empty(ground.cloud, [PROJECT])


def test_a_cluster_that_begins_meanwhile_is_no_orphan() -> None:
    """Its record comes before anything of it, so the records are read after the tags."""
    ground = Ground()
    (cluster,) = plan().clusters_of(0, PROJECT)

    class Slow(Around):
        async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
            if verb == "tags":
                await ground.repository.add(cluster)
                await ground.cloud.create_trust("t", PROJECT, cluster.tag)
            return await super().call(verb, subject, work)

    assert ground.run(lambda: orphans(ground.site(cloud=Slow(ground.cloud)))) == ()


def test_a_tag_without_anything_is_no_orphan() -> None:
    """What went between the two looks needs no deletion."""
    ground = Ground()

    class Late(Around):
        async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
            found = await super().call(verb, subject, work)
            if verb == "tags":
                assert found == {Tag("coe:x")}
                (trust,) = await ground.cloud.list_trusts(Tag("coe:x"))
                await ground.cloud.delete_trust(TrustId(trust.id))
            return found

    async def scene() -> tuple[Orphans, ...]:
        await ground.cloud.create_trust("t", PROJECT, Tag("coe:x"))
        return await orphans(ground.site(cloud=Late(ground.cloud)))

    assert ground.run(scene) == ()


def test_an_orphan_that_cannot_be_deleted_is_named() -> None:
    """After a bounded number of rounds."""
    ground = Ground()

    class Stuck(Around):
        async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
            if verb == "delete_trust":
                raise Conflict(subject, "it is in use")
            return await super().call(verb, subject, work)

    async def scene() -> None:
        await ground.cloud.create_trust("t", PROJECT, Tag("coe:x"))
        site = ground.site(cloud=Stuck(ground.cloud))
        await delete_orphans(site, await orphans(site))

    with pytest.raises(ResourceFailed, match="cannot delete trust"):
        ground.run(scene)
