"""Heat's events as spans.

Heat stamps whole seconds, with a `Z` or without, and lists an event per change of status: the
begin of an action and its end are two of them. A signal has no begin, and its span no length.

Source: Heat's API v1, `GET /stacks/{name}/{id}/events?nested_depth=N`; as seen on release Zed.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from coe_twin.models.traces.documents import each, flagged
from coe_twin.models.traces.instants import Instant, instant, resolution_of
from coe_twin.models.traces.span import Span, Spans, Status
from coe_twin.models.traces.stack_tree import (
    UNKNOWN,
    Linked,
    StackName,
    StackTree,
    members_of,
    stack_of,
)

STATUS: Final = re.compile(r"([A-Z]+)_(IN_PROGRESS|COMPLETE|FAILED)")
SIGNAL: Final = "SIGNAL"
SKEW_MAX: Final = timedelta(seconds=60)
"""How far an end may stand before its begin (assumed: no two engines' clocks differ by more)."""

NO_START: Final = (
    "heat: ends without a start (Heat keeps `max_events_per_stack` events of a stack, 1000 by "
    "default, and drops the oldest)"
)


class HeatEvent(Linked):
    """An event as Heat lists it."""

    id: str = ""
    event_time: str
    resource_status: str
    resource_status_reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """An event, read."""

    event: HeatEvent
    stack: StackName
    at: Instant
    action: str
    status: Status


@dataclass(frozen=True, slots=True)
class _Pair:
    """A begin and the end that belongs to it."""

    begin: _Change
    end: _Change | None


def heat_spans(events: object, resources: object = None) -> Spans:
    """Return what happened to each resource of a stack and of the stacks nested in it.

    Args:
        events: the list in Heat's answer, in either order; of several stacks, one after the
            other. An event that is there twice counts once.
        resources: the list in `GET /stacks/{name}/{id}/resources?nested_depth=N`, for the
            types: Heat lists events without. An event's own `resource_type` counts first.

    Raises:
        InvalidInput: a document is not of this shape; the text names the field.
    """
    changes, odd = _changes(events)
    listed = [] if resources is None else members_of(resources)
    tree = StackTree([*((change.stack, change.event) for change in changes), *listed])
    spans: list[Span] = []
    orphans: list[str] = []
    for history in _by_resource(changes).values():
        pairs, ends = _paired(history)
        spans.extend(_span(pair, tree) for pair in pairs)
        orphans.extend(_path(end, tree) for end in ends)
    return Spans(tuple(spans), _flags(spans, odd, orphans))


def _changes(events: object) -> tuple[list[_Change], list[str]]:
    """Return the events in the order of each stack, oldest first, and what is none of ours."""
    read = list(each(HeatEvent, events, "events"))
    resolution = resolution_of(event.event_time for _, event in read)
    changes: dict[str, list[_Change]] = {}
    odd, seen = [], set()
    for place, event in read:
        at = instant(event.event_time, resolution, f"{place}.event_time")
        stack = stack_of(event, place)
        found = STATUS.fullmatch(event.resource_status)
        if found is None:
            odd.append(event.resource_status)
        elif not event.id or event.id not in seen:
            seen.add(event.id)
            change = _Change(event, stack, at, found[1], Status(found[2]))
            changes.setdefault(stack.id, []).append(change)
    return [change for own in changes.values() for change in _oldest_first(own)], odd


def _oldest_first(changes: list[_Change]) -> list[_Change]:
    return changes[::-1] if changes[0].at.at > changes[-1].at.at else changes


def _by_resource(changes: list[_Change]) -> dict[tuple[str, str, str], list[_Change]]:
    found: dict[tuple[str, str, str], list[_Change]] = {}
    for change in changes:
        key = (change.stack.id, change.event.resource_name, change.action)
        found.setdefault(key, []).append(change)
    return found


def _paired(history: list[_Change]) -> tuple[list[_Pair], list[_Change]]:
    """Return the begins of one action on one resource with their ends, and the ends left over."""
    pairs: list[_Pair] = []
    begun: list[_Change] = []
    ends: list[_Change] = []
    for change in history:
        if change.action == SIGNAL:
            pairs.append(_Pair(change, change))
        elif change.status is Status.IN_PROGRESS:
            begun.append(change)
        elif begun:
            pairs.append(_Pair(begun.pop(), change))
        else:
            ends.append(change)
    return pairs + [_Pair(begin, _early(ends, begin)) for begin in begun], ends


def _early(ends: list[_Change], begin: _Change) -> _Change | None:
    """Take the end that stands before its begin out of `ends`, if there is one.

    Heat sorts by its stamps: an end comes first where the engines' clocks differ, and may do
    so within one second.
    """
    for end in ends:
        if timedelta(0) <= begin.at.at - end.at.at <= SKEW_MAX:
            ends.remove(end)
            return end
    return None


def _span(pair: _Pair, tree: StackTree) -> Span:
    last = pair.end or pair.begin
    is_signal = last.action == SIGNAL
    return Span(
        source="heat",
        kind=tree.kind(last.stack, last.event),
        action=last.action,
        cluster=tree.path(last.stack.id).partition("/")[0],
        path=_path(last, tree),
        physical_id=tree.physical_id(last.stack, last.event, is_made=pair.end is not None),
        started=pair.begin.at,
        ended=None if pair.end is None else pair.end.at,
        status=Status.COMPLETE if is_signal else last.status,  # its own is the resource's
        reason=last.event.resource_status_reason or "",
    )


def _path(change: _Change, tree: StackTree) -> str:
    path = tree.path(change.stack.id)
    is_stack = change.event.physical_resource_id == change.stack.id
    return path if is_stack else f"{path}/{change.event.resource_name}"


def _flags(spans: list[Span], odd: list[str], orphans: list[str]) -> tuple[str, ...]:
    unknown = [span.path for span in spans if span.kind == UNKNOWN]
    return (
        *flagged("heat: events of a status that is not known, left out", odd),
        *flagged(NO_START, orphans),
        *flagged("heat: resources of a type that Heat does not tell", unknown),
    )
