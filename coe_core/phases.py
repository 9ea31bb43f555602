"""The phases of an operation, on the event log: what a plan predicts and a run measures."""

from collections.abc import Iterator
from contextlib import contextmanager

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ports.draws import EventSink
from coe_twin.coe_core.ports.runtime import Runtime


class Phases:
    """Writes when a phase began, and when it ended if it ended well."""

    def __init__(self, runtime: Runtime, events: EventSink) -> None:
        self._runtime = runtime
        self._events = events

    @contextmanager
    def of(self, cluster: Cluster, name: str) -> Iterator[None]:
        """Log the block as the phase `name`; one that raises has no end."""
        self._log(cluster, EventKind.PHASE_STARTED, name)
        yield
        self._log(cluster, EventKind.PHASE_ENDED, name)

    def _log(self, cluster: Cluster, kind: EventKind, name: str) -> None:
        self._events.record(Event(self._runtime.now(), kind, cluster.id, name))
