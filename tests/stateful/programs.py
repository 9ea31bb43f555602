"""Random lifecycle programs, and the clouds on which they are played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from hypothesis import strategies as st

from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import IllegalTransition, InvalidRequest, Superseded, UnknownCluster
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.policies import (
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
from coe_twin.coe_core.ports.runtime import Runtime, TaskGroup
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import TwinSpec
from tests.simulation.worlds import Ask, cluster_of

PROJECTS = ("p0", "p1")
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
late_resizes = st.builds(lambda resize: (Pass(300.0), resize), resizes)
cut_short = st.tuples(st.one_of(creates, resizes), passes, deletes)
turns = st.one_of(
    st.tuples(st.one_of(creates, resizes, deletes, passes)), late_resizes, late_resizes, cut_short
)
programs = st.builds(
    lambda first, rest: [first, *(step for turn in rest for step in turn)],
    creates,
    st.lists(turns, max_size=6),
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
    {"network.floating_ips": 4, "cluster_template.floating_ip_enabled": True},
    {"network.vif_plugging_timeout_s": 2.5},
    {"rabbitmq.rpc_response_timeout_s": 0.7},
    {"rabbitmq.rpc_response_timeout_s": 0.5},
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
    st.lists(st.sampled_from(TROUBLES), min_size=1, max_size=2),
)
timeouts = st.sampled_from([3600.0] * 6 + [150.0, 100.0, 45.0])


class Player:
    """Plays a program on a conductor, each request beside the others."""

    def __init__(self, runtime: Runtime, conductor: Conductor, spec: TwinSpec) -> None:
        self._runtime = runtime
        self._conductor = conductor
        self._spec = spec
        self._asked: list[ClusterId] = []

    async def play(self, program: Program, after_step: Callable[[], None]) -> None:
        """Do all of `program` and call `after_step` after each step; return when all has ended."""
        async with self._runtime.task_group() as group:
            for step in program:
                await self._do(group, step)
                after_step()

    async def _do(self, group: TaskGroup, step: Step) -> None:
        match step:
            case Create():
                self._create(group, step)
            case Resize():
                group.start(self._resize(step))
            case Delete(number):
                group.start(refusable(self._conductor.delete(self._cluster(number))))
            case Pass(seconds):
                await self._runtime.sleep(Seconds(seconds))
            case _:
                assert_never(step)

    def _create(self, group: TaskGroup, step: Create) -> None:
        ask = Ask(
            name=f"c{len(self._asked)}",
            project=PROJECTS[step.project],
            masters=step.masters,
            workers=step.workers,
        )
        cluster = cluster_of(self._spec, ask)
        self._asked.append(cluster.id)
        group.start(refusable(self._conductor.create(cluster)))

    async def _resize(self, step: Resize) -> None:
        identity = self._cluster(step.cluster)
        name = identity.split("-")[1]
        named = [node_name(name, Role.WORKER, index) for index in step.named]
        await refusable(self._conductor.resize(identity, step.workers, named))

    def _cluster(self, number: int) -> ClusterId:
        return self._asked[number % len(self._asked)]


async def refusable(operation: Awaitable[Cluster]) -> None:
    """Wait for an operation that may be refused because of what others did."""
    try:
        await operation
    except REFUSALS:
        return
