"""The one event log: what happened to which cluster, when; written alike in both worlds."""

from dataclasses import dataclass
from enum import StrEnum

from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds


class EventKind(StrEnum):
    """What the log can say; ids are append-only."""

    OPERATION_ASKED = "operation.asked"
    OPERATION_STARTED = "operation.started"
    OPERATION_ENDED = "operation.ended"
    STATUS_CHANGED = "cluster.status"
    PHASE_STARTED = "phase.started"
    PHASE_ENDED = "phase.ended"
    ATTEMPT_FAILED = "attempt.failed"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    `at` is time since the run began [s]; `subject` is the thing that the event is about
    (a phase, a status, a resource), `detail` is free text.
    """

    at: Seconds
    kind: EventKind
    cluster: ClusterId
    subject: str
    detail: str = ""
