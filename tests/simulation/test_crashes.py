"""A process of ours dies at every call that it makes, in turn, and another takes up its work.

Source: the sweep is Sieve's (Sun et al., OSDI 2022): learn the points in a run of reference, then
run once for each of them.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import pytest

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Role, node_name
from coe_twin.coe_core.conformance.fault_kinds import FAULT_KINDS, FaultKind, ending_of
from coe_twin.coe_core.decorators.fault_plan import ANY_VERB, Fault, ListedFaults
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import UnknownCluster
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.policies import AllAtOnce, AntiAffinity, Fifo, NoRetry, PolicySet
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import TwinSpec
from coe_twin.sim_driver.invariants import check_always, check_empty, check_quiescent, resources
from tests.simulation.dying import NO_CALL, Crash, DyingRepository
from tests.simulation.restarts import Ground
from tests.simulation.worlds import LONG, PROVISIONERS, Ask, cluster_of, play, twin_spec

WITH_ALL: dict[str, Json] = {
    "cluster_template.is_flat_network": False,
    "cluster_template.generation": "newton",
    "cluster_template.master_lb_enabled": True,
}
SPREAD = PolicySet(
    admission=Fifo(None), batching=AllAtOnce(), placement=AntiAffinity(), backoff=NoRetry()
)
BY_WAY = pytest.mark.parametrize("way", list(PROVISIONERS))
BY_ORDER = pytest.mark.parametrize(
    "is_answer_lost", [False, True], ids=["before its effect", "after its effect"]
)
Act = Callable[[Conductor, ClusterId], Awaitable[Cluster]]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on a cluster of `before` workers, which comes to `status`."""

    act: Act
    before: int
    status: ClusterStatus


async def grow(process: Conductor, cluster: ClusterId) -> Cluster:
    return await process.resize(cluster, 3)


async def shrink(process: Conductor, cluster: ClusterId) -> Cluster:
    """Go from three workers to two, without the first."""
    return await process.resize(cluster, 2, [node_name("c0", Role.WORKER, 0)])


async def delete(process: Conductor, cluster: ClusterId) -> Cluster:
    return await process.delete(cluster)


OPERATIONS: Mapping[str, Operation] = {
    "grow": Operation(grow, 1, ClusterStatus.UPDATE_COMPLETE),
    "shrink": Operation(shrink, 3, ClusterStatus.UPDATE_COMPLETE),
    "delete": Operation(delete, 2, ClusterStatus.DELETE_COMPLETE),
}
EVERY = ("create", *OPERATIONS)
BY_OPERATION = pytest.mark.parametrize("operation", EVERY)


@dataclass(frozen=True, slots=True)
class Final:
    """What is left of a world in the end, but for ids, which depend on the order of asking."""

    status: ClusterStatus
    workers: NodeGroup
    resources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaths:
    """At which calls of the cloud, or of the repository, the processes die, one after the other.

    The calls of each process count from 1; a process that has no number lives on.
    """

    at_cloud: tuple[int, ...] = ()
    at_repository: tuple[int, ...] = ()
    is_answer_lost: bool = False

    def at(self, process: int) -> tuple[int, int]:
        """Return the last calls of the cloud and of the repository of this process, from 0."""
        return numbered(self.at_cloud, process), numbered(self.at_repository, process)


def numbered(calls: tuple[int, ...], process: int) -> int:
    """Return the last call of this process, NO_CALL if it lives on."""
    return calls[process] if process < len(calls) else NO_CALL


@dataclass(slots=True)
class Story:
    """One operation from its beginning to its end, by one process after another."""

    ground: Ground
    operation: str
    deaths: Deaths
    died: int = 0
    cloud_calls: list[int] = field(default_factory=list)
    repository_calls: list[int] = field(default_factory=list)

    def tell(self) -> Final:
        """Return how the story ends; in the end the cluster is deleted."""
        return play(self.ground.twin, self._scene)

    @property
    def identity(self) -> ClusterId:
        """The cluster that the story is about."""
        return cluster_of(self.ground.twin.spec, Ask()).id

    async def _scene(self) -> Final:
        twin = self.ground.twin
        await self._prepare()
        before = await self._record()
        ended = await self._live(self._ask)
        while ended is None:
            self.ground.let_leases_end()
            ended = await self._live(self._recover)
        await twin.runtime.sleep(Seconds(LONG))
        check_quiescent(twin.cloud, await self.ground.repository.clusters())
        final = await self._final(before or ended)
        await self._clear()
        return final

    async def _live(self, work: Callable[[Conductor], Awaitable[Cluster]]) -> Cluster | None:
        """Return what a new process gets from `work`, None if it dies of it."""
        runtime, order = self.ground.twin.runtime, self.deaths.is_answer_lost
        cloud_call, repository_call = self.deaths.at(self.died)
        plan = ListedFaults({(ANY_VERB, cloud_call): Fault(error=Crash, is_answer_lost=order)})
        cloud = Faulty(self.ground.twin.cloud, plan, runtime)
        repository = DyingRepository(self.ground.repository, repository_call, is_answer_lost=order)
        try:
            return await work(self.ground.process(f"process-{self.died}", cloud, repository))
        except Crash:
            self.died += 1
            return None
        finally:
            self.cloud_calls.append(cloud.total)
            self.repository_calls.append(repository.total)

    async def _recover(self, process: Conductor) -> Cluster:
        """Take up what was left; ask again for what was never accepted."""
        record = await self._record()
        if record is None:
            return await self._ask_if_unknown(process)
        was_accepted = record.status.is_in_progress
        resumed = await process.resume(self.identity)
        if was_accepted or self.operation == "create":
            return resumed
        is_done = resumed.status is OPERATIONS[self.operation].status
        return resumed if is_done else await self._ask(process)

    async def _ask_if_unknown(self, process: Conductor) -> Cluster:
        if self.operation == "create":
            return await self._ask(process)
        with pytest.raises(UnknownCluster):  # it was deleted, and that was the last that it did
            await process.resume(self.identity)
        return cluster_of(self.ground.twin.spec, Ask())

    async def _ask(self, process: Conductor) -> Cluster:
        if self.operation == "create":
            return await process.create(cluster_of(self.ground.twin.spec, Ask()))
        return await OPERATIONS[self.operation].act(process, self.identity)

    async def _prepare(self) -> None:
        """Create the cluster that the operation works on, unless it is a create."""
        if self.operation != "create":
            ask = Ask(workers=OPERATIONS[self.operation].before)
            wanted = cluster_of(self.ground.twin.spec, ask)
            await self.ground.process("zeroth", self.ground.twin.cloud).create(wanted)

    async def _record(self) -> Cluster | None:
        records = await self.ground.repository.clusters()
        return records[0] if records else None

    async def _final(self, last: Cluster) -> Final:
        """Return what is left; a cluster without a record is a deleted one."""
        names = sorted((kind, item.name) for kind, item in resources(self.ground.twin.cloud))
        record = await self._record()
        status = ClusterStatus.DELETE_COMPLETE if record is None else record.status
        return Final(status, (record or last).first(Role.WORKER), tuple(names))

    async def _clear(self) -> None:
        """Delete what there still is; nothing may be left."""
        twin = self.ground.twin
        for cluster in await self.ground.repository.clusters():
            gone = await self.ground.process("last", twin.cloud).delete(cluster.id)
            assert gone.status is ClusterStatus.DELETE_COMPLETE, gone.status_reason
        await twin.runtime.sleep(Seconds(LONG))
        check_always(twin.cloud, [])
        check_empty(twin.cloud, [cluster_of(twin.spec, Ask()).project])


def world(way: str) -> TwinSpec:
    """Return a world in which a cluster has one of everything."""
    return twin_spec(provisioner=way, overrides=WITH_ALL, policies=SPREAD)


def story(way: str, operation: str, deaths: Deaths) -> Story:
    """Return the story of an operation on a new world."""
    return Story(Ground.of(world(way)), operation, deaths)


def hold(way: str, operation: str, plans: Iterator[Deaths]) -> list[int]:
    """Hold that the story has one end whatever dies; return how many died of each of `plans`."""
    expected = story(way, operation, Deaths()).tell()
    died = []
    for deaths in plans:
        again = story(way, operation, deaths)
        assert again.tell() == expected, f"replay: {way}, {operation}, {deaths}"
        died.append(again.died)
    return died


def calls(way: str, operation: str) -> tuple[int, int]:
    """Return how many calls of the cloud and of the repository an operation makes."""
    reference = story(way, operation, Deaths())
    reference.tell()
    return reference.cloud_calls[0], reference.repository_calls[0]


@BY_WAY
@BY_OPERATION
@BY_ORDER
def test_a_death_at_any_call_of_the_cloud_changes_nothing(
    way: str, operation: str, *, is_answer_lost: bool
) -> None:
    """Another process ends it as if nothing had happened: no orphan, nothing lost, none twice."""
    cloud_calls, _ = calls(way, operation)
    numbers = range(1, cloud_calls + 1)
    plans = (Deaths(at_cloud=(call,), is_answer_lost=is_answer_lost) for call in numbers)
    assert hold(way, operation, plans) == [1] * cloud_calls


@BY_WAY
@BY_OPERATION
@BY_ORDER
def test_a_death_at_any_call_of_the_repository_changes_nothing(
    way: str, operation: str, *, is_answer_lost: bool
) -> None:
    """The same between the intent, the acts and the confirmation; what was lost is asked again."""
    _, repository_calls = calls(way, operation)
    numbers = range(1, repository_calls + 1)
    plans = (Deaths(at_repository=(call,), is_answer_lost=is_answer_lost) for call in numbers)
    assert hold(way, operation, plans) == [1] * repository_calls


@pytest.mark.slow
@BY_WAY
@pytest.mark.parametrize("operation", ["create", "delete"])
@BY_ORDER
def test_two_deaths_change_nothing(way: str, operation: str, *, is_answer_lost: bool) -> None:
    """The process that takes over dies too, each at one of its first calls, and a third ends it."""
    cloud_calls, _ = calls(way, operation)
    numbers = range(1, cloud_calls + 1, 3 if way == "direct" else 1)
    plans = (
        Deaths(at_cloud=pair, is_answer_lost=is_answer_lost)
        for pair in product(numbers, range(1, 4))
    )
    died = hold(way, operation, plans)
    assert set(died) <= {1, 2}  # a second process may have less to do than its last call
    assert died.count(2) > len(died) / 2


@BY_WAY
def test_a_crash_ends_as_its_kind_says(way: str) -> None:
    """A create whose process dies in its middle ends as the table of faults has it."""
    middle = Deaths(at_cloud=(calls(way, "create")[0] // 2,))
    final = story(way, "create", middle).tell()
    assert ending_of(final.status, "") == FAULT_KINDS[FaultKind.PROCESS_CRASHED]
