"""Which waiting operations to start now."""

# ruff: noqa: ARG002 - a policy takes all of its Protocol's arguments, and some need fewer

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.policies.bounds import require_count, require_duration, require_fraction
from coe_twin.coe_core.ports.policies import AdmissionView, Finished, Request
from coe_twin.coe_core.units import Seconds


@dataclass(frozen=True, slots=True)
class Fifo:
    """Start in the order of arrival while fewer than `limit` run; None is no limit."""

    limit: int | None

    def __post_init__(self) -> None:
        if self.limit is not None:
            require_count("limit", self.limit)

    def admit(self, view: AdmissionView, now: Seconds) -> tuple[Request, ...]:
        """Return the oldest requests that fit under the limit."""
        if self.limit is None:
            return view.waiting
        return view.waiting[: max(0, self.limit - len(view.running))]


@dataclass(frozen=True, slots=True)
class ProjectShare:
    """Start at most `limit` in all and `per_project` for one project, in fair turns.

    The next turn goes to the project with the fewest operations running; among equals to
    the one whose oldest request is the oldest. So a project with nothing running is never
    passed over for one that has something running.
    """

    limit: int
    per_project: int

    def __post_init__(self) -> None:
        require_count("limit", self.limit)
        require_count("per_project", self.per_project)

    def admit(self, view: AdmissionView, now: Seconds) -> tuple[Request, ...]:
        """Return requests in the order of turns, oldest first within a project."""
        shares = Counter(request.project for request in view.running)
        queues = _queues_by_project(view.waiting)
        admitted: list[Request] = []
        for _ in range(self.limit - len(view.running)):
            project = self._next_project(queues, shares)
            if project is None:
                break
            admitted.append(queues[project].popleft()[1])
            shares[project] += 1
        return tuple(admitted)

    def _next_project(
        self, queues: "dict[ProjectId, deque[tuple[int, Request]]]", shares: Counter[ProjectId]
    ) -> ProjectId | None:
        turns = [
            (shares[project], queue[0][0], project)
            for project, queue in queues.items()
            if queue and shares[project] < self.per_project
        ]
        return min(turns)[2] if turns else None


def _queues_by_project(
    waiting: Sequence[Request],
) -> dict[ProjectId, deque[tuple[int, Request]]]:
    queues: dict[ProjectId, deque[tuple[int, Request]]] = {}
    for position, request in enumerate(waiting):
        queues.setdefault(request.project, deque()).append((position, request))
    return queues


@dataclass(frozen=True, slots=True)
class Aimd:
    """Start in the order of arrival under a window that is learned from what finished.

    Additive increase: a success within `latency_target` [s] widens the window w by 1/w, so
    a window of successes widens it by about one. Multiplicative decrease: a failure or a
    slower success multiplies it by `decrease`, at most once per window: an operation that
    was started before the last decrease says nothing about the window after it.

    Source:
        Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for congestion
        avoidance in computer networks"; the two rules per window are those of TCP (RFC 5681).
    """

    window_initial: int
    window_max: int
    latency_target: Seconds
    decrease: float

    def __post_init__(self) -> None:
        require_count("window_max", self.window_max)
        require_count("window_initial", self.window_initial, most=self.window_max)
        require_duration("latency_target", self.latency_target, is_zero_accepted=False)
        require_fraction("decrease", self.decrease)

    def admit(self, view: AdmissionView, now: Seconds) -> tuple[Request, ...]:
        """Return the oldest requests that fit into the window."""
        return view.waiting[: max(0, self.window(view.finished) - len(view.running))]

    def window(self, finished: Sequence[Finished]) -> int:
        """Return the window after `finished`, from 1 to `window_max`, in operations."""
        width = float(self.window_initial)
        decreased_at = float("-inf")
        for operation in finished:
            if self._is_good(operation):
                width = min(float(self.window_max), width + 1.0 / width)
            elif operation.started_at >= decreased_at:
                width = max(1.0, width * self.decrease)
                decreased_at = operation.ended_at
        return int(width)

    def _is_good(self, operation: Finished) -> bool:
        latency = operation.ended_at - operation.started_at
        return not operation.has_failed and latency <= self.latency_target
