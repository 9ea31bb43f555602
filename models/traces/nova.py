"""Nova's server actions as spans: each action, and each event in it.

An action has no end of its own; it ends with the last of its events. Stamps have six digits, of
which MySQL keeps none: the resolution says what is left.

Source: Nova's API, `GET /servers/{id}/os-instance-actions/{request_id}`; its owner is shown the
events from microversion 2.51 on, and actions of a deleted server from 2.21 on.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coe_twin.models.traces.documents import Document, each, flagged
from coe_twin.models.traces.instants import Instant, instant, instant_if_any, resolution_of
from coe_twin.models.traces.span import Span, Spans, Status

KIND: Final = "server"
FAILED: Final = "Error"


class ActionEvent(Document):
    """A step of an action, in one service."""

    event: str
    start_time: str
    finish_time: str | None = None
    result: str | None = None


class Action(Document):
    """What was asked of a server; `events` is absent where the policy hides them."""

    action: str
    instance_uuid: str
    start_time: str
    message: str | None = None
    events: object = None


def nova_spans(actions: object, paths: Mapping[str, str] | None = None, cluster: str = "") -> Spans:
    """Return the spans of actions on servers and of the events in them.

    Args:
        actions: a list of what `instanceAction` holds in Nova's answers.
        paths: by a server's id, the path of the resource that it is; the id itself otherwise.
        cluster: what the servers belong to.

    Raises:
        InvalidInput: a document is not of this shape; the text names the field.
    """
    read = [(place, action, _events(action, place)) for place, action in _actions(actions)]
    resolution = resolution_of(
        stamp for _, action, events in read for stamp in _stamps(action, events)
    )
    spans: list[Span] = []
    hidden: list[str] = []
    for place, action, events in read:
        path = (paths or {}).get(action.instance_uuid, action.instance_uuid)
        reader = _Reader(action, path, cluster, resolution)
        steps = [reader.step(event, at) for at, event in events]
        spans += [reader.whole(steps, place), *steps]
        if not steps:
            hidden.append(f"{action.action} of {path}")
    return Spans(tuple(spans), flagged("nova: actions without events, so without an end", hidden))


def _actions(actions: object) -> Iterator[tuple[str, Action]]:
    return each(Action, actions, "actions")


def _events(action: Action, place: str) -> list[tuple[str, ActionEvent]]:
    if action.events is None:
        return []
    return list(each(ActionEvent, action.events, f"{place}.events"))


def _stamps(action: Action, events: list[tuple[str, ActionEvent]]) -> Iterator[str | None]:
    yield action.start_time
    for _, event in events:
        yield event.start_time
        yield event.finish_time


class _Reader:
    """Reads one action."""

    def __init__(self, action: Action, path: str, cluster: str, resolution_s: float) -> None:
        self._action = action
        self._path = path
        self._cluster = cluster
        self._resolution_s = resolution_s

    def step(self, event: ActionEvent, place: str) -> Span:
        """Return the span of one event."""
        begin = instant(event.start_time, self._resolution_s, f"{place}.start_time")
        end = instant_if_any(event.finish_time, self._resolution_s, f"{place}.finish_time")
        status = Status.FAILED if event.result == FAILED else Status.COMPLETE
        action = f"{self._action.action}:{event.event}"
        return self._span(action, begin, end, status if end else Status.IN_PROGRESS)

    def whole(self, steps: list[Span], place: str) -> Span:
        """Return the span of the action, from its request to the end of its last step."""
        begin = instant(self._action.start_time, self._resolution_s, f"{place}.start_time")
        last, end = _last(steps)
        return self._span(self._action.action, begin, end, last)

    def _span(self, action: str, begin: Instant, end: Instant | None, status: Status) -> Span:
        return Span(
            source="nova",
            kind=KIND,
            action=action,
            cluster=self._cluster,
            path=self._path,
            physical_id=self._action.instance_uuid,
            started=begin,
            ended=end,
            status=status,
            reason=self._action.message or "",
        )


def _last(steps: list[Span]) -> tuple[Status, Instant | None]:
    """Return how and when an action of these steps ended."""
    ends = [(step.ended, step.status) for step in steps if step.ended is not None]
    if not ends or len(ends) < len(steps):
        return Status.IN_PROGRESS, None
    end, status = max(ends, key=lambda one: one[0].at)
    return status, end
