"""The status table of a cluster, in Magnum's words; no other file assigns a status.

Source: magnum/objects/fields.py for the words, and the checks in
magnum/conductor/handlers/cluster_conductor.py for the moves: update only from COMPLETE,
resize also from UPDATE_FAILED, delete from any status, CREATE_FAILED only to delete.
"""

from enum import Enum, StrEnum, auto
from typing import Final

from coe_twin.coe_core.errors import IllegalTransition


class ClusterStatus(StrEnum):
    """Status of a cluster as Magnum's API shows it."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_COMPLETE = "DELETE_COMPLETE"
    DELETE_FAILED = "DELETE_FAILED"

    @property
    def is_in_progress(self) -> bool:
        """Whether an operation is running."""
        return self.value.endswith("_IN_PROGRESS")

    @property
    def is_failed(self) -> bool:
        """Whether the last operation failed."""
        return self.value.endswith("_FAILED")


class Trigger(Enum):
    """What happens to a cluster: a request that is accepted, or the end of an operation."""

    RESIZE_ASKED = auto()
    DELETE_ASKED = auto()
    SUCCEEDED = auto()
    FAILED = auto()


S = ClusterStatus
O = Trigger  # noqa: E741 - the table below reads as a table with one-letter heads

NEXT: Final[dict[tuple[ClusterStatus, Trigger], ClusterStatus]] = {
    (S.CREATE_IN_PROGRESS, O.SUCCEEDED): S.CREATE_COMPLETE,
    (S.CREATE_IN_PROGRESS, O.FAILED): S.CREATE_FAILED,
    (S.CREATE_COMPLETE, O.RESIZE_ASKED): S.UPDATE_IN_PROGRESS,
    (S.UPDATE_COMPLETE, O.RESIZE_ASKED): S.UPDATE_IN_PROGRESS,
    (S.UPDATE_FAILED, O.RESIZE_ASKED): S.UPDATE_IN_PROGRESS,
    (S.UPDATE_IN_PROGRESS, O.SUCCEEDED): S.UPDATE_COMPLETE,
    (S.UPDATE_IN_PROGRESS, O.FAILED): S.UPDATE_FAILED,
    (S.CREATE_IN_PROGRESS, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.CREATE_COMPLETE, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.CREATE_FAILED, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.UPDATE_IN_PROGRESS, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.UPDATE_COMPLETE, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.UPDATE_FAILED, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.DELETE_FAILED, O.DELETE_ASKED): S.DELETE_IN_PROGRESS,
    (S.DELETE_IN_PROGRESS, O.SUCCEEDED): S.DELETE_COMPLETE,
    (S.DELETE_IN_PROGRESS, O.FAILED): S.DELETE_FAILED,
}
"""A second delete while one is running is absorbed by the caller, so it is not a move."""


def advance(status: ClusterStatus, trigger: Trigger) -> ClusterStatus:
    """Return the status that follows `status` on `trigger`.

    Raises:
        IllegalTransition: the table has no such row.
    """
    try:
        return NEXT[status, trigger]
    except KeyError:
        raise IllegalTransition(f"{status} on {trigger.name}") from None
