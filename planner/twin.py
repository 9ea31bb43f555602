"""One simulated world, ready to be asked: cloud, lifecycle core, event log, recorder."""

from dataclasses import dataclass

from coe_twin.coe_core.ids import OperationId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.context import Context, Limits
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.policies import PolicySet
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.ports.provisioner import Provisioner
from coe_twin.coe_core.provisioners.choice import provisioner_of
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.units import Seconds
from coe_twin.models import scenario_blocks as schema
from coe_twin.models.event_log import EventLog
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import Setup
from coe_twin.models.study import Study
from coe_twin.sim_driver.background import start_background
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.magnum import MagnumFront
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.world import World

SWEEPS_MAX = 20
"""Rounds of a delete before what is left is named (assumed: each takes a poll interval)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSpec:
    """All that one replication of a world depends on."""

    setup: Setup
    parameters: ParameterSet
    policies: PolicySet
    provisioner: schema.Provisioner
    create_timeout_s: float
    seed: int
    replication: int


def world_of(study: Study, replication: int) -> TwinSpec:
    """Return the world that a replication of `study` runs in."""
    return TwinSpec(
        setup=study.setup,
        parameters=study.parameters,
        policies=study.policies.policy_set(),
        provisioner=study.provisioner,
        create_timeout_s=study.create_timeout_s,
        seed=study.seed,
        replication=replication,
    )


class CountingIds:
    """Ids in the order of asking."""

    def __init__(self) -> None:
        self._operations = 0

    def operation(self) -> OperationId:
        """Return the next operation id."""
        self._operations += 1
        return OperationId(f"operation-{self._operations}")


class Twin:
    """A world with the lifecycle core in it."""

    def __init__(self, spec: TwinSpec, *, is_recording: bool = True) -> None:
        self.spec = spec
        self.runtime = SimRuntime()
        self.recorder = Recorder() if is_recording else None
        self.draws = CounterDraws(spec.seed, spec.replication)
        self.log = EventLog()
        self.repository = MemoryRepository()
        world = World(
            runtime=self.runtime,
            setup=spec.setup,
            parameters=spec.parameters,
            draws=self.draws,
            recorder=self.recorder,
        )
        self.cloud = SimCloud(world)
        self.magnum = MagnumFront(self.cloud)
        interval = Seconds(spec.parameters.mean("magnum.poll_interval_s"))
        self.schedule = PollSchedule(first_after=interval, every=interval)
        self.poller = self.cloud.poller()
        self.conductor = Conductor(self._context(), spec.policies.admission)

    def start(self) -> None:
        """Start what goes on in the cloud anyway."""
        start_background(self.cloud.substrate)

    def _context(self) -> Context:
        timeout = Seconds(self.spec.create_timeout_s)
        return Context(
            runtime=self.runtime,
            cloud=self.cloud,
            repository=self.repository,
            provisioner=self._provisioner(),
            poller=self.poller,
            schedule=self.schedule,
            backoff=self.spec.policies.backoff,
            draws=self.draws,
            ids=CountingIds(),
            events=self.log,
            limits=Limits(delete_timeout=timeout, sweeps_max=SWEEPS_MAX),
        )

    def _provisioner(self) -> Provisioner:
        seams = Seams(
            runtime=self.runtime,
            cloud=self.cloud,
            poller=self.poller,
            schedule=self.schedule,
            zones=tuple(self.spec.setup.hypervisors.availability_zones),
            phases=Phases(self.runtime, self.log),
        )
        return provisioner_of(self.spec.provisioner.choice(), self.spec.policies, seams)
