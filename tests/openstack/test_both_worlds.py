"""The same lifecycle programs on the twin and on a real OpenStack.

One world must do as the other: the same end of each request, the same clusters and servers to
be seen after it, and the same calls of the driver in the same order. Batches have one member
here, so that there is one order.
"""

from dataclasses import dataclass, replace
from typing import Final, assert_never
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from coe_twin.coe_core.choice import Choice
from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.policies import DEFAULT, FixedWindow
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.models.parameters import load_parameters
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import load_setup
from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import OpenStackCloud, connect
from coe_twin.real_driver.runtime import AnyioRuntime
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.world import World
from tests.openstack import ground
from tests.openstack.ground import CHOICES, Lifecycle, cluster_of, lifecycle_on
from tests.openstack.journal import Asked, Journal

pytestmark = pytest.mark.timeout(3000)

ONE_BY_ONE: Final = replace(DEFAULT, batching=FixedWindow(1))
NAMES: Final = ("a", "b")


@dataclass(frozen=True, slots=True)
class Create:
    """Ask for a cluster of one master and so many workers."""

    name: str
    workers: int


@dataclass(frozen=True, slots=True)
class Resize:
    """Ask for so many workers, without the named ones."""

    name: str
    workers: int
    removed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Ask that a cluster goes."""

    name: str


Step = Create | Resize | Delete
names = st.sampled_from(["a", "a", "b"])
removals = st.lists(st.integers(0, 2), max_size=1).map(tuple)
creates = st.builds(Create, names, st.integers(0, 2))
resizes = st.builds(Resize, names, st.integers(0, 3), removals)
deletes = st.builds(Delete, names)
programs = st.builds(
    lambda first, second, rest: [first, second, *rest],
    st.builds(Create, st.just("a"), st.integers(1, 2)),
    st.builds(Resize, st.just("a"), st.integers(0, 3), removals),
    st.lists(st.one_of(creates, resizes, deletes), max_size=2),
)
LIFE: Final[list[Step]] = [
    Create("a", 2),
    Resize("a", 3, (0,)),
    Create("a", 1),
    Resize("b", 1, ()),
    Resize("a", 2, (7,)),
    Resize("a", 1, ()),
    Delete("a"),
]
"""Up with a named node, down, what must be refused, and the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a program leaves to be seen: ends of its requests, clusters, servers, calls."""

    ends: tuple[str, ...]
    clusters: tuple[tuple[str, str, int, int], ...]
    servers: tuple[tuple[str, str], ...]
    asked: tuple[Asked, ...]


class Player:
    """Plays programs on one world, step by step."""

    def __init__(self, runtime: Runtime, cloud: CloudDriver, choice: Choice, prefix: str) -> None:
        self._cloud = cloud
        self._journal = Journal(cloud)
        self._lifecycle: Lifecycle = lifecycle_on(runtime, self._journal, choice, ONE_BY_ONE)
        self._prefix = prefix

    async def play(self, program: list[Step]) -> tuple[Seen, Seen]:
        """Return what is to be seen after `program`, and after a delete of all that is left."""
        after = await self._seen([await self._end(step) for step in program])
        gone = [await self._end(Delete(name)) for name in NAMES]
        return after, await self._seen(gone)

    async def _end(self, step: Step) -> str:
        """Return the status in which a request ends, or the kind of its refusal."""
        try:
            return str((await self._do(step)).status)
        except CoeError as error:
            return type(error).__name__

    async def _do(self, step: Step) -> Cluster:
        conductor, identity = self._lifecycle.conductor, ClusterId(f"{self._prefix}-{step.name}")
        match step:
            case Create(_, workers):
                return await conductor.create(
                    replace(cluster_of(workers), id=identity, name=str(identity))
                )
            case Resize(_, workers, removed):
                gone = [node_name(identity, Role.WORKER, index) for index in removed]
                return await conductor.resize(identity, workers, gone)
            case Delete():
                return await conductor.delete(identity)
            case _:
                assert_never(step)

    async def _seen(self, ends: list[str]) -> Seen:
        asked = tuple(self._journal.asked)
        self._journal.asked.clear()
        clusters = await self._lifecycle.repository.clusters()
        servers = [
            (server.name, str(server.status))
            for cluster in clusters
            for server in await self._cloud.list_servers(cluster.tag)
        ]
        return Seen(
            ends=tuple(ends),
            clusters=tuple(
                (
                    one.name,
                    str(one.status),
                    one.first(Role.MASTER).node_count,
                    one.first(Role.WORKER).node_count,
                )
                for one in clusters
            ),
            servers=tuple(sorted(servers)),
            asked=asked,
        )


def on_the_twin(program: list[Step], choice: Choice, prefix: str) -> tuple[Seen, Seen]:
    """Play `program` in virtual time."""
    setup = load_setup("testbed")
    world = World(
        runtime=SimRuntime(),
        setup=setup,
        parameters=load_parameters(setup.parameters),
        draws=CounterDraws(1, 0),
        recorder=None,
    )
    return world.runtime.run(Player(world.runtime, SimCloud(world), choice, prefix).play(program))


def on_openstack(program: list[Step], prefix: str) -> dict[str, tuple[Seen, Seen]]:
    """Play `program` on the testbed, with all provisioners beside each other."""
    runtime = AnyioRuntime()

    async def main() -> dict[str, tuple[Seen, Seen]]:
        async with runtime.task_group() as group:
            plays = {
                kind: group.start(
                    Player(
                        runtime,
                        OpenStackCloud(Calls(connect(ground.MEMBER))),
                        choice,
                        f"{prefix}-{kind}",
                    ).play(program)
                )
                for kind, choice in CHOICES.items()
            }
        return {kind: play.result() for kind, play in plays.items()}

    return runtime.run(main())


PROGRAMS: Final = settings(
    derandomize=False,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes real time
    suppress_health_check=[HealthCheck.too_slow],
)


@settings(PROGRAMS, max_examples=1)
@given(program=programs)
def test_the_twin_does_as_openstack_does(program: list[Step]) -> None:
    """Each provisioner's requests end alike, leave the same, and ask the same in one order."""
    hold_alike(program)


@pytest.mark.slow
@settings(PROGRAMS, max_examples=10)
@given(program=programs)
@example(program=LIFE)
def test_the_twin_does_as_openstack_does_at_length(program: list[Step]) -> None:
    """The same, for half an hour."""
    hold_alike(program)


def hold_alike(program: list[Step]) -> None:
    """Hold that both worlds show the same after `program`."""
    note("replay: make test-openstack PYTEST_ARGS='-k both_worlds', with the line below")
    prefix = f"d-{uuid4().hex[:6]}"
    real = on_openstack(program, prefix)
    for kind, choice in CHOICES.items():
        assert real[kind] == on_the_twin(program, choice, f"{prefix}-{kind}"), kind
