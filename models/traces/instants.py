"""Instants as the services stamp them, each with how finely it was stamped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from coe_twin.models.errors import InvalidInput

WHOLE_SECONDS: Final = 1.0
MICROSECONDS: Final = 1e-6

DATE_AND_TIME: Final = 19
"""The length of `2026-01-31T12:00:00`, the least that a stamp says."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time; the true one is less than `resolution_s` [s] away from `at`."""

    at: datetime
    resolution_s: float


def instant(text: str, resolution_s: float, field: str) -> Instant:
    """Return the instant that a service wrote as `text`; one without a zone is in UTC.

    Raises:
        InvalidInput: `text`, the value of `field`, is no date and time.
    """
    try:
        at = datetime.fromisoformat(text) if len(text) >= DATE_AND_TIME else None
        if at is not None:
            aware = at if at.tzinfo else at.replace(tzinfo=UTC)
            return Instant(aware.astimezone(UTC), resolution_s)
    except (ValueError, OverflowError):  # OverflowError: UTC leaves the years 1 to 9999
        pass
    problem = "accepted is a date and time, as in 2026-01-31T12:00:00Z"
    raise InvalidInput(problem, field=field, value=text)


def instant_if_any(text: str | None, resolution_s: float, field: str) -> Instant | None:
    """Return the instant that a service wrote as `text`, None if it wrote none.

    Raises:
        InvalidInput: as for `instant`.
    """
    return instant(text, resolution_s, field) if text else None


def from_epoch(seconds: float, field: str) -> Instant:
    """Return the instant `seconds` [s] after the beginning of 1970 in UTC.

    Raises:
        InvalidInput: `seconds`, the value of `field`, is beyond the calendar.
    """
    try:
        return Instant(datetime.fromtimestamp(seconds, UTC), MICROSECONDS)
    except (OverflowError, ValueError, OSError):
        problem = "accepted are seconds since 1970, as in 1769860800.5"
        raise InvalidInput(problem, field=field, value=seconds) from None


def after(begin: Instant, seconds: float, field: str) -> Instant:
    """Return the instant `seconds` [s] after `begin`; before it if they are negative.

    Raises:
        InvalidInput: `seconds`, the value of `field`, is not finite or leads out of the calendar.
    """
    try:
        return Instant(begin.at + timedelta(seconds=seconds), begin.resolution_s)
    except (OverflowError, ValueError):  # ValueError: NaN
        raise InvalidInput("accepted is a duration [s]", field=field, value=seconds) from None


def resolution_of(stamps: Iterable[str | None]) -> float:
    """Return how finely one service stamped all of `stamps` [s].

    A service may write six digits after the point and keep none of them, as Nova does on
    MySQL; so digits count where one of them is not zero.
    """
    is_fine = any(_fraction(stamp).strip("0") for stamp in stamps if stamp is not None)
    return MICROSECONDS if is_fine else WHOLE_SECONDS


def _fraction(stamp: str) -> str:
    digits = stamp[DATE_AND_TIME:].removeprefix(".")
    return digits[: len(digits) - len(digits.lstrip("0123456789"))]
