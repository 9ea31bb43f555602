"""The event log as JSON lines: one object a line, for people, `jq` and the twin.

The line is ASCII, so no text in it can end it early or fail to be written.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite, nan
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput

TEXTS: Final = ("wall", "kind", "cluster", "subject", "detail")
FIELDS: Final = ("at", *TEXTS)


def event_line(event: Event, wall: datetime) -> str:
    """Return `event` as a line with its end.

    Args:
        event: what happened; its `at` is time since the run began [s].
        wall: when it happened, with a time zone; written in UTC to the microsecond.
    """
    stamp = wall.astimezone(UTC).isoformat(timespec="microseconds")
    fields = {
        "at": event.at,
        "wall": stamp.replace("+00:00", "Z"),
        "kind": event.kind,
        "cluster": event.cluster,
        "subject": event.subject,
        "detail": event.detail,
    }
    return json.dumps(fields) + "\n"


def event_of(line: bytes) -> Event:
    """Return the event in `line`; its instant keeps every digit.

    Raises:
        InvalidInput: the line is no event; the text names the field.
    """
    fields = _fields(line)
    texts = {name: _text(name, fields[name]) for name in TEXTS}
    _require_instant(texts["wall"])
    return Event(
        at=_at(fields["at"]),
        kind=_kind(texts["kind"]),
        cluster=ClusterId(texts["cluster"]),
        subject=texts["subject"],
        detail=texts["detail"],
    )


def is_event(line: bytes) -> bool:
    """Return whether `line`, with or without its end, is an event."""
    try:
        event_of(line)
    except InvalidInput:
        return False
    return True


def _fields(line: bytes) -> dict[str, Json]:
    try:
        fields = json.loads(line.decode())
    except UnicodeDecodeError:
        raise InvalidInput("accepted is UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "too deep, or a number too long")
        raise InvalidInput(f"not JSON: {reason}") from None
    if not isinstance(fields, dict) or set(fields) != set(FIELDS):
        accepted = f"accepted is an object with exactly the fields {', '.join(FIELDS)}"
        raise InvalidInput(accepted, value=fields)
    return fields


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise InvalidInput("accepted is text", field=name, value=value)
    return value


def _require_instant(wall: str) -> None:
    try:
        has_zone = datetime.fromisoformat(wall).tzinfo is not None
    except ValueError:
        has_zone = False
    if not has_zone:
        problem = "accepted is a date and time with its zone, as in 2026-01-31T12:00:00.000000Z"
        raise InvalidInput(problem, field="wall", value=wall)


def _kind(value: str) -> EventKind:
    try:
        return EventKind(value)
    except ValueError:
        accepted = f"accepted is one of {', '.join(EventKind)}"
        raise InvalidInput(accepted, field="kind", value=value) from None


def _at(value: Json) -> Seconds:
    at = nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            at = float(value)
    if not isfinite(at):
        raise InvalidInput("accepted is a finite number [s]", field="at", value=value)
    return Seconds(at)
