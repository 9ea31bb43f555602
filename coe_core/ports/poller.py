"""The seam of waiting for a cloud that can only be asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from coe_twin.coe_core.units import Seconds

T = TypeVar("T")

Look = Callable[[], Awaitable[T | None]]
"""Asks the cloud once; None means: not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSchedule:
    """When to look: `first_after` [s] from the start, then every `every` [s] > 0."""

    first_after: Seconds
    every: Seconds


class Poller(Protocol):
    """Looks at the ticks of a schedule until there is something to see.

    A real world has to look at every tick. A simulated one knows when a subject changes, so
    it may leave out looks that would see nothing new, as long as it charges their cost.
    """

    async def until(self, subject: str, look: Look[T], schedule: PollSchedule) -> T:
        """Return the first value that `look` returns at a tick.

        `subject` is the id of what is looked at. A retryable error of `look` is a look that
        saw nothing; any other is the caller's.
        """
