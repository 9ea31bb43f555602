"""Read an event log from a file of JSON lines."""

from collections.abc import Iterator
from pathlib import Path

from coe_twin.coe_core.events import Event
from coe_twin.models.errors import InvalidInput
from coe_twin.models.text_file import opened
from coe_twin.models.traces.event_lines import event_of


def read_events(path: Path) -> tuple[Event, ...]:
    """Return the events in the file `path`, in its order.

    A last line that has no end and is no event is left out: its writer was killed, or is writing
    it now.

    Raises:
        InvalidInput: the file cannot be read, or another line is no event; the text names it.
    """
    return tuple(_events(path))


def _events(path: Path) -> Iterator[Event]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            yield event_of(line)
        except InvalidInput as error:
            if line.endswith(b"\n"):
                raise error.within(file=path, line=number) from None


def _lines(path: Path) -> Iterator[bytes]:
    with opened(path) as stream:
        yield from stream
