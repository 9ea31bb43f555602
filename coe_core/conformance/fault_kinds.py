"""What goes wrong on purpose, and how a create then ends: the same in every world.

A test injects a kind into its world while a small cluster is being created, and holds status and
class of the reason against this table. After the fault is over, a delete leaves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coe_twin.coe_core.errors import (
    DriverError,
    EngineLost,
    NotFound,
    NoValidHost,
    QuotaExceeded,
    ResourceFailed,
    StackTimeout,
    Unauthorized,
)
from coe_twin.coe_core.transitions import ClusterStatus


class FaultKind(StrEnum):
    """What goes wrong."""

    QUOTA_HALF_WAY = "quota half-way"
    """The project may have some of the servers, and not all."""

    NO_VALID_HOST = "no valid host"
    """The workers fit on no host; nobody tries again."""

    SERVER_IN_ERROR = "server in ERROR"
    """A hypervisor fails to build a server for a reason of its own, and Nova does not go on."""

    GUEST_SILENT = "guest silent"
    """A guest never signals."""

    PORT_GONE = "port gone"
    """Somebody deletes a node's port before its server is built."""

    CREDENTIALS_REFUSED = "credentials refused"
    """Keystone refuses the credentials of one call, and does not give a new token for them."""

    BROKER_OUT = "broker out"
    """No call of Heat or Nova is answered for OUTAGE_S; the back-off outlasts that."""

    CAST_LOST = "cast lost"
    """A cast between two services dies with the broker, and nobody sends it again."""

    ORPHAN_IN_THE_WAY = "orphan in the way"
    """Heat never hears of a port that it asked for, which keeps its failed stack from going, so
    that it cannot be replaced; a delete of the cluster finds the port by its mark."""

    ENGINE_LOST = "engine lost"
    """Heat's engine processes die in mid-create and are started anew, in convergence."""

    ENGINE_LOST_LEGACY = "engine lost, legacy"
    """The same in the legacy architecture: an engine that starts fails what the dead one held."""

    PROCESS_CRASHED = "process crashed"
    """Our own process dies at a call of the cloud, and another takes its work up."""


OUTAGE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The status in which an operation ends, and the class of its reason, None for no reason."""

    status: ClusterStatus
    reason: type[DriverError] | None


FAULT_KINDS: Final[Mapping[FaultKind, Ending]] = {
    FaultKind.QUOTA_HALF_WAY: Ending(ClusterStatus.CREATE_FAILED, QuotaExceeded),
    FaultKind.NO_VALID_HOST: Ending(ClusterStatus.CREATE_FAILED, NoValidHost),
    FaultKind.SERVER_IN_ERROR: Ending(ClusterStatus.CREATE_FAILED, ResourceFailed),
    FaultKind.GUEST_SILENT: Ending(ClusterStatus.CREATE_FAILED, StackTimeout),
    FaultKind.PORT_GONE: Ending(ClusterStatus.CREATE_FAILED, NotFound),
    FaultKind.CREDENTIALS_REFUSED: Ending(ClusterStatus.CREATE_FAILED, Unauthorized),
    FaultKind.BROKER_OUT: Ending(ClusterStatus.CREATE_COMPLETE, None),
    FaultKind.CAST_LOST: Ending(ClusterStatus.CREATE_FAILED, StackTimeout),
    FaultKind.ORPHAN_IN_THE_WAY: Ending(ClusterStatus.CREATE_FAILED, ResourceFailed),
    FaultKind.ENGINE_LOST: Ending(ClusterStatus.CREATE_FAILED, StackTimeout),
    FaultKind.ENGINE_LOST_LEGACY: Ending(ClusterStatus.CREATE_FAILED, EngineLost),
    FaultKind.PROCESS_CRASHED: Ending(ClusterStatus.CREATE_COMPLETE, None),
}


def ending_of(status: ClusterStatus, failure: str) -> Ending:
    """Return how an operation ended, given the cluster's status and `Operation.failure`."""
    kinds = {kind.cause: kind for kind in DriverError.__subclasses__()}
    return Ending(status, kinds[failure] if failure else None)
