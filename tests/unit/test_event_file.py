"""The event log of the real world, in a file."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path

import pytest

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_file import read_events
from coe_twin.models.traces.event_lines import event_line
from coe_twin.real_driver.event_file import BLOCK, EventFile, wall_clock

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def events() -> Iterator[Event]:
    """Yield events without end, each unlike the others."""
    for number in count():
        yield Event(Seconds(number), EventKind.PHASE_STARTED, ClusterId("c0"), "stack", "é\n")


FIRST, SECOND, THIRD = islice(events(), 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def write(path: Path, *some: Event) -> None:
    """Append events in a session of their own."""
    with EventFile(path) as log:
        for event in some:
            log.record(event)


def test_a_line_is_there_once_it_is_recorded(path: Path) -> None:
    """Whoever reads beside the writer misses nothing; the wall clock is the one handed in."""
    ticks = iter([NOON, NOON + timedelta(microseconds=1)])
    with EventFile(path, clock=lambda: next(ticks)) as log:
        log.record(FIRST)
        assert path.read_text(encoding="ascii") == event_line(FIRST, NOON)
        log.record(SECOND)
        assert path.read_text(encoding="ascii").endswith(
            event_line(SECOND, NOON + timedelta(microseconds=1))
        )


def test_the_wall_clock_tells_the_time_in_utc() -> None:
    """By default, a line carries the present instant."""
    assert abs(wall_clock() - datetime.now(UTC)) < timedelta(minutes=1)
    assert wall_clock().tzinfo is UTC


def test_only_this_user_can_read_it(path: Path) -> None:
    """Fault texts of a cloud are not for everyone."""
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_later_process_appends(path: Path) -> None:
    """Nothing of an earlier run is lost."""
    write(path, FIRST)
    write(path, SECOND)
    assert read_events(path) == (FIRST, SECOND)


@pytest.mark.parametrize("torn", ["x", event_line(THIRD, NOON)[:40], "x" * (2 * BLOCK + 1)])
@pytest.mark.parametrize("before", [(), (FIRST,)])
def test_a_torn_line_of_a_killed_process_is_cut_off(
    path: Path, torn: str, before: tuple[Event, ...]
) -> None:
    """After a kill in the middle of a line, every line is an event again."""
    write(path, *before)
    with path.open("a", encoding="ascii") as stream:
        stream.write(torn)
    write(path, SECOND)
    assert read_events(path) == (*before, SECOND)


def test_an_event_without_the_end_of_its_line_is_kept(path: Path) -> None:
    """Only what is no event is cut off."""
    path.write_text(event_line(FIRST, NOON).rstrip(), encoding="ascii")
    write(path, SECOND)
    assert read_events(path) == (FIRST, SECOND)


def test_a_line_in_the_making_is_not_cut_off(path: Path) -> None:
    """While another process has the file open, the new one begins a line of its own."""
    with EventFile(path) as other:
        other.record(FIRST)
        with path.open("a", encoding="ascii") as stream:
            stream.write('{"at"')
        write(path, SECOND)
        lines = path.read_text(encoding="ascii").splitlines()
    assert lines[1] == '{"at"'
    assert len(lines) == 3


def test_two_writers_share_a_file(path: Path) -> None:
    """Lines of two processes may alternate, but never mix."""
    with EventFile(path) as one, EventFile(path) as other:
        for log, event in zip([one, other] * 10, events(), strict=False):
            log.record(event)
    assert read_events(path) == tuple(islice(events(), 20))


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The caller learns of it before anything is done."""
    with pytest.raises(IsADirectoryError):
        EventFile(tmp_path)
