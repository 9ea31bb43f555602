"""Event logs are read whole, or refused by file and line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.event_file import read_events
from coe_twin.models.traces.event_lines import event_line

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
EVENTS = tuple(
    Event(Seconds(at), EventKind.PHASE_STARTED, ClusterId("c0"), "stack", "é\n") for at in (0, 1, 2)
)
LINES = [event_line(event, NOON).encode() for event in EVENTS]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_all_events_are_read_in_order(path: Path) -> None:
    """The log reads back as it was written; a file without a line has no event."""
    path.write_bytes(b"".join(LINES))
    assert read_events(path) == EVENTS
    path.write_bytes(b"")
    assert read_events(path) == ()


@pytest.mark.parametrize("length", [1, 20, len(LINES[2]) - 2])
def test_a_torn_last_line_is_left_out(path: Path, length: int) -> None:
    """Whatever a killed writer left of its last line, the events before it are read."""
    path.write_bytes(b"".join(LINES[:2]) + LINES[2][:length])
    assert read_events(path) == EVENTS[:2]


def test_a_last_line_may_lack_its_end(path: Path) -> None:
    """An editor that drops the last end of a line loses no event."""
    path.write_bytes(b"".join(LINES).rstrip())
    assert read_events(path) == EVENTS


@pytest.mark.parametrize("bad", [b"\n", LINES[1][:20] + b"\n", b"\xff\n", b"{}\n"])
def test_a_bad_line_is_named(path: Path, bad: bytes) -> None:
    """A line that is no event is refused by its number, be it the last."""
    for lines in ([LINES[0], bad, LINES[2]], [LINES[0], bad]):
        path.write_bytes(b"".join(lines))
        with pytest.raises(InvalidInput, match=r"accepted|not JSON") as caught:
            read_events(path)
        assert (caught.value.file, caught.value.line) == (str(path), 2)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No file and a directory are refused in one line."""
    for path in (tmp_path / "absent", tmp_path, Path("a\0b")):
        with pytest.raises(InvalidInput, match=r"no such file|is a directory|cannot be read"):
            read_events(path)
