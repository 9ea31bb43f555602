"""A twin whose lifecycle core can be taken away and built anew, around any cloud."""

from dataclasses import dataclass, field, replace

from coe_twin.coe_core.cluster import Operation
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.provisioners.choice import provisioner_of
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import CountingIds, Twin, TwinSpec

TTL = Seconds(60.0)


@dataclass(slots=True)
class LeaseClock:
    """The clock by which leases end; it stands still until it is moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Ground:
    """What outlives a process of ours: the cloud, the repository, the ids that were given."""

    twin: Twin
    clock: LeaseClock = field(default_factory=LeaseClock)
    ids: CountingIds = field(default_factory=CountingIds)
    repository: MemoryRepository = field(init=False)

    def __post_init__(self) -> None:
        self.repository = MemoryRepository(self.clock)

    @classmethod
    def of(cls, spec: TwinSpec) -> "Ground":
        """Return the ground of a new world."""
        return cls(Twin(spec, is_recording=False))

    def process(
        self, holder: str, cloud: CloudDriver, repository: ClusterRepository | None = None
    ) -> Conductor:
        """Return a new process that works on this ground through `cloud`."""
        twin = self.twin
        seams = Seams(
            runtime=twin.runtime,
            cloud=cloud,
            poller=twin.poller,
            schedule=twin.schedule,
            zones=tuple(twin.spec.setup.hypervisors.availability_zones),
            phases=Phases(twin.runtime, twin.log),
        )
        policies = twin.spec.policies
        context = replace(
            twin._context(),
            cloud=cloud,
            repository=repository or self.repository,
            provisioner=provisioner_of(twin.spec.provisioner.choice(), policies, seams),
            ids=self.ids,
            holder=holder,
            lease_ttl=TTL,
        )
        return Conductor(context, policies.admission)

    def let_leases_end(self) -> None:
        """Move the clock of the leases on, past the end of all."""
        self.clock.now += TTL + 1.0

    async def last_operation(self, cluster: ClusterId) -> Operation:
        """Return the operation on `cluster` that began last."""
        return (await self.repository.operations(cluster))[-1]
