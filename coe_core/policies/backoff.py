"""How long to wait before another attempt; `attempts_max` counts the first attempt, too."""

# ruff: noqa: ARG002 - a policy takes all of its Protocol's arguments, and some need fewer

from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.policies.bounds import require_count, require_duration
from coe_twin.coe_core.units import Seconds

DOUBLINGS_MAX: Final = 1000
"""More doublings than any cap needs, and few enough for a float."""


@dataclass(frozen=True, slots=True)
class NoRetry:
    """Give up at once; Magnum's way."""

    def delay(self, attempt: int, uniform: float) -> Seconds | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class FixedDelay:
    """The same `pause` [s] before each of at most `attempts_max` attempts."""

    pause: Seconds
    attempts_max: int

    def __post_init__(self) -> None:
        require_duration("pause", self.pause, is_zero_accepted=True)
        require_count("attempts_max", self.attempts_max)

    def delay(self, attempt: int, uniform: float) -> Seconds | None:
        """Return the pause, or None after the last attempt."""
        return self.pause if attempt < self.attempts_max else None


@dataclass(frozen=True, slots=True)
class FullJitter:
    """A uniform draw below a ceiling that doubles from `base` [s] up to `cap` [s].

    Source:
        Brooker 2015, "Exponential Backoff And Jitter", AWS Architecture Blog.
    """

    base: Seconds
    cap: Seconds
    attempts_max: int

    def __post_init__(self) -> None:
        require_duration("base", self.base, is_zero_accepted=False)
        require_duration("cap", self.cap, is_zero_accepted=False)
        require_count("attempts_max", self.attempts_max)
        if self.cap < self.base:
            raise ValueError(f"cap is {self.cap!r}; accepted is a duration >= base, {self.base!r}")

    def delay(self, attempt: int, uniform: float) -> Seconds | None:
        """Return uniform * min(cap, base * 2**(attempt - 1)), or None after the last attempt."""
        if attempt >= self.attempts_max:
            return None
        ceiling = min(self.cap, self.base * 2.0 ** min(attempt - 1, DOUBLINGS_MAX))
        return Seconds(uniform * ceiling)
