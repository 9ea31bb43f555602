"""Repositories that are wrong on purpose: each breaks one rule in one way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Self

from coe_twin.coe_core.cluster import Cluster, Operation, Role
from coe_twin.coe_core.errors import (
    DuplicateCluster,
    LeaseHeld,
    LeaseLost,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId, OperationId
from coe_twin.coe_core.memory import Lease, MemoryRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds


class Right(MemoryRepository):
    """What the wrong ones are made from; opened again, it has all that it had."""

    def __init__(self, clock: Callable[[], float], runtime: Runtime) -> None:
        super().__init__(clock)
        self.runtime = runtime

    def reopened(self) -> Self:
        return self

    def holder(self, cluster: ClusterId) -> str | None:
        lease = self._leases.get(cluster)
        return None if lease is None or lease.ends_at <= self._clock() else lease.holder


class KeepsTheVersionOnSave(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        await super().save(cluster)
        self._clusters[cluster.id] = cluster
        return cluster


class ReturnsTheOldVersion(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        await super().save(cluster)
        return cluster


class ForgetsTheSave(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        before = await self.get(cluster.id)
        saved = await super().save(cluster)
        self._clusters[cluster.id] = before
        return saved


class SavesAnyVersion(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        return self._next(replace(cluster, version=(await self.get(cluster.id)).version))


class SavesNewerVersions(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        if cluster.version < (await self.get(cluster.id)).version:
            raise StaleVersion(cluster.id)
        return self._next(cluster)


class StoresBeforeItRefuses(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        stored = await self.get(cluster.id)
        self._clusters[cluster.id] = replace(cluster, version=stored.version)
        if stored.version != cluster.version:
            raise StaleVersion(cluster.id)
        return self._next(cluster)


class KeepsTheRemoved(Right):
    async def remove(self, cluster: ClusterId) -> None:
        pass


class RemovesAll(Right):
    async def remove(self, cluster: ClusterId) -> None:
        self._clusters.clear()


class RemovesOnce(Right):
    async def remove(self, cluster: ClusterId) -> None:
        await self.get(cluster)
        await super().remove(cluster)


class RemovesOperations(Right):
    async def remove(self, cluster: ClusterId) -> None:
        await super().remove(cluster)
        self._operations.clear()


class KeepsTheLeaseOfTheRemoved(Right):
    async def remove(self, cluster: ClusterId) -> None:
        self._clusters.pop(cluster, None)


class SavesTheUnknown(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        self._clusters.setdefault(cluster.id, cluster)
        return await super().save(cluster)


class ListsById(Right):
    async def clusters(self) -> tuple[Cluster, ...]:
        return tuple(sorted(await super().clusters(), key=lambda cluster: cluster.id))


class MovesTheSaved(Right):
    def _next(self, cluster: Cluster) -> Cluster:
        self._clusters.pop(cluster.id, None)
        return super()._next(cluster)


class PutsBackInPlace(Right):
    def __init__(self, clock: Callable[[], float], runtime: Runtime) -> None:
        super().__init__(clock, runtime)
        self._places: dict[ClusterId, int] = {}

    async def add(self, cluster: Cluster) -> Cluster:
        self._places.setdefault(cluster.id, len(self._places))
        return await super().add(cluster)

    async def clusters(self) -> tuple[Cluster, ...]:
        return tuple(sorted(await super().clusters(), key=lambda each: self._places[each.id]))


class AddsAgain(Right):
    async def add(self, cluster: Cluster) -> Cluster:
        self._clusters[cluster.id] = cluster
        return cluster


class IgnoresTheSecond(Right):
    async def add(self, cluster: Cluster) -> Cluster:
        return self._clusters.setdefault(cluster.id, cluster)


class OverwritesAndRefuses(Right):
    async def add(self, cluster: Cluster) -> Cluster:
        is_stored = cluster.id in self._clusters
        self._clusters[cluster.id] = cluster
        if is_stored:
            raise DuplicateCluster(cluster.id)
        return cluster


class LosesRetiredIndexes(Right):
    async def add(self, cluster: Cluster) -> Cluster:
        workers = replace(cluster.first(Role.WORKER), removed=frozenset())
        await super().add(cluster.with_group(workers))
        return cluster


class RoundsTheTimeout(Right):
    async def get(self, cluster: ClusterId) -> Cluster:
        stored = await super().get(cluster)
        return replace(stored, create_timeout=Seconds(round(stored.create_timeout, 15)))


class StartsAtVersionZero(Right):
    async def add(self, cluster: Cluster) -> Cluster:
        return await super().add(replace(cluster, version=0))


class ListsWithoutReasons(Right):
    async def clusters(self) -> tuple[Cluster, ...]:
        return tuple(replace(each, status_reason="") for each in await super().clusters())


class ForgetsWhatAResizeWants(Right):
    async def write_operation(self, operation: Operation) -> None:
        await super().write_operation(replace(operation, node_group=None))


class TakesWithoutKeypair(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        taken = await super().take(cluster, holder, ttl)
        return replace(taken, template=replace(taken.template, keypair=""))


class MovesTheOverwritten(Right):
    async def write_operation(self, operation: Operation) -> None:
        for each in await self.operations(operation.cluster):
            if each.id == operation.id:
                self._operations[operation.cluster].pop(each.id)
        await super().write_operation(operation)


class IgnoresTheEnd(Right):
    async def write_operation(self, operation: Operation) -> None:
        if operation.id not in {each.id for each in await self.operations(operation.cluster)}:
            await super().write_operation(operation)


class WritesBoth(Right):
    async def write_operation(self, operation: Operation) -> None:
        key = OperationId(f"{operation.id} {operation.ended_at}")
        await super().write_operation(replace(operation, id=key))

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        stored = await super().operations(cluster)
        return tuple(replace(each, id=OperationId(each.id.split()[0])) for each in stored)


class ListsEveryOperation(Right):
    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        lists = [await super(Right, self).operations(each) for each in self._operations]
        return tuple(operation for each in lists for operation in each)


class KeepsTheVersionOnTake(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        before = await self.get(cluster)
        await super().take(cluster, holder, ttl)
        self._clusters[cluster] = before
        return before


class KeepsTheVersionOfAFormerHolder(Right):
    def __init__(self, clock: Callable[[], float], runtime: Runtime) -> None:
        super().__init__(clock, runtime)
        self._versions: dict[str, int] = {}

    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        taken = await super().take(cluster, holder, ttl)
        self._versions.setdefault(holder, taken.version)
        return taken

    async def save(self, cluster: Cluster) -> Cluster:
        if cluster.version in self._versions.values():
            cluster = replace(cluster, version=(await self.get(cluster.id)).version)
        return await super().save(cluster)


class RefusesOneself(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        if self.holder(cluster) == holder:
            raise LeaseHeld(cluster, holder, 0.0)
        return await super().take(cluster, holder, ttl)


class KeepsTheEndOnTake(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        before = self._leases.get(cluster)
        taken = await super().take(cluster, holder, ttl)
        if before is not None and before.holder == holder:
            self._leases[cluster] = before
        return taken


class NeverEnds(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        return await super().take(cluster, holder, Seconds(float("inf")))


class TakesFromAnyone(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        self._leases.pop(cluster, None)
        return await super().take(cluster, holder, ttl)


class CountsRefusals(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        try:
            return await super().take(cluster, holder, ttl)
        except LeaseHeld:
            self._next(await self.get(cluster))
            raise


class NamesWhoAsked(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        try:
            return await super().take(cluster, holder, ttl)
        except LeaseHeld as refusal:
            raise LeaseHeld(cluster, holder, refusal.left) from None


class SaysTheWholeLease(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        try:
            return await super().take(cluster, holder, ttl)
        except LeaseHeld as refusal:
            raise LeaseHeld(cluster, refusal.holder, self._leases[cluster].ends_at) from None


class EndsEveryLease(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        await super().renew(cluster, holder, Seconds(min(ttl, 1e6)))


class RenewsForAnyone(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        self._leases[cluster] = Lease(holder, self._clock() + ttl)


class RenewsWhatIsGone(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        if cluster in self._clusters:
            await super().renew(cluster, holder, ttl)


class RenewsBeforeItRefuses(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        lease = self._leases.get(cluster)
        if lease is not None:
            self._leases[cluster] = replace(lease, ends_at=self._clock() + ttl)
        if lease is None or lease.holder != holder:
            raise LeaseLost(cluster)


class RenewsFromTheEnd(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        before = self._leases.get(cluster)
        await super().renew(cluster, holder, ttl)
        if before is not None:
            self._leases[cluster] = replace(before, ends_at=before.ends_at + ttl)


class RenewsNothing(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        if self.holder(cluster) != holder:
            raise LeaseLost(cluster)


class RenewsTheVersion(Right):
    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        await super().renew(cluster, holder, ttl)
        self._next(await self.get(cluster))


class ReleasesForAnyone(Right):
    async def release(self, cluster: ClusterId, holder: str) -> None:
        self._leases.pop(cluster, None)


class ReleasesNothing(Right):
    async def release(self, cluster: ClusterId, holder: str) -> None:
        pass


class ReleasesOnlyTheKnown(Right):
    async def release(self, cluster: ClusterId, holder: str) -> None:
        if cluster not in self._leases:
            raise UnknownCluster(cluster)
        await super().release(cluster, holder)


class ReleasesTheVersion(Right):
    async def release(self, cluster: ClusterId, holder: str) -> None:
        if self.holder(cluster) == holder:
            self._next(await self.get(cluster))
        await super().release(cluster, holder)


class LooksBeforeItSaves(Right):
    async def save(self, cluster: Cluster) -> Cluster:
        if (await self.get(cluster.id)).version != cluster.version:
            raise StaleVersion(cluster.id)
        await self.runtime.sleep(Seconds(0.0))
        return self._next(cluster)


class LooksBeforeItTakes(Right):
    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        if self.holder(cluster) not in (None, holder):
            raise LeaseHeld(cluster, "another", 0.0)
        await self.runtime.sleep(Seconds(0.0))
        self._leases[cluster] = Lease(holder, self._clock() + ttl)
        return self._next(await self.get(cluster))


class LetsNobodyWin(Right):
    """As a database does in which every rival sees a conflict."""

    def __init__(self, clock: Callable[[], float], runtime: Runtime) -> None:
        super().__init__(clock, runtime)
        self._rivals = 0

    async def save(self, cluster: Cluster) -> Cluster:
        self._rivals += 1
        await self.runtime.sleep(Seconds(0.0))
        if self._rivals > 1:
            raise StaleVersion(cluster.id)
        return await super().save(cluster)


class ForgetsClusters(Right):
    def reopened(self) -> Self:
        self._clusters.clear()
        return self


class ForgetsOperations(Right):
    def reopened(self) -> Self:
        self._operations.clear()
        return self


class ForgetsLeases(Right):
    def reopened(self) -> Self:
        self._leases.clear()
        return self


class ForgetsTheOrder(Right):
    def reopened(self) -> Self:
        self._clusters = dict(sorted(self._clusters.items()))
        return self
