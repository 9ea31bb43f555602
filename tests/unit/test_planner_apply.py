"""`apply` on the twin: the same function that works on a real cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster, Role
from coe_twin.coe_core.decorators.fault_plan import Fault, ListedFaults
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import DeadlineExceeded, LeaseLost, Unreachable
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.event_log import EventLog
from coe_twin.models.plan import Plan
from coe_twin.planner.apply import Applied, How, Watched, apply, failed
from coe_twin.planner.history import creations
from coe_twin.planner.stewardship import delete_cluster
from coe_twin.sim_driver.invariants import check_empty, check_quiescent
from coe_twin.sim_driver.runtime import SimRuntime
from tests.unit.sites import PROJECT, PROVISIONERS, TTL, Ground, base_setup, plan, row

COMPLETE = ClusterStatus.CREATE_COMPLETE


def applied(ground: Ground, what: Plan, holder: str = "first") -> tuple[Applied, ...]:
    return ground.run(lambda: apply(what, ground.site(holder), ground.told.append))


def check_whole(ground: Ground, done: Sequence[Applied]) -> None:
    """Check that all of `done` are complete, stored so, and in the cloud once each."""
    assert {one.cluster.status for one in done} == {COMPLETE}

    async def stored() -> None:
        clusters = await ground.repository.clusters()
        assert sorted(one.name for one in clusters) == sorted(one.cluster.name for one in done)
        check_quiescent(ground.cloud, clusters)

    ground.run(stored)


@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_a_plan_becomes_its_clusters(provisioner: str) -> None:
    """Every row's, of the size that the plan says, each with the tag of its own cluster."""
    ground = Ground()
    what = plan(row(nodes=3, clusters=2), row(nodes=1), provisioner=PROVISIONERS[provisioner])
    done = applied(ground, what)
    check_whole(ground, done)
    assert [(one.row, one.how) for one in done] == [(0, How.CREATED)] * 2 + [(1, How.CREATED)]
    assert [one.cluster.first(Role.WORKER).node_count for one in done] == [3, 3, 1]
    assert len({one.cluster.tag for one in done}) == 3
    assert ground.told == []


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (2, 2), (9, 4)])
def test_no_more_clusters_are_made_at_once_than_the_plan_says(concurrency: int, most: int) -> None:
    """And as many as it says, as long as there are enough; rows follow one another."""
    ground = Ground()
    done = applied(ground, plan(row(1, clusters=4, concurrency=concurrency), row(1)))
    check_whole(ground, done)
    under_way, seen = 0, [0]
    for event in ground.log.events:
        change = {EventKind.OPERATION_STARTED: 1, EventKind.OPERATION_ENDED: -1}
        under_way += change.get(event.kind, 0)
        seen.append(under_way)
    assert max(seen) == most
    started = [one.cluster for one in ground.log.events if one.kind is EventKind.OPERATION_STARTED]
    assert started[-1] == done[-1].cluster.id


def test_what_is_there_is_left_alone() -> None:
    """A second `apply` of a plan finds everything and changes nothing."""
    ground = Ground()
    what = plan(row(clusters=2))
    first = applied(ground, what)
    events, stacks = len(ground.log.events), [one.id for one in ground.cloud.heat.roots]
    again = applied(ground, what, "second")
    assert [one.how for one in again] == [How.FOUND] * 2
    assert [one.cluster.id for one in again] == [one.cluster.id for one in first]
    assert len(ground.log.events) == events
    assert [one.id for one in ground.cloud.heat.roots] == stacks


def test_a_plan_that_was_half_carried_out_needs_room_for_the_rest_only() -> None:
    """What is there already counts against the quota, and not once more as wanted."""
    ground = Ground()
    what = plan(row(nodes=2, clusters=3))
    ground.run(lambda: apply(what, ground.site(), print))
    gone = what.clusters_of(0, PROJECT)[2]
    ground.run(lambda: delete_cluster(ground.site(), gone.id))
    limits = ground.cloud.substrate.quota.limits
    ground.cloud.substrate.quota.limits = {**limits, "instances": 9}
    done = applied(ground, what)
    assert [one.how for one in done] == [How.FOUND, How.FOUND, How.CREATED]
    check_whole(ground, done)


@pytest.mark.parametrize("after_s", [0.02, 1.5, 4.0])
@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_what_a_lost_process_left_is_taken_up(provisioner: str, after_s: float) -> None:
    """The next process waits for the lease, then goes on; nothing is made twice."""
    ground = Ground()
    what = plan(row(nodes=3), provisioner=PROVISIONERS[provisioner])

    async def scene() -> tuple[Applied, ...]:
        with pytest.raises(DeadlineExceeded):
            await within(after_s)
        return await apply(what, ground.site("second"), ground.told.append)

    async def within(limit: float) -> None:
        async with ground.runtime.deadline(Seconds(limit)):
            await apply(what, ground.site("first"), print)

    done = ground.run(scene)
    assert [one.how for one in done] == [How.RESUMED]
    check_whole(ground, done)
    assert ground.told
    assert all("first works on it" in line and line.endswith("; waiting") for line in ground.told)
    waited = [one.at for one in ground.log.events if one.kind is EventKind.OPERATION_STARTED]
    assert after_s + TTL * 2 / 3 - 0.1 <= waited[1] <= after_s + TTL + 0.6


def test_the_same_process_need_not_wait_for_its_own_lease() -> None:
    """A holder may take its own lease again."""
    ground = Ground()
    what = plan(row())

    async def scene() -> tuple[Applied, ...]:
        with pytest.raises(DeadlineExceeded):
            await within()
        return await apply(what, ground.site("first"), ground.told.append)

    async def within() -> None:
        async with ground.runtime.deadline(Seconds(2.0)):
            await apply(what, ground.site("first"), print)

    check_whole(ground, ground.run(scene))
    assert ground.told == []


@pytest.mark.parametrize("head_start_s", [0.0, 0.001, 1.0])
def test_two_that_apply_one_plan_make_it_once(head_start_s: float) -> None:
    """Whoever is second waits for the first and reports the same clusters."""
    ground = Ground()
    what = plan(row(nodes=1, clusters=2, concurrency=2))

    async def later() -> tuple[Applied, ...]:
        await ground.runtime.sleep(Seconds(head_start_s))
        return await apply(what, ground.site("second"), ground.told.append)

    async def scene() -> list[tuple[Applied, ...]]:
        async with ground.runtime.task_group() as group:
            both = [
                group.start(apply(what, ground.site("first"), ground.told.append)),
                group.start(later()),
            ]
        return [one.result() for one in both]

    first, second = ground.run(scene)
    check_whole(ground, first)
    check_whole(ground, second)
    hows = sorted(one.how for one in (*first, *second))
    assert hows == [How.CREATED, How.CREATED, How.RESUMED, How.RESUMED]


class Slow(MemoryRepository):
    """Answers a while after it did what was asked, as a database does."""

    def __init__(self, runtime: SimRuntime, delays: Mapping[str, float]) -> None:
        super().__init__(runtime.now)
        self._runtime = runtime
        self._delays = delays

    async def get(self, cluster: ClusterId) -> Cluster:
        try:
            return await super().get(cluster)
        finally:
            await self._wait("get")

    async def add(self, cluster: Cluster) -> Cluster:
        added = await super().add(cluster)
        await self._wait("add")
        return added

    async def _wait(self, verb: str) -> None:
        await self._runtime.sleep(Seconds(self._delays.get(verb, 0.01)))


@pytest.mark.parametrize("delays", [{}, {"add": 0.2}, {"get": 0.2}])
def test_two_that_apply_one_plan_may_meet_anywhere(delays: Mapping[str, float]) -> None:
    """Also between a look and the record, and between the record and its lease."""
    ground = Ground()
    ground.repository = Slow(ground.runtime, delays)
    what = plan(row(nodes=1, clusters=2, concurrency=2))

    async def scene() -> list[tuple[Applied, ...]]:
        async with ground.runtime.task_group() as group:
            both = [
                group.start(apply(what, ground.site(holder), ground.told.append))
                for holder in ("first", "second")
            ]
        return [one.result() for one in both]

    first, second = ground.run(scene)
    check_whole(ground, first)
    check_whole(ground, second)
    assert How.RESUMED in {one.how for one in (*first, *second)}


def test_a_process_that_loses_its_lease_stops() -> None:
    """Somebody else works on its cluster now; going on would mean two of them do."""
    ground = Ground()
    what = plan(row())
    (cluster,) = what.clusters_of(0, PROJECT)

    async def rob() -> None:
        await ground.runtime.sleep(Seconds(3.0))
        ground.repository._leases.clear()
        await ground.repository.take(cluster.id, "robber", Seconds(1000.0))

    async def scene() -> None:
        async with ground.runtime.task_group() as group:
            group.start(rob())
            with pytest.raises(LeaseLost):
                await apply(what, ground.site(), print)

    ground.run(scene)
    assert ground.runtime.now() < 3.0 + TTL


def test_a_cluster_that_fails_is_reported_and_the_others_go_on() -> None:
    """A plan whose workers fit on no host fails, row by row; another plan is none the worse."""
    monster: dict[str, Json] = {"cores": 1, "ram_gib": 4096, "disk_gib": 1}
    ground = Ground(base_setup().with_overrides({"flavors": {"monster": monster}}))
    asking = ground.setup.with_overrides({"cluster_template.flavor": "monster"})
    huge = plan(row(nodes=1), row(nodes=1), setup=asking)
    done = applied(ground, huge)
    assert failed(done) == done
    assert {one.cluster.status for one in done} == {ClusterStatus.CREATE_FAILED}
    assert all("No valid host" in one.cluster.status_reason for one in done)
    good = applied(ground, plan(row(nodes=1), seed=2))
    assert failed(good) == ()
    again = applied(ground, huge)
    assert [one.how for one in again] == [How.FOUND] * 2
    assert failed(again) == again


def test_names_that_the_cloud_does_not_know_are_refused() -> None:
    """All at once, numbered, with near names; nothing is stored, nothing created."""
    template = {"image": "tinny", "keypair": "testbad"}
    overrides = {f"cluster_template.{name}": text for name, text in template.items()}
    ground = Ground()
    what = plan(setup=base_setup().with_overrides(dict(overrides)))
    with pytest.raises(InvalidInput) as caught:
        applied(ground, what)
    assert str(caught.value) == (
        "nothing was created, for 2 reasons: "
        "(1) image 'tinny': the cloud has none of this name; near: tiny "
        "(2) keypair 'testbad': the cloud has none of this name; near: testbed"
    )
    assert ground.run(ground.repository.clusters) == ()
    check_empty(ground.cloud, [PROJECT])


def test_a_quota_that_is_too_small_is_refused_with_the_sum() -> None:
    """One reason needs no number; what others use is in the sum."""
    ground = Ground()
    used = applied(ground, plan(row(nodes=2, clusters=3)))
    limits = ground.cloud.substrate.quota.limits
    ground.cloud.substrate.quota.limits = {**limits, "instances": 13}
    with pytest.raises(InvalidInput) as caught:
        applied(ground, plan(row(nodes=4), row(nodes=2), seed=2))
    assert str(caught.value) == (
        "nothing was created; quota instances: 8 needed, 13 allowed - 9 used = 4 left, short by 4"
    )
    check_whole(ground, used)


def test_a_cloud_that_cannot_be_asked_creates_nothing() -> None:
    """Not even a record."""
    ground = Ground()
    silent = Faulty(
        ground.cloud,
        ListedFaults({("allowances", 1): Fault(error=Unreachable)}),
        ground.runtime,
    )
    with pytest.raises(Unreachable):
        ground.run(lambda: apply(plan(), ground.site(cloud=silent), print))
    assert ground.run(ground.repository.clusters) == ()


def test_what_happens_is_seen_on_its_way() -> None:
    """The sink gets every event, and whoever watches can measure the creation afterwards."""
    ground = Ground()
    log = EventLog()
    watched = Watched(log)
    site = replace(ground.site(), events=watched)
    (done,) = ground.run(lambda: apply(plan(), site, print))
    assert watched.events == log.events
    spent = creations(watched.events)[ClusterId(done.cluster.id)]
    assert spent.whole is not None
    assert 0.0 < spent.phases["trust"] + spent.phases["stack"] <= spent.whole
