"""The rows in which a run records every wait and every service.

One row is one span on the path of one task: a visit to a station (queue and service), a
timer, or a wait for a slot. `previous` is the row of the span before it on the same path,
so a walk back from the last row of an activity is its critical path. Rows are packed
machine numbers: recording must not be what limits a run.
"""

from struct import Struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_ROLE: Final = 0
"""Spans that are attributed to their station alone."""

ACCEPTED: Final = 0
ACTIVE: Final = 1
READY: Final = 2
"""The milestones of a server, in their order."""

ROW: Final = Struct("=dddqHH")
PACK: Final = ROW.pack
COLUMNS: Final = np.dtype(
    [
        ("arrived", "f8"),
        ("started", "f8"),
        ("ended", "f8"),
        ("previous", "i8"),
        ("station", "u2"),
        ("role", "u2"),
    ]
)
"""`ROW` as numpy sees it; both are packed, in the machine's byte order."""


class Span(NamedTuple):
    """One row: instants [s], the row before, and names by their number."""

    arrived: float
    started: float
    ended: float
    previous: int
    station: int
    role: int


class Recorder:
    """Spans of one run.

    Attributes:
        names: of stations and roles, by their number.
        rows: the packed spans.
        milestones: per server by name, when it was accepted, ACTIVE, and ready [s].
    """

    def __init__(self) -> None:
        self.names: list[str] = [""]
        self.rows = bytearray()
        self._append = self.rows.extend
        self.milestones: dict[str, list[float]] = {}
        self._index: dict[str, int] = {"": NO_ROLE}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def index(self, name: str) -> int:
        """Return the number that stands for `name`, a new one at the first call."""
        known = self._index.get(name)
        if known is None:
            known = self._index[name] = len(self.names)
            self.names.append(name)
        return known

    def add(
        self, station: int, role: int, arrived: float, started: float, ended: float, previous: int
    ) -> int:
        """Append a span; return its row.

        started - arrived is the wait in queue, ended - started the service [s].
        """
        self._append(PACK(arrived, started, ended, previous, station, role))
        row = self._count
        self._count = row + 1
        return row

    def reach(self, server: str, milestone: int, at: float) -> None:
        """Note that `server` reached `milestone` at the instant `at` [s].

        A server that is accepted again under the same name begins anew.
        """
        if milestone == ACCEPTED:
            self.milestones[server] = [at]
        else:
            self.milestones[server][milestone:] = [at]

    def span(self, row: int) -> Span:
        """Return one row."""
        return Span(*ROW.unpack_from(self.rows, row * ROW.size))

    def columns(self) -> NDArray[np.void]:
        """Return a copy of all rows, shape (rows,), with the fields of `COLUMNS`."""
        return np.frombuffer(bytes(self.rows), COLUMNS)

    def fingerprint(self) -> bytes:
        """Return all rows and names as bytes, for the digest of a run."""
        return bytes(self.rows) + "\n".join(self.names).encode()
