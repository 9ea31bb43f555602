"""What every coroutine of the lifecycle is handed."""

from dataclasses import dataclass, replace

from coe_core.cluster import Cluster, Operation, Verb
from coe_core.events import Event, EventKind
from coe_core.ports.cloud import CloudDriver
from coe_core.ports.draws import Draws, EventSink, Ids
from coe_core.ports.policies import BackoffPolicy
from coe_core.ports.poller import Poller, PollSchedule
from coe_core.ports.provisioner import Provisioner
from coe_core.ports.repository import ClusterRepository
from coe_core.ports.runtime import Runtime
from coe_core.transitions import Outcome
from coe_core.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every loop in the core has a bound, and the bound is a named field."""

    delete_timeout: Seconds
    sweeps_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One world, seen from the lifecycle."""

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

    def log(self, cluster: Cluster, kind: EventKind, subject: str, detail: str = "") -> None:
        """Append an event about `cluster` at the present instant."""
        self.events.record(Event(self.runtime.now(), kind, cluster.id, subject, detail))

    async def move(self, cluster: Cluster, outcome: Outcome, reason: str = "") -> Cluster:
        """Store `cluster` after `outcome` and log its new status.

        Raises:
            IllegalTransition: the status table forbids it.
            StaleVersion: somebody else changed it.
        """
        moved = await self.repository.save(cluster.on(outcome, reason))
        self.log(moved, EventKind.STATUS_CHANGED, moved.status, reason)
        return moved

    async def begin(self, cluster: Cluster, verb: Verb) -> Operation:
        """Write the intent to do `verb`."""
        operation = Operation(
            id=self.ids.operation(), cluster=cluster.id, verb=verb, asked_at=self.runtime.now()
        )
        await self.repository.write_operation(operation)
        self.log(cluster, EventKind.OPERATION_STARTED, verb)
        return operation

    async def end(self, cluster: Cluster, operation: Operation, failure: str = "") -> None:
        """Close an operation."""
        ended = replace(operation, ended_at=self.runtime.now(), failure=failure)
        await self.repository.write_operation(ended)
        self.log(cluster, EventKind.OPERATION_ENDED, operation.verb, failure)
