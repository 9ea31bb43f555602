"""A trace in a file of JSON lines: a header, then an event a line as in any event log."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

from coe_twin.models.block import Block, ListOf
from coe_twin.models.errors import InvalidInput
from coe_twin.models.text_file import opened
from coe_twin.models.traces.event_lines import event_line, event_of
from coe_twin.models.traces.instants import instant
from coe_twin.models.traces.json_file import parse_json
from coe_twin.models.traces.log import Trace
from coe_twin.models.validation import validated

T = TypeVar("T")

FORMAT: Final = 1


class Header(Block):
    """The first line of the file."""

    trace: Literal[1]
    source: Literal["heat", "rally"]
    stack: str
    cloud: str
    began: str
    resolution_s: Annotated[float, Field(gt=0)]
    flags: ListOf[str]


def trace_lines(trace: Trace) -> Iterator[str]:
    """Yield the lines of the file of `trace`, each with its end."""
    header = {
        "trace": FORMAT,
        "source": trace.source,
        "stack": trace.stack,
        "cloud": trace.cloud,
        "began": trace.began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "resolution_s": trace.resolution_s,
        "flags": list(trace.flags),
    }
    yield json.dumps(header) + "\n"
    for event in trace.events:
        yield event_line(event, trace.began + timedelta(seconds=event.at))


def read_trace(path: Path) -> Trace:
    """Return the trace in the file `path`.

    Raises:
        InvalidInput: it cannot be read, or is no trace; the text names file and line.
    """
    with opened(path) as stream:
        return _read(stream, path)


def _read(lines: Iterator[bytes], path: Path) -> Trace:
    header, began = _at_line(1, path, _header, next(lines, b""))
    events = tuple(
        _at_line(number, path, event_of, line) for number, line in enumerate(lines, start=2)
    )
    return Trace(
        source=header.source,
        stack=header.stack,
        cloud=header.cloud,
        began=began,
        resolution_s=header.resolution_s,
        flags=header.flags,
        events=events,
    )


def _header(line: bytes) -> tuple[Header, datetime]:
    fields = parse_json(line)
    if not isinstance(fields, dict):
        raise InvalidInput("accepted is the header of a trace", value=fields)
    header = validated(Header, fields)
    return header, instant(header.began, header.resolution_s, "began").at


def _at_line(number: int, path: Path, read: Callable[[bytes], T], line: bytes) -> T:
    try:
        return read(line)
    except InvalidInput as error:
        raise error.within(file=path, line=number) from None
