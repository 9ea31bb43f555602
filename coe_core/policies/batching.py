"""How much of a large piece of work goes out at once."""

# ruff: noqa: ARG002 - a policy takes all of its Protocol's arguments, and some need fewer

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.policies.bounds import require_count, require_duration
from coe_twin.coe_core.ports.policies import Dispatch, HoldUntil, Waiting
from coe_twin.coe_core.units import Seconds

UNTIL_CHANGE: Final = HoldUntil(Seconds(float("inf")))
"""Nothing to do until work arrives or ends."""


def _first(queue: Sequence[Waiting], size: int) -> Dispatch:
    return Dispatch(tuple(item.index for item in queue[:size]))


@dataclass(frozen=True, slots=True)
class AllAtOnce:
    """Dispatch whatever waits; Magnum's way."""

    def decide(
        self,
        queue: Sequence[Waiting],
        in_flight: int,
        now: Seconds,
    ) -> Dispatch | HoldUntil:
        """Return the whole queue."""
        return _first(queue, len(queue)) if queue else UNTIL_CHANGE


@dataclass(frozen=True, slots=True)
class FixedWindow:
    """Keep at most `size` in flight."""

    size: int

    def __post_init__(self) -> None:
        require_count("size", self.size)

    def decide(
        self,
        queue: Sequence[Waiting],
        in_flight: int,
        now: Seconds,
    ) -> Dispatch | HoldUntil:
        """Return as much of the queue as the window has room for."""
        room = self.size - in_flight
        return _first(queue, room) if queue and room > 0 else UNTIL_CHANGE


@dataclass(frozen=True, slots=True)
class SizeOrAge:
    """Dispatch `size_max` once as many wait, or what there is once the oldest is `age_max` old."""

    size_max: int
    age_max: Seconds

    def __post_init__(self) -> None:
        require_count("size_max", self.size_max)
        require_duration("age_max", self.age_max, is_zero_accepted=True)

    def decide(
        self,
        queue: Sequence[Waiting],
        in_flight: int,
        now: Seconds,
    ) -> Dispatch | HoldUntil:
        """Return one batch, or the time at which the oldest item comes of age."""
        if not queue:
            return UNTIL_CHANGE
        due = Seconds(queue[0].arrived_at + self.age_max)
        if len(queue) >= self.size_max or now >= due:
            return _first(queue, self.size_max)
        return HoldUntil(due)
