"""The seams of scheduling and parallelism: pure functions of a frozen view and `now`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An operation that waits to be started."""

    name: str
    project: ProjectId
    arrived_at: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An operation that ended; policies learn from it."""

    started_at: Seconds
    ended_at: Seconds
    has_failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionView:
    """What an admission policy may look at, oldest first in each tuple."""

    waiting: tuple[Request, ...]
    running: tuple[Request, ...]
    finished: tuple[Finished, ...]


class AdmissionPolicy(Protocol):
    """Which waiting operations to start now."""

    def admit(self, view: AdmissionView, now: Seconds) -> tuple[Request, ...]:
        """Return requests out of `view.waiting`, each at most once, in start order.

        With nothing running and something waiting it must return at least one.
        """


@dataclass(frozen=True, slots=True)
class Waiting:
    """A piece of work that waits to be dispatched in a batch."""

    index: int
    arrived_at: Seconds


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Start these indexes now."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HoldUntil:
    """Dispatch nothing before `at` [s]; infinity means: until something changes."""

    at: Seconds


class BatchingPolicy(Protocol):
    """How much of a large piece of work goes out at once."""

    def decide(
        self, queue: Sequence[Waiting], in_flight: int, now: Seconds
    ) -> Dispatch | HoldUntil:
        """Return a prefix of `queue` to start, or how long to wait.

        `in_flight` counts what was dispatched and has not ended. With an empty `in_flight`
        and a queue that will not grow the policy must dispatch eventually.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where Nova is asked to put one server."""

    availability_zone: str | None = None
    server_group: str | None = None
    group_policy: str | None = None


class PlacementPolicy(Protocol):
    """Where the nodes of a cluster go."""

    def place(self, index: int, zones: tuple[str, ...]) -> Placement:
        """Return the placement of the node `index`, given the zones of the cloud."""


class BackoffPolicy(Protocol):
    """How long to wait before another attempt."""

    def delay(self, attempt: int, uniform: float) -> Seconds | None:
        """Return the pause before attempt `attempt` + 1, or None to give up.

        `attempt` counts from 1; `uniform` is a draw in [0, 1).
        """
