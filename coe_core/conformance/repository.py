"""The scenes that hold a `ClusterRepository` to the rules S301 to S314.

Build a `RepositoryUnderTest` around the implementation, and run each scene of `SUITE` to its end
on the harness's runtime; a scene that raises NotSupported was skipped, and says why.
"""

from dataclasses import replace
from typing import Final

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.conformance.records import cluster, clusters, operation, operations
from coe_twin.coe_core.conformance.repository_under_test import (
    RepositoryUnderTest,
    only_one,
    several,
    unless,
)
from coe_twin.coe_core.conformance.rules import Suite, raises, require
from coe_twin.coe_core.errors import (
    DuplicateCluster,
    LeaseHeld,
    LeaseLost,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.units import Seconds

TTL: Final = Seconds(60.0)
MOST: Final = Seconds(50.0)  # of a TTL
REST: Final = Seconds(15.0)  # MOST and REST together are longer than a TTL
FOREVER: Final = Seconds(float("inf"))
NOBODY: Final = ClusterId("nobody")
ROUNDS: Final = 5
RIVALS: Final = 4


SUITE: Final = Suite[RepositoryUnderTest](ClusterRepository.__doc__)
rule = SUITE.rule


@rule("S301")
async def saving_stores_the_next_version(subject: RepositoryUnderTest) -> None:
    """What is saved over the version that was read reads back with the next."""
    async with subject.open() as repository:
        record = await repository.add(cluster())
        for reason in ("first", "second"):
            changed = replace(record, status_reason=reason)
            saved = await repository.save(changed)
            assert saved == following(changed)
            assert await repository.get(record.id) == saved
            record = saved


@rule("S302")
async def saving_another_version_changes_nothing(subject: RepositoryUnderTest) -> None:
    """Neither an older nor a newer version is saved."""
    async with subject.open() as repository:
        old = await repository.add(cluster())
        stored = await repository.save(old)
        for version in (old.version, stored.version + 1):
            with raises(StaleVersion):
                await repository.save(replace(old, status_reason="lost", version=version))
        assert await repository.clusters() == (stored,)


@rule("S303")
async def what_is_removed_is_unknown(subject: RepositoryUnderTest) -> None:
    """Nothing but its operations is left of a removed cluster; the others stay."""
    async with subject.open() as repository:
        gone = await repository.add(cluster(0))
        kept = await repository.add(cluster(1))
        intent = operation(0, gone)
        await repository.write_operation(intent)
        await repository.take(gone.id, "ann", FOREVER)
        for _ in range(2):
            await repository.remove(gone.id)
            await unknown(repository, gone)
        assert await repository.clusters() == (kept,)
        assert await repository.operations(gone.id) == (intent,)
        await repository.add(gone)
        await repository.take(gone.id, "bob", TTL)


async def unknown(repository: ClusterRepository, gone: Cluster) -> None:
    """Hold that no verb finds the cluster."""
    with raises(UnknownCluster):
        await repository.get(gone.id)
    with raises(UnknownCluster):
        await repository.save(gone)
    with raises(UnknownCluster):
        await repository.take(gone.id, "ann", TTL)


@rule("S304")
async def clusters_are_listed_as_they_came(subject: RepositoryUnderTest) -> None:
    """Neither a save nor a lease moves a cluster; one that is added again comes last."""
    async with subject.open() as repository:
        records = [await repository.add(cluster(number)) for number in (2, 0, 3, 1)]
        records[1] = await repository.save(records[1])
        records[2] = await repository.take(records[2].id, "ann", TTL)
        assert await repository.clusters() == tuple(records)
        await repository.remove(records[0].id)
        again = await repository.add(records[0])
        assert await repository.clusters() == (*records[1:], again)


@rule("S305")
async def an_id_is_stored_once(subject: RepositoryUnderTest) -> None:
    """A second record of an id is refused, and the first stays as it is."""
    async with subject.open() as repository:
        stored = await repository.add(cluster())
        with raises(DuplicateCluster):
            await repository.add(replace(stored, name="another", version=7))
        assert await repository.clusters() == (stored,)


@rule("S306")
async def every_field_reads_back(subject: RepositoryUnderTest) -> None:
    """What is read equals what was stored, however odd, by whichever verb it is read."""
    async with subject.open() as repository:
        for record in clusters():
            assert await repository.add(record) == record
            assert await repository.get(record.id) == record
        assert await repository.clusters() == clusters()
        intents = operations(cluster())
        for intent in intents:
            await repository.write_operation(intent)
        assert await repository.operations(cluster().id) == intents
        taken = await repository.take(cluster().id, "ann", TTL)
        assert taken == replace(clusters()[0], version=taken.version)


@rule("S307")
async def an_operation_is_overwritten_in_its_place(subject: RepositoryUnderTest) -> None:
    """An operation keeps its place when it is closed; another cluster's are not listed."""
    async with subject.open() as repository:
        record = await repository.add(cluster())
        intents = [operation(number, record) for number in (2, 0, 1)]
        elsewhere = operation(3, cluster(1))
        for intent in (*intents, elsewhere):
            await repository.write_operation(replace(intent, ended_at=None))
        for intent in reversed(intents):
            await repository.write_operation(intent)
        assert await repository.operations(record.id) == tuple(intents)
        assert await repository.operations(NOBODY) == ()


@rule("S308")
async def a_lease_that_is_free_is_taken(subject: RepositoryUnderTest) -> None:
    """A take succeeds where nobody holds the lease, one does oneself, or it has run out."""
    async with subject.open() as repository:
        first = await repository.take((await repository.add(cluster())).id, "ann", TTL)
        assert first == following(cluster())
        await subject.advance(MOST)
        second = await repository.take(first.id, "ann", TTL)
        assert second == following(first)
        await subject.advance(MOST)
        with raises(LeaseHeld):  # because the second take moved the end
            await repository.take(first.id, "bob", TTL)
        await subject.advance(REST)
        third = await repository.take(first.id, "bob", TTL)
        assert third == following(second)
        assert await repository.get(first.id) == third


@rule("S309")
async def a_lease_that_is_held_is_refused(subject: RepositoryUnderTest) -> None:
    """The refusal says who holds the lease and how long; record and lease stay as they are."""
    async with subject.open() as repository:
        await repository.add(cluster())
        stored = await repository.take(cluster().id, "ann", TTL)
        await subject.advance(MOST)
        with raises(LeaseHeld) as caught:
            await repository.take(stored.id, "bob", FOREVER)
        assert caught.error is not None
        assert caught.error.holder == "ann"
        assert 0 < caught.error.left <= TTL - MOST
        assert await repository.get(stored.id) == stored
        await repository.renew(stored.id, "ann", FOREVER)
        await subject.advance(Seconds(1e9))
        with raises(LeaseHeld):
            await repository.take(stored.id, "bob", TTL)


@rule("S310")
async def who_lost_the_lease_saves_no_more(subject: RepositoryUnderTest) -> None:
    """Whoever takes a lease shuts out what its earlier holder read, released or run out."""
    async with subject.open() as repository:
        await repository.add(cluster())
        late = await repository.take(cluster().id, "ann", TTL)
        await subject.advance(Seconds(MOST + REST))
        present = await repository.take(cluster().id, "bob", TTL)
        with raises(StaleVersion):
            await repository.save(replace(late, status_reason="late"))
        await repository.release(cluster().id, "bob")
        newest = await repository.take(cluster().id, "ann", TTL)
        for former in (late, present):
            with raises(StaleVersion):
                await repository.save(former)
        assert await repository.save(newest) == following(newest)


@rule("S311")
async def only_the_holder_renews(subject: RepositoryUnderTest) -> None:
    """A renewal counts from now, keeps the version, and is refused to all but the holder."""
    async with subject.open() as repository:
        await repository.add(cluster())
        taken = await repository.take(cluster().id, "ann", TTL)
        await subject.advance(MOST)
        await repository.renew(taken.id, "ann", TTL)
        with raises(LeaseLost):
            await repository.renew(taken.id, "bob", FOREVER)
        with raises(LeaseLost):
            await repository.renew(NOBODY, "ann", TTL)
        await subject.advance(MOST)
        with raises(LeaseHeld):
            await repository.take(taken.id, "bob", TTL)
        assert await repository.get(taken.id) == taken
        await subject.advance(REST)
        await repository.take(taken.id, "bob", TTL)
        with raises(LeaseLost):
            await repository.renew(taken.id, "ann", TTL)


@rule("S312")
async def only_the_holder_releases(subject: RepositoryUnderTest) -> None:
    """A lease is free once its holder says so; nobody else can free it."""
    async with subject.open() as repository:
        await repository.add(cluster())
        taken = await repository.take(cluster().id, "ann", FOREVER)
        await repository.release(taken.id, "bob")
        await repository.release(NOBODY, "ann")
        with raises(LeaseHeld):
            await repository.take(taken.id, "bob", TTL)
        await repository.release(taken.id, "ann")
        assert await repository.get(taken.id) == taken
        await repository.take(taken.id, "bob", TTL)
        await repository.release(taken.id, "ann")
        with raises(LeaseHeld):
            await repository.take(taken.id, "ann", TTL)


@rule("S313")
async def of_several_saves_one_succeeds(subject: RepositoryUnderTest) -> None:
    """One save of a version succeeds, and it is the one that is stored."""
    async with several(subject) as (repository, *others):
        for number in range(ROUNDS):
            stored = await repository.add(cluster(number))
            saves = [
                unless(StaleVersion, each.save(replace(stored, status_reason=f"{rival}, {place}")))
                for rival in range(RIVALS)
                for place, each in enumerate((repository, *others))
            ]
            saved = await only_one(subject.runtime, saves)
            assert await repository.get(stored.id) == saved
            assert saved.version == stored.version + 1


@rule("S313")
async def of_several_takes_one_succeeds(subject: RepositoryUnderTest) -> None:
    """One take of a free lease succeeds, and moves the record on by one version."""
    async with several(subject) as (repository, *others):
        for number in range(ROUNDS):
            stored = await repository.add(cluster(number))
            takes = [
                unless(LeaseHeld, each.take(stored.id, f"{rival}, {place}", TTL))
                for rival in range(RIVALS)
                for place, each in enumerate((repository, *others))
            ]
            assert await only_one(subject.runtime, takes) == following(stored)
            assert await repository.get(stored.id) == following(stored)


@rule("S314")
async def what_was_stored_is_found_again(subject: RepositoryUnderTest) -> None:
    """Records, their order, operations and leases outlive the process that wrote them."""
    require(subject.is_persistent, "persistence")
    async with subject.open() as repository:
        first = await repository.save(await repository.add(cluster(1)))
        await repository.add(cluster(0))
        second = await repository.take(cluster(0).id, "ann", TTL)
        intent = operation(0, first)
        await repository.write_operation(intent)
    async with subject.reopen() as repository:
        third = await repository.add(cluster(2))
        assert await repository.clusters() == (first, second, third)
        assert await repository.operations(first.id) == (intent,)
        with raises(LeaseHeld):
            await repository.take(second.id, "bob", TTL)
        await repository.renew(second.id, "ann", TTL)


def following(record: Cluster) -> Cluster:
    """Return the record in its next version."""
    return replace(record, version=record.version + 1)
