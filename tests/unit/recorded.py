"""Documents of `tests/data/traces`: two stacks as a real cloud told of them, and Rally's formats.

`resized.json` is a stack of two nodes that signalled, and of which one was then removed;
`failed.json` one of a single node that never signalled. Ids, hosts and names of Heat's own making
are replaced. Rally's files are written by hand after its sources.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from coe_twin.models.traces.history import StackDocuments
from coe_twin.models.traces.instants import Instant
from coe_twin.models.traces.span import Span, Status

FOLDER: Final = Path(__file__).parents[1] / "data" / "traces"

Fields = dict[str, Any]


def fields_of(name: str) -> Fields:
    """Return the object in a file of the folder, fresh on each call."""
    found: Fields = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def documents_of(fields: Fields) -> StackDocuments:
    """Return `fields` as the documents of a stack."""
    return StackDocuments(**fields | {"flags": tuple(fields["flags"])})


def at(second: float, resolution_s: float = 1.0) -> Instant:
    """Return an instant, `second` [s] after noon."""
    noon = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
    return Instant(datetime.fromtimestamp(noon.timestamp() + second, UTC), resolution_s)


def a_span(begin: float, end: float | None, **fields: Any) -> Span:  # noqa: ANN401 - any field
    """Return a span from `begin` to `end`, both [s] after noon."""
    given: Fields = {
        "source": "heat",
        "kind": "OS::Nova::Server",
        "action": "CREATE",
        "cluster": "c0",
        "path": "c0/server",
        "started": at(begin),
        "ended": None if end is None else at(end),
        "status": Status.IN_PROGRESS if end is None else Status.COMPLETE,
    }
    return Span(**given | fields)


def event(second: int, status: str, **fields: object) -> Fields:
    """Return an event of Heat's, `second` [s] after noon, of the resource `server`."""
    stack = fields.pop("stack", "root")
    stamp = f"2026-01-31T12:{second // 60:02}:{second % 60:02}Z"
    return {
        "event_time": stamp,
        "resource_name": "server",
        "resource_type": "OS::Nova::Server",
        "resource_status": status,
        "resource_status_reason": "state changed",
        "physical_resource_id": "server-1",
        "links": [{"rel": "stack", "href": f"https://heat.example/v1/p/stacks/{stack}/{stack}-id"}],
    } | fields
