"""The atomic actions of an iteration of Rally: nested and timed, or a sequence of durations."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.documents import Document, each
from coe_twin.models.traces.instants import Instant, after, from_epoch
from coe_twin.models.traces.span import Span, Status

COUNTED: Final = re.compile(r"(.+) \(\d+\)")
"""How Rally names an action that is not the first of its name, in the older format."""


class AtomicAction(Document):
    """An atomic action of the report; one that was cut off has no `finished_at`."""

    name: str
    started_at: float | None = None
    finished_at: float | None = None
    failed: bool = False
    children: object = None


@dataclass(frozen=True, slots=True)
class Iteration:
    """What the spans of an iteration have in common; an iteration stands for a cluster."""

    scenario: str
    path: str

    def span(
        self,
        action: str,
        begin: Instant,
        end: Instant | None,
        status: Status,
        reason: str = "",
        path: str = "",
    ) -> Span:
        """Return the span of the iteration, or of an `action` in it at `path`."""
        return Span(
            source="rally",
            kind=self.scenario,
            action=action,
            cluster=self.path,
            path=path or self.path,
            started=begin,
            ended=end,
            status=Status.IN_PROGRESS if end is None else status,
            reason=reason,
        )


def of_list(iteration: Iteration, actions: object, place: str) -> Iterator[Span]:
    """Yield the spans of actions that are timed, and of those within them.

    An action within another goes by both names, `magnum.create_cluster:magnum.get_cluster`.

    Raises:
        InvalidInput: no list of such actions.
    """
    count = Counter[str]()
    left = [("", at, one) for at, one in each(AtomicAction, actions, place)][::-1]
    while left:  # and no recursion: a file may nest more deeply than Python calls
        parent, at, one = left.pop()
        name = f"{parent}{one.name}"
        if one.started_at is not None:
            count[name] += 1
            yield _timed(iteration, name, count[name], one, at)
        if one.children is not None:
            within = each(AtomicAction, one.children, f"{at}.children")
            left.extend([(f"{name}:", below, child) for below, child in within][::-1])


def _timed(iteration: Iteration, name: str, number: int, one: AtomicAction, place: str) -> Span:
    assert one.started_at is not None
    begin = from_epoch(one.started_at, f"{place}.started_at")
    finished = one.finished_at
    end = None if finished is None else from_epoch(finished, f"{place}.finished_at")
    status = Status.FAILED if one.failed else Status.COMPLETE
    return iteration.span(name, begin, end, status, path=_path(iteration, number))


def of_dict(
    iteration: Iteration, whole: Span, durations: dict[str, object], place: str
) -> Iterator[Span]:
    """Yield the spans of actions of which only the order and the durations [s] are known.

    One without a duration was cut off; after it nothing is known. In an iteration that failed
    the last one is taken to have failed.

    Args:
        iteration: what the actions are in.
        whole: the span of the iteration.
        durations: by the action's name.
        place: where they stand.

    Raises:
        InvalidInput: a duration is no number.
    """
    count = Counter[str]()
    begin = whole.started
    last = len(durations) - 1
    for index, (key, duration) in enumerate(durations.items()):
        found = COUNTED.fullmatch(key)
        name = found[1] if found else key
        count[name] += 1
        end = None if duration is None else _after(begin, duration, f"{place}.{key}")
        status = whole.status if index == last else Status.COMPLETE
        yield iteration.span(name, begin, end, status, path=_path(iteration, count[name]))
        if end is None:
            return
        begin = end


def _path(iteration: Iteration, number: int) -> str:
    return iteration.path if number == 1 else f"{iteration.path}#{number}"


def _after(begin: Instant, duration: object, place: str) -> Instant:
    if isinstance(duration, bool) or not isinstance(duration, int | float):
        raise InvalidInput("accepted is a duration [s]", field=place, value=duration)
    return after(begin, duration, place)
