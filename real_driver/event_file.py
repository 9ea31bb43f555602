"""The event log in a file: one JSON object a line, whole as soon as it is recorded."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import Final, Self

from coe_twin.coe_core.events import Event
from coe_twin.models.traces.event_lines import event_line, is_event

BLOCK: Final = 65536
"""How much is read at a time in search of the last whole line [B]."""


def wall_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


class EventFile:
    """A `coe_core.ports.draws.EventSink` that appends to a file; a context manager closes it.

    The file is created for this user alone. Several processes may append to one file. What a
    killed process left of a line is cut off when the file is next opened, so each line of it is
    an event.

    Args:
        path: the file.
        clock: gives the instant of an event, with its time zone.

    Raises:
        OSError: the file cannot be opened for writing.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = wall_clock) -> None:
        self._clock = clock
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "a", buffering=1, encoding="ascii", newline="\n")
        self._start_on_a_new_line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, event: Event) -> None:
        """Append `event`; it is with the operating system when this returns."""
        self._file.write(event_line(event, self._clock()))

    def close(self) -> None:
        """Close the file; a second call changes nothing."""
        self._file.close()

    def _start_on_a_new_line(self) -> None:
        descriptor = self._file.fileno()
        is_alone = _locked(descriptor, LOCK_EX | LOCK_NB)
        end = os.fstat(descriptor).st_size
        start = _start_of_last_line(descriptor, end)
        if start < end:
            last = os.pread(descriptor, end - start, start)
            if is_alone and not is_event(last):
                os.ftruncate(descriptor, start)
            else:
                os.write(descriptor, b"\n")
        _locked(descriptor, LOCK_SH)  # while it is open, so that nobody cuts a line in the making


def _locked(descriptor: int, kind: int) -> bool:
    try:
        flock(descriptor, kind)
    except OSError:  # held by others, or a file system without locks
        return False
    return True


def _start_of_last_line(descriptor: int, end: int) -> int:
    """Return where the text after the last end of a line starts; `end` if there is none."""
    while end > 0:
        begin = max(0, end - BLOCK)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
