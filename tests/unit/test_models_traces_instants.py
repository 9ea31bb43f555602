from datetime import UTC, datetime

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.instants import (
    MICROSECONDS,
    WHOLE_SECONDS,
    Instant,
    after,
    from_epoch,
    instant,
    instant_if_any,
    resolution_of,
)

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00.000000",
        "2026-01-31T12:00:00.000000",
        "2026-01-31T14:00:00+02:00",
    ],
)
def test_every_way_in_which_a_service_stamps_is_read(text: str) -> None:
    """With a zone or without, which is UTC; with a fraction or without."""
    assert instant(text, WHOLE_SECONDS, "x") == Instant(NOON, 1.0)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-01-31", "12:00:00", "2026-02-31T12:00:00Z", "0001-01-01T00:00:00+23:00"],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """The refusal names the field; a date alone would be midnight by guess."""
    with pytest.raises(InvalidInput, match=r"events\[3\]\.event_time = .*accepted is a date"):
        instant(text, WHOLE_SECONDS, "events[3].event_time")


def test_no_stamp_is_no_instant() -> None:
    """Services leave a stamp out, or write null or nothing, where there is none."""
    assert instant_if_any(None, WHOLE_SECONDS, "x") is None
    assert instant_if_any("", WHOLE_SECONDS, "x") is None


def test_the_resolution_is_what_the_stamps_keep_and_not_what_they_could() -> None:
    """Six zeros say that the store keeps whole seconds; one fraction says that it does not."""
    whole = ["2026-01-31T12:00:00.000000", "2026-01-31T12:00:00Z", None]
    assert resolution_of(whole) == WHOLE_SECONDS
    assert resolution_of([*whole, "2026-01-31T12:00:00.100000"]) == MICROSECONDS
    assert resolution_of(["2026-01-31T12:00:00+09:30"]) == WHOLE_SECONDS


def test_seconds_since_1970_are_known_to_the_microsecond() -> None:
    """Rally stamps so."""
    begin = from_epoch(NOON.timestamp() + 0.25, "x")
    assert (begin.at - NOON).total_seconds() == 0.25
    assert begin.resolution_s == MICROSECONDS
    assert (after(begin, -1.5, "x").at - NOON).total_seconds() == -1.25


@pytest.mark.parametrize("seconds", [1e300, -1e300, 10**400, float("inf"), float("nan")])
def test_what_leads_out_of_the_calendar_is_refused(seconds: float) -> None:
    """A time of no year, and a duration of no length."""
    with pytest.raises(InvalidInput, match="x"):
        from_epoch(seconds, "x")
    with pytest.raises(InvalidInput, match="x"):
        after(Instant(NOON, 1.0), seconds, "x")
