"""One line per event: what is written reads back, and what is no event is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.event_lines import event_line, event_of, is_event

NOON = datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC)
CREATED = Event(
    Seconds(0.1 + 0.2), EventKind.STATUS_CHANGED, ClusterId("c0"), "CREATE_COMPLETE", "done"
)

any_text = st.text(st.characters(exclude_categories=[]))
events = st.builds(
    Event,
    at=st.floats(allow_nan=False, allow_infinity=False),
    kind=st.sampled_from(EventKind),
    cluster=any_text,
    subject=any_text,
    detail=any_text,
)


def line_with(**changes: Json) -> bytes:
    """Return the line of an event, in which some fields are changed."""
    return json.dumps(json.loads(event_line(CREATED, NOON)) | changes).encode()


@given(event=events, wall=st.datetimes(timezones=st.timezones()))
def test_an_event_reads_back_as_it_was_written(event: Event, wall: datetime) -> None:
    """Any event is one line of ASCII, and the line is that event again."""
    line = event_line(event, wall)
    assert line.isascii()
    assert line.splitlines(keepends=True) == [line]
    assert event_of(line.encode()) == event


def test_a_line_shows_its_fields_in_order() -> None:
    """The format is fixed: other programs read it, too."""
    assert event_line(CREATED, NOON) == (
        '{"at": 0.30000000000000004, "wall": "2026-01-31T12:00:00.000005Z",'
        ' "kind": "cluster.status", "cluster": "c0", "subject": "CREATE_COMPLETE",'
        ' "detail": "done"}\n'
    )


def test_the_wall_clock_is_written_in_utc() -> None:
    """A clock in another zone gives the same line."""
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert event_line(CREATED, elsewhere) == event_line(CREATED, NOON)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (line_with()[:-1], "not JSON"),
        (line_with() + line_with(), "not JSON"),
        (b"[" * 100_000, "not JSON: too deep"),
        (b'{"at": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"\xff", "UTF-8"),
        (b"[]", "accepted is an object"),
        (line_with(more=1), "exactly the fields at, wall, kind"),
        (b'{"at": 1.0}', "exactly the fields"),
        (line_with(at="1"), 'at = "1": accepted is a finite number'),
        (line_with(at=True), "at = true"),
        (line_with(at=float("inf")), "at = Infinity"),
        (line_with(at=10**400), "at = 1000"),
        (line_with(wall="noon"), 'wall = "noon": accepted is a date'),
        (line_with(wall="2026-01-31T12:00:00"), "with its zone"),
        (line_with(wall=None), "wall = null: accepted is text"),
        (line_with(kind="cluster.born"), 'kind = "cluster.born": accepted is one of'),
        (line_with(kind=[]), r"kind = \[\]: accepted is text"),
        (line_with(detail=0), "detail = 0: accepted is text"),
    ],
)
def test_what_is_no_event_is_refused(line: bytes, reason: str) -> None:
    """The refusal is one line that names the field, and never a traceback."""
    assert not is_event(line)
    with pytest.raises(InvalidInput, match=reason) as caught:
        event_of(line)
    assert str(caught.value).isprintable()
