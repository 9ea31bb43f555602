"""The columns in which a run records every wait and every service.

One row is one span on the path of one task: a visit to a station (queue and service), a
timer, or a wait for a slot. `previous` is the row of the span before it on the same path,
so a walk back from the last row of an activity is its critical path. Columns are arrays of
machine numbers: recording must not be what limits a run.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NO_ROLE: Final = 0
"""Spans that are attributed to their station alone."""


class Recorder:
    """Spans of one run.

    Attributes:
        arrived, started, ended: instants of each span [s]; started - arrived is the wait in
            queue, ended - started the service.
        station, role: indexes into `names`.
        previous: row of the span before on the same path, -1 at its beginning.
        milestones: per server by name, when it was accepted, ACTIVE, and ready [s].
    """

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self._index: dict[str, int] = {"": NO_ROLE}
        self.arrived = array("d")
        self.started = array("d")
        self.ended = array("d")
        self.station = array("H")
        self.role = array("H")
        self.previous = array("l")
        self.milestones: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self.ended)

    def index(self, name: str) -> int:
        """Return the number that stands for `name`, a new one at the first call."""
        known = self._index.get(name)
        if known is None:
            known = self._index[name] = len(self.names)
            self.names.append(name)
        return known

    def columns(self) -> Iterator[bytes]:
        """Return all columns as bytes, for a digest of the run."""
        for column in (self.arrived, self.started, self.ended, self.station, self.role):
            yield column.tobytes()
        yield "\n".join(self.names).encode()

    def reach(self, server: str, at: float) -> None:
        """Note that `server` reached its next milestone at the instant `at` [s]."""
        self.milestones.setdefault(server, []).append(at)

    def add(
        self, station: int, role: int, arrived: float, started: float, ended: float, previous: int
    ) -> int:
        """Append a span; return its row."""
        row = len(self.ended)
        self.station.append(station)
        self.role.append(role)
        self.arrived.append(arrived)
        self.started.append(started)
        self.ended.append(ended)
        self.previous.append(previous)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One row, read back."""

    station: str
    role: str
    arrived: float
    started: float
    ended: float


def path(recorder: Recorder, last: int) -> list[Span]:
    """Return the spans that lead to row `last`, earliest first."""
    spans = []
    while last >= 0:
        spans.append(
            Span(
                station=recorder.names[recorder.station[last]],
                role=recorder.names[recorder.role[last]],
                arrived=recorder.arrived[last],
                started=recorder.started[last],
                ended=recorder.ended[last],
            )
        )
        last = recorder.previous[last]
    spans.reverse()
    return spans
