"""Neutron's ports as spans: from the create to the last change that Neutron noted.

For the port of a booting server the last change is the one that made it ACTIVE, until somebody
changes the port again: then that instant is lost. Neutron stamps whole seconds, and forgets a
port with its deletion.

Source: Neutron's API v2.0, `GET /ports`, with the extension `standard-attr-timestamp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from coe_twin.models.traces.documents import Document, each, flagged
from coe_twin.models.traces.instants import Instant, instant_if_any, resolution_of
from coe_twin.models.traces.span import Span, Spans, Status

KIND: Final = "port"
FAILED: Final = "ERROR"


class Port(Document):
    """A port, as far as it tells of time; `device_id` is the server that it belongs to."""

    id: str
    status: str = ""
    device_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else is known of the ports.

    Attributes:
        paths: by a port's id, the path of the resource that it is; the id itself otherwise.
        up: by a server's id, when it was up; a later change of its port is another matter.
        cluster: what the ports belong to.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    up: Mapping[str, Instant] = field(default_factory=dict)
    cluster: str = ""


NOTHING: Final = Around()


def neutron_spans(ports: object, around: Around = NOTHING) -> Spans:
    """Return a span for each port; without an end where that is lost.

    Args:
        ports: the list in Neutron's answer.
        around: what else is known of them.

    Raises:
        InvalidInput: a document is not of this shape; the text names the field.
    """
    read = list(each(Port, ports, "ports"))
    resolution = resolution_of(
        stamp for _, port in read for stamp in (port.created_at, port.updated_at)
    )
    spans: list[Span] = []
    timeless: list[str] = []
    changed: list[str] = []
    for place, port in read:
        path = around.paths.get(port.id, port.id)
        begin = instant_if_any(port.created_at, resolution, f"{place}.created_at")
        end = instant_if_any(port.updated_at, resolution, f"{place}.updated_at")
        if begin is None:
            timeless.append(path)
            continue
        if _is_later(end, around.up.get(port.device_id or "")):
            changed.append(path)
            end = None
        spans.append(_span(port, around, begin, end))
    flags = (
        *flagged("neutron: ports without a time, left out", timeless),
        *flagged("neutron: ports changed again after their server was up", changed),
    )
    return Spans(tuple(spans), flags)


def _is_later(end: Instant | None, up: Instant | None) -> bool:
    """Return whether `end` is after `up`, whatever the resolution leaves open."""
    if end is None or up is None:
        return False
    return (end.at - up.at).total_seconds() > max(end.resolution_s, up.resolution_s)


def _span(port: Port, around: Around, begin: Instant, end: Instant | None) -> Span:
    status = Status.FAILED if port.status == FAILED else Status.COMPLETE
    return Span(
        source="neutron",
        kind=KIND,
        action="",
        cluster=around.cluster,
        path=around.paths.get(port.id, port.id),
        physical_id=port.id,
        started=begin,
        ended=end,
        status=Status.IN_PROGRESS if end is None else status,
        reason=port.status,
    )
