"""One simulated world, ready to be asked: cloud, lifecycle core, event log, recorder."""

from dataclasses import dataclass

from coe_core.ids import ClusterId, OperationId
from coe_core.lifecycle.conductor import Conductor
from coe_core.lifecycle.context import Context, Limits
from coe_core.memory import MemoryRepository
from coe_core.policies import PolicySet
from coe_core.ports.poller import Poller, PollSchedule
from coe_core.ports.provisioner import Provisioner
from coe_core.provisioners.direct import DirectProvisioner
from coe_core.provisioners.sharded import ShardedProvisioner
from coe_core.provisioners.stack import StackProvisioner
from coe_core.provisioners.stacks import StackKeeper
from coe_core.templates.siting import Siting
from coe_core.units import Seconds
from models import scenario as schema
from models.event_log import EventLog
from models.parameters import ParameterSet
from models.randomness import CounterDraws
from models.setup import Setup
from sim_driver.background import start_background
from sim_driver.cloud import SimCloud
from sim_driver.magnum import MagnumFront
from sim_driver.recorder import Recorder
from sim_driver.runtime import SimRuntime
from sim_driver.world import World

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


class CountingIds:
    """Ids in the order of asking."""

    def __init__(self) -> None:
        self._operations = 0

    def cluster(self, name: str) -> ClusterId:
        """Return the id of the cluster `name`."""
        return ClusterId(name)

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
            provisioner=self._provisioner(self.poller),
            poller=self.poller,
            schedule=self.schedule,
            backoff=self.spec.policies.backoff,
            draws=self.draws,
            ids=CountingIds(),
            events=self.log,
            limits=Limits(delete_timeout=timeout, sweeps_max=SWEEPS_MAX),
        )

    def _provisioner(self, poller: Poller) -> Provisioner:
        policies = self.spec.policies
        zones = tuple(self.spec.setup.hypervisors.availability_zones)
        siting = Siting(placement=policies.placement, zones=zones)
        keeper = StackKeeper(self.cloud, poller, self.schedule)
        match self.spec.provisioner:
            case schema.StackProvisioner():
                return StackProvisioner(self.cloud, keeper, siting)
            case schema.ShardedProvisioner(nodes_per_shard=nodes_per_shard):
                return ShardedProvisioner(
                    runtime=self.runtime,
                    stacks=self.cloud,
                    keeper=keeper,
                    batching=policies.batching,
                    nodes_per_shard=nodes_per_shard,
                    siting=siting,
                )
            case schema.DirectProvisioner():
                return DirectProvisioner(
                    runtime=self.runtime,
                    cloud=self.cloud,
                    poller=poller,
                    schedule=self.schedule,
                    batching=policies.batching,
                    placement=policies.placement,
                    zones=zones,
                )
