"""Work under a lease, in virtual time."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import (
    DeadlineExceeded,
    IllegalTransition,
    LeaseHeld,
    LeaseLost,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.context import FOREVER, Context
from coe_twin.coe_core.lifecycle.leases import RENEWALS_PER_TTL, under_lease
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from tests.unit.sites import PROJECT, TTL, Ground, context_of, plan

T = TypeVar("T")
OTHER = "second"


class Counted(MemoryRepository):
    """Counts renewals and releases."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.renewed: list[float] = []
        self.released = 0
        self._now = clock

    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        self.renewed.append(self._now())
        await super().renew(cluster, holder, ttl)

    async def release(self, cluster: ClusterId, holder: str) -> None:
        self.released += 1
        await super().release(cluster, holder)


class Leased:
    """A stored cluster and a context to work on it."""

    def __init__(self, ttl: Seconds = TTL) -> None:
        self.ground = Ground()
        self.repository = Counted(self.ground.runtime.now)
        self.ground.repository = self.repository
        self.context: Context = replace(context_of(self.ground), lease_ttl=ttl)
        self.runtime = self.ground.runtime
        (self.cluster,) = plan().clusters_of(0, PROJECT)

    def run(self, scene: Callable[[], Awaitable[T]]) -> T:
        """Return what `scene` returns once the cluster is stored."""

        async def main() -> T:
            await self.repository.add(self.cluster)
            return await scene()

        return self.ground.run(main)

    async def lasting(self, duration: float, cluster: Cluster) -> Cluster:
        """Work for `duration` [s], and change nothing."""
        await self.runtime.sleep(Seconds(duration))
        return cluster

    async def do(self, duration: float) -> Cluster:
        """Work for `duration` [s] under the lease."""
        return await under_lease(
            self.context, self.cluster.id, lambda cluster: self.lasting(duration, cluster)
        )


def test_a_lease_is_renewed_while_work_goes_on() -> None:
    """Three times in its time, so nobody else gets it however long the work lasts."""
    leased = Leased()

    async def scene() -> None:
        async with leased.runtime.task_group() as group:
            group.start(leased.do(9.9 * TTL))
            for _ in range(9):
                await leased.runtime.sleep(TTL)
                with pytest.raises(LeaseHeld):
                    await leased.repository.take(leased.cluster.id, OTHER, TTL)

    leased.run(scene)
    every = TTL / RENEWALS_PER_TTL
    assert leased.repository.renewed == pytest.approx([every * n for n in range(1, 30)])


def test_a_lease_is_free_after_the_work() -> None:
    """And no timer of it keeps the run alive."""
    leased = Leased()

    async def scene() -> Cluster:
        ended = await leased.do(1.0)
        await leased.repository.take(leased.cluster.id, OTHER, TTL)
        return ended

    ended = leased.run(scene)
    assert ended.version == 1  # of the take: that is its fencing token
    assert leased.runtime.now() == 1.0
    assert leased.repository.renewed == []


def test_a_lease_without_an_end_is_not_renewed() -> None:
    """A simulation pays nothing for it, and nobody else gets the cluster."""
    leased = Leased(FOREVER)

    async def scene() -> None:
        async with leased.runtime.task_group() as group:
            group.start(leased.do(1e6))
            await leased.runtime.sleep(Seconds(1e5))
            with pytest.raises(LeaseHeld):
                await leased.repository.take(leased.cluster.id, OTHER, TTL)

    leased.run(scene)
    assert leased.repository.renewed == []


def test_a_lost_lease_cancels_the_work() -> None:
    """At the next renewal; what the work still wanted to store would be stale anyway."""
    leased = Leased()
    left: list[str] = []

    async def work(cluster: Cluster) -> Cluster:
        try:
            await leased.runtime.sleep(Seconds(1000.0))
        finally:
            left.append("cancelled")
        raise AssertionError("it must not get here")

    async def rob() -> None:
        await leased.runtime.sleep(Seconds(1.0))
        await leased.repository.release(leased.cluster.id, leased.context.holder)
        await leased.repository.take(leased.cluster.id, OTHER, Seconds(500.0))

    async def scene() -> None:
        async with leased.runtime.task_group() as group:
            group.start(rob())
            with pytest.raises(LeaseLost):
                await under_lease(leased.context, leased.cluster.id, work)
        with pytest.raises(LeaseHeld):
            await leased.repository.take(leased.cluster.id, "third", TTL)

    leased.run(scene)
    assert left == ["cancelled"]
    assert leased.runtime.now() == TTL / RENEWALS_PER_TTL


def test_work_that_raises_frees_the_lease() -> None:
    """A refusal is an end, too."""
    leased = Leased()

    async def refused(cluster: Cluster) -> Cluster:
        await leased.runtime.sleep(Seconds(1.0))
        raise IllegalTransition("no")

    async def scene() -> None:
        with pytest.raises(IllegalTransition):
            await under_lease(leased.context, leased.cluster.id, refused)
        await leased.repository.take(leased.cluster.id, OTHER, TTL)

    leased.run(scene)
    assert leased.runtime.now() == 1.0


def test_cancelled_work_keeps_the_lease() -> None:
    """Its process may go on at once, another only when the lease ends."""
    leased = Leased()

    async def scene() -> None:
        with pytest.raises(DeadlineExceeded):
            await cut_short()
        with pytest.raises(LeaseHeld) as held:
            await leased.repository.take(leased.cluster.id, OTHER, TTL)
        assert held.value.left == pytest.approx(TTL - 1.0)
        await leased.do(1.0)

    async def cut_short() -> None:
        async with leased.runtime.deadline(Seconds(1.0)):
            await leased.do(100.0)

    leased.run(scene)


def test_nobody_works_on_what_another_works_on() -> None:
    """The work does not even begin."""
    leased = Leased()

    async def scene() -> None:
        await leased.repository.take(leased.cluster.id, OTHER, Seconds(40.0))
        with pytest.raises(LeaseHeld, match="second works on it, for 40 s at least"):
            await leased.do(1.0)
        with pytest.raises(LeaseHeld):
            await leased.repository.take(leased.cluster.id, "third", TTL)

    leased.run(scene)
    assert leased.repository.released == 0


def test_there_is_no_lease_of_an_unknown_cluster() -> None:
    """And nothing to release."""
    leased = Leased()

    async def scene() -> None:
        with pytest.raises(UnknownCluster):
            await under_lease(
                leased.context, ClusterId("none"), lambda cluster: leased.lasting(1.0, cluster)
            )

    leased.run(scene)
    assert leased.repository.released == 0


def test_the_work_gets_the_record_as_it_is_under_the_lease() -> None:
    """What somebody stored before is seen; what they store after it is stale."""
    leased = Leased()

    async def work(cluster: Cluster) -> Cluster:
        assert cluster.status_reason == "changed"
        with pytest.raises(StaleVersion):
            await leased.repository.save(replace(earlier[0], status_reason="late"))
        return cluster

    earlier: list[Cluster] = []

    async def scene() -> None:
        earlier.append(
            await leased.repository.save(replace(leased.cluster, status_reason="changed"))
        )
        await under_lease(leased.context, leased.cluster.id, work)

    leased.run(scene)


def test_a_deleted_cluster_is_forgotten_after_the_last_renewal() -> None:
    """A renewal between the removal and the end of the work would find its lease lost."""
    leased = Leased()

    class Renewing(Counted):
        async def remove(self, cluster: ClusterId) -> None:
            await super().remove(cluster)
            await leased.runtime.sleep(TTL)  # as long as a slow database may take

    repository = Renewing(leased.runtime.now)
    leased.repository = repository
    leased.context = replace(leased.context, repository=repository)

    async def deleted(cluster: Cluster) -> Cluster:
        await leased.runtime.sleep(Seconds(1.0))
        return replace(cluster, status=ClusterStatus.DELETE_COMPLETE)

    async def scene() -> None:
        await under_lease(leased.context, leased.cluster.id, deleted)
        assert await repository.clusters() == ()

    leased.run(scene)
