"""The event log of one run in memory, and its digest."""

from hashlib import sha256

from coe_twin.coe_core.events import Event


class EventLog:
    """A `coe_core.ports.draws.EventSink` that keeps all lines in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Append `event`."""
        self.events.append(event)

    def digest(self, more: bytes = b"") -> str:
        """Return the SHA-256 of all lines and of `more` that belongs to the same run."""
        total = sha256()
        for event in self.events:
            total.update(line(event).encode())
        total.update(more)
        return total.hexdigest()


def line(event: Event) -> str:
    """Return an event as one line of text; instants keep every digit."""
    fields = (repr(float(event.at)), event.kind, event.cluster, event.subject, event.detail)
    return "\t".join(field.replace("\t", " ").replace("\n", " ") for field in fields) + "\n"
