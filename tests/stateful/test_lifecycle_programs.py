"""Random lifecycle programs on simulated clouds in which much goes wrong, with checkers on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import assert_never

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from coe_core.cluster import Cluster, Role, node_name
from coe_core.documents import Json
from coe_core.errors import IllegalTransition, InvalidRequest, Superseded, UnknownCluster
from coe_core.events import Event
from coe_core.ids import ClusterId, ProjectId
from coe_core.lifecycle.context import Context
from coe_core.policies import (
    AllAtOnce,
    AntiAffinity,
    Anywhere,
    Fifo,
    FixedDelay,
    FixedWindow,
    FullJitter,
    NoRetry,
    Pack,
    PolicySet,
    ProjectShare,
    SizeOrAge,
    ZoneBalanced,
)
from coe_core.ports.draws import EventSink
from coe_core.ports.runtime import TaskGroup
from coe_core.units import Seconds
from planner.twin import Twin, TwinSpec
from sim_driver.invariants import check_always, check_empty, check_quiescent
from tests.simulation.worlds import LONG, PROVISIONERS, Ask, cluster_of, twin_spec

PROJECTS = ("p0", "p1")
DELETES_MAX = 6
"""How often a delete may be asked for again before the cloud must be empty."""

REFUSALS = (IllegalTransition, InvalidRequest, Superseded, UnknownCluster)
"""What the conductor raises at requests that came too late or make no sense."""


@dataclass(frozen=True, slots=True)
class Create:
    """Ask for a new cluster."""

    project: int
    masters: int
    workers: int


@dataclass(frozen=True, slots=True)
class Resize:
    """Resize cluster number `cluster`, without its workers of the indexes `named`."""

    cluster: int
    workers: int
    named: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete cluster number `cluster`."""

    cluster: int


@dataclass(frozen=True, slots=True)
class Pass:
    """Let `seconds` pass."""

    seconds: float


Step = Create | Resize | Delete | Pass
Program = list[Step]

numbers = st.integers(0, 2)
creates = st.builds(Create, st.integers(0, 1), st.sampled_from([1, 1, 1, 3]), st.integers(0, 4))
resizes = st.builds(
    Resize, numbers, st.integers(0, 5), st.lists(st.integers(0, 5), max_size=2).map(tuple)
)
deletes = st.builds(Delete, numbers)
passes = st.builds(Pass, st.sampled_from([0.0, 0.4, 3.0, 12.0, 40.0, 110.0, 300.0, 1000.0]))
programs = st.builds(
    lambda first, rest: [first, *rest],
    creates,
    st.lists(st.one_of(creates, resizes, deletes, passes, passes), max_size=9),
)

POLICIES = st.builds(
    PolicySet,
    admission=st.sampled_from([Fifo(None), Fifo(None), Fifo(1), ProjectShare(2, 1)]),
    batching=st.sampled_from(
        [AllAtOnce(), FixedWindow(1), FixedWindow(2), SizeOrAge(2, Seconds(5.0))]
    ),
    placement=st.sampled_from([Anywhere(), Pack(), ZoneBalanced(), AntiAffinity()]),
    backoff=st.sampled_from(
        [NoRetry(), FixedDelay(Seconds(5.0), 3), FullJitter(Seconds(2.0), Seconds(20.0), 3)]
    ),
)

TROUBLES: tuple[dict[str, Json], ...] = (
    {"hypervisors.count": 1, "hypervisors.cpu_allocation_ratio": 1.0},
    {"hypervisors.count": 2, "hypervisors.cpu_allocation_ratio": 1.0},
    {"hypervisors.count": 2, "workers": {"nova-scheduler": 3}},
    {"heat.max_resources_per_stack": 110},
    {"heat.max_resources_per_stack": 40},
    {"heat.max_stacks_per_project": 1},
    {"heat.max_stacks_per_project": 2},
    {"heat.engine_threads": 1, "workers": {"heat-engine": 1}},
    {"network.floating_ips": 4, "cluster_template.floating_ip_enabled": True},
    {"network.vif_plugging_timeout_s": 2.5},
    {"rabbitmq.rpc_response_timeout_s": 1.6},
    {"rabbitmq.rpc_response_timeout_s": 0.9},
    {"quota.instances": 3},
    {"quota.cores": 30},
    {"quota.ports": 4},
    {"quota.volumes": 3},
    {"quota.floating_ips": 3, "cluster_template.floating_ip_enabled": True},
    {"quota.load_balancers": 1, "cluster_template.master_lb_enabled": True},
)
KINDS: tuple[dict[str, Json], ...] = (
    {},
    {"cluster_template.is_flat_network": False},
    {"cluster_template.generation": "newton", "cluster_template.master_lb_enabled": True},
    {"cluster_template.docker_volume_size_gib": 1, "images.store": "local"},
)
troubles = st.builds(
    lambda kind, some: {name: value for one in (kind, *some) for name, value in one.items()},
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(TROUBLES), max_size=2),
)
timeouts = st.sampled_from([3600.0] * 6 + [150.0, 100.0, 45.0])


class Watched(EventSink):
    """Checks the world at every line of its log."""

    def __init__(self, inner: EventSink, check: Callable[[], None]) -> None:
        self._inner = inner
        self._check = check

    def record(self, event: Event) -> None:
        self._inner.record(event)
        self._check()


class WatchedTwin(Twin):
    """A world whose checkers are on."""

    def _context(self) -> Context:
        context = super()._context()
        return replace(context, events=Watched(context.events, self.check))

    def check(self) -> None:
        """Check what must hold at any instant."""
        check_always(self.cloud, self.clusters())

    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(self.repository._clusters.values())


class Player:
    """Plays a program in a world, each request beside the others."""

    def __init__(self, spec: TwinSpec) -> None:
        self.twin = WatchedTwin(spec, is_recording=False)
        self._asked: list[ClusterId] = []

    def play(self, program: Program) -> None:
        """Play all of `program`, then delete all clusters; check all along."""
        self.twin.runtime.run(self._main(program))

    async def _main(self, program: Program) -> None:
        twin = self.twin
        async with twin.runtime.task_group() as group:
            for step in program:
                await self._do(group, step)
                twin.check()
        await twin.runtime.sleep(Seconds(LONG))
        check_quiescent(twin.cloud, twin.clusters())
        for _ in range(DELETES_MAX):
            await self._delete_all()
        assert not twin.clusters(), [(c.name, c.status, c.status_reason) for c in twin.clusters()]
        check_empty(twin.cloud, [ProjectId(project) for project in PROJECTS])

    async def _do(self, group: TaskGroup, step: Step) -> None:
        match step:
            case Create():
                self._create(group, step)
            case Resize():
                group.start(self._resize(step))
            case Delete(number):
                group.start(self._delete(number))
            case Pass(seconds):
                await self.twin.runtime.sleep(Seconds(seconds))
            case _:
                assert_never(step)

    def _create(self, group: TaskGroup, step: Create) -> None:
        ask = Ask(
            name=f"c{len(self._asked)}",
            project=PROJECTS[step.project],
            masters=step.masters,
            workers=step.workers,
        )
        cluster = cluster_of(self.twin.spec, ask)
        self._asked.append(cluster.id)
        group.start(_refusable(self.twin.conductor.create(cluster)))

    async def _resize(self, step: Resize) -> None:
        identity = self._asked[step.cluster % len(self._asked)]
        name = identity.split("-")[1]
        named = [node_name(name, Role.WORKER, index) for index in step.named]
        await _refusable(self.twin.conductor.resize(identity, step.workers, named))

    async def _delete(self, number: int) -> None:
        await _refusable(self.twin.conductor.delete(self._asked[number % len(self._asked)]))

    async def _delete_all(self) -> None:
        twin = self.twin
        async with twin.runtime.task_group() as group:
            for cluster in twin.clusters():
                group.start(_refusable(twin.conductor.delete(cluster.id)))
        check_quiescent(twin.cloud, twin.clusters())


async def _refusable(operation: Awaitable[Cluster]) -> None:
    try:
        await operation
    except REFUSALS:
        return


@pytest.mark.parametrize("architecture", ["legacy", "convergence"])
@pytest.mark.parametrize("provisioner", list(PROVISIONERS))
@given(
    program=programs,
    changes=troubles,
    policies=POLICIES,
    timeout=timeouts,
    seed=st.integers(0, 1000),
)
def test_whatever_is_asked_and_whatever_fails_nothing_is_lost(
    provisioner: str,
    architecture: str,
    program: Program,
    changes: dict[str, Json],
    policies: PolicySet,
    timeout: float,
    seed: int,
) -> None:
    """Invariants hold throughout; all ends; failures name a cause; the last delete leaves none."""
    spec = twin_spec(
        provisioner=provisioner,
        overrides={**changes, "heat.architecture": architecture},
        policies=policies,
        create_timeout_s=timeout,
        seed=seed,
    )
    note(f"{provisioner} on {architecture}, seed {seed}, create_timeout {timeout:g} s")
    Player(spec).play(program)
