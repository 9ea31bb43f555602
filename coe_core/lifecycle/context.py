"""What every coroutine of the lifecycle is handed."""

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Operation, Place, Verb
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.lifecycle.place import living_at
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.draws import Draws, EventSink, Ids
from coe_twin.coe_core.ports.policies import BackoffPolicy
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.ports.provisioner import Provisioner
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.transitions import Trigger
from coe_twin.coe_core.units import Seconds

FOREVER: Final = Seconds(inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every loop in the core has a bound, and the bound is a named field."""

    delete_timeout: Seconds
    sweeps_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One world, seen from the lifecycle.

    `holder` names this process on the leases that it takes; a lease is renewed while work
    goes on, unless `lease_ttl` [s] is infinite. `place` is where the cloud is, None where
    there is only one.
    """

    runtime: Runtime
    cloud: CloudDriver
    repository: ClusterRepository
    provisioner: Provisioner
    poller: Poller
    schedule: PollSchedule
    backoff: BackoffPolicy
    draws: Draws
    ids: Ids
    events: EventSink
    limits: Limits
    holder: str = "coe-twin"
    lease_ttl: Seconds = FOREVER
    place: Place | None = None

    def here(self, cluster: Cluster) -> Cluster:
        """Return `cluster`, which lives here, or raise WrongPlace."""
        return living_at(cluster, self.place)

    @property
    def phases(self) -> Phases:
        """Where the lifecycle's own phases are logged."""
        return Phases(self.runtime, self.events)

    def log(self, cluster: Cluster, kind: EventKind, subject: str, detail: str = "") -> None:
        """Append an event about `cluster` at the present instant."""
        self.events.record(Event(self.runtime.now(), kind, cluster.id, subject, detail))

    async def move(self, cluster: Cluster, trigger: Trigger, reason: str = "") -> Cluster:
        """Store `cluster` after `trigger` and log its new status.

        Raises:
            IllegalTransition: the status table forbids it.
            StaleVersion: somebody else changed it.
        """
        moved = await self.repository.save(cluster.on(trigger, reason))
        self.log(moved, EventKind.STATUS_CHANGED, moved.status, reason)
        return moved

    async def begin(
        self, cluster: Cluster, verb: Verb, node_group: NodeGroup | None = None
    ) -> Operation:
        """Write the intent to do `verb`, or take up the one that nobody ended."""
        left = await self.unended(cluster, verb)
        operation = Operation(
            id=self.ids.operation() if left is None else left.id,
            cluster=cluster.id,
            verb=verb,
            asked_at=self.runtime.now(),
            node_group=node_group,
        )
        await self.repository.write_operation(operation)
        self.log(cluster, EventKind.OPERATION_STARTED, verb)
        return operation

    async def unended(self, cluster: Cluster, verb: Verb) -> Operation | None:
        """Return the operation of this kind that a process left behind, if there is one."""
        for operation in await self.repository.operations(cluster.id):
            if operation.verb is verb and operation.ended_at is None:
                return operation
        return None

    async def close_unended(self, cluster: Cluster) -> None:
        """End what a process left open although the status of `cluster` tells its end."""
        failed = cluster.status.is_failed
        cause = error_of(cluster.name, cluster.status_reason).cause if failed else ""
        for operation in await self.repository.operations(cluster.id):
            if operation.ended_at is None:
                await self.end(cluster, operation, cause)

    async def end(self, cluster: Cluster, operation: Operation, failure: str = "") -> None:
        """Close an operation."""
        ended = replace(operation, ended_at=self.runtime.now(), failure=failure)
        await self.repository.write_operation(ended)
        self.log(cluster, EventKind.OPERATION_ENDED, operation.verb, failure)
