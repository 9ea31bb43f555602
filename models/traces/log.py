"""From spans to the one event log, and to how long each phase took.

Events are sorted by their stamps. Within one instant, which for Heat is a whole second, the true
order is lost: there an end of something earlier comes before any begin, and what holds others
begins before them and ends after them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.documents import flagged
from coe_twin.models.traces.instants import Instant
from coe_twin.models.traces.span import Span, Spans, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What happened to one thing, as an event log and what must be known to read it.

    Attributes:
        source: who told it, `heat` or `rally`.
        stack: what it is about.
        cloud: where it happened, "" if the source does not say.
        began: the first instant; the events count from it [s].
        resolution_s: how finely the coarsest of the services stamped [s].
        flags: what is missing or odd, a sentence each.
        events: a phase began, or ended (`detail` is the resource), or an attempt at it failed
            (`detail` is the resource and the reason).
    """

    source: str
    stack: str
    cloud: str
    began: datetime
    resolution_s: float
    flags: tuple[str, ...]
    events: tuple[Event, ...]


def trace(found: Spans, *, source: str, stack: str, cloud: str) -> Trace:
    """Return `found` as a trace.

    Raises:
        InvalidInput: there is no span.
    """
    instants = [at for span in found.spans for at in (span.started, span.ended) if at]
    if not instants:
        raise InvalidInput("nothing with a time is there to be traced", field=stack or source)
    began = min(at.at for at in instants)
    return Trace(
        source=source,
        stack=stack,
        cloud=cloud,
        began=began,
        resolution_s=max(at.resolution_s for at in instants),
        flags=(*found.flags, *flags_of(found.spans)),
        events=events_of(found.spans, began),
    )


def flags_of(spans: Sequence[Span]) -> Iterator[str]:
    """Yield a sentence for each phase with spans that have no end, or end before they begin."""
    for phase, own in by_phase(spans).items():
        yield from flagged(f"{phase}: no end", [span.path for span in own if span.ended is None])
        back = {span.path: -time for span in own if (time := span.duration_s or 0.0) < 0}
        most = max(back.values(), default=0.0)
        yield from flagged(f"{phase}: the clock went back, by {most:g} s at most", list(back))


def events_of(spans: Sequence[Span], began: datetime) -> tuple[Event, ...]:
    """Return the begins and ends of `spans`, sorted, in time since `began` [s]."""
    marks = [mark for span in spans for mark in _marks(span)]
    return tuple(mark.event(began) for mark in sorted(marks, key=_Mark.order))


@dataclass(frozen=True, slots=True)
class _Mark:
    """The begin or the end of a span."""

    span: Span
    at: Instant
    kind: EventKind

    def order(self) -> tuple[datetime, int, int, str, str]:
        span = self.span
        depth = span.path.count("/")
        if self.kind is EventKind.PHASE_STARTED:
            return self.at.at, 1, depth, span.path, span.phase
        is_instant = span.ended is not None and span.ended.at == span.started.at
        return self.at.at, 2 if is_instant else 0, -depth, span.path, span.phase

    def event(self, began: datetime) -> Event:
        span = self.span
        has_failed = self.kind is EventKind.ATTEMPT_FAILED
        detail = f"{span.path}: {span.reason}" if has_failed else span.path
        at = Seconds((self.at.at - began).total_seconds())
        return Event(at, self.kind, ClusterId(span.cluster), span.phase, detail)


def _marks(span: Span) -> Iterator[_Mark]:
    """Yield the marks of `span`; as in the core, a phase that failed has no end."""
    yield _Mark(span, span.started, EventKind.PHASE_STARTED)
    if span.ended is not None:
        has_failed = span.status is Status.FAILED
        kind = EventKind.ATTEMPT_FAILED if has_failed else EventKind.PHASE_ENDED
        yield _Mark(span, span.ended, kind)


def by_phase(spans: Sequence[Span]) -> dict[str, list[Span]]:
    """Return the spans by phase; the phases in the order in which they first began."""
    found: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.started.at, span.path.count("/"))):
        found.setdefault(span.phase, []).append(span)
    return found
