"""The seams of randomness, of names and of the event log."""

from typing import Protocol

from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import OperationId


class Draws(Protocol):
    """Random draws by what they are for, so that one draw cannot shift another."""

    def uniform(self, name: str, number: int) -> float:
        """Return the draw `number` of the stream `name`, in [0, 1); the same when asked again."""


class Ids(Protocol):
    """New identifiers, in a sequence that the caller fixes."""

    def operation(self) -> OperationId:
        """Return the id for a new operation."""


class EventSink(Protocol):
    """Where the core writes its log."""

    def record(self, event: Event) -> None:
        """Append `event`; it must not block."""
