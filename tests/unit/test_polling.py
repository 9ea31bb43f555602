"""Patient looks: the same schedule, and the same patience, with both pollers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import pytest

from coe_twin.coe_core.errors import DeadlineExceeded, DriverError, NotFound, Throttled, Unreachable
from coe_twin.coe_core.polling import LoopPoller, next_tick, pause_after
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.polling import ComputedPoller
from tests.unit.sites import Ground

SCHEDULE: Final = PollSchedule(first_after=Seconds(2.0), every=Seconds(5.0))
SUBJECT: Final = "s"


@dataclass(slots=True)
class Looked:
    """When it was looked [s], and what came of it."""

    at: list[float]
    value: str | None = None
    raised: DriverError | None = None


Make = Callable[[Ground], Poller]
POLLERS: Final[dict[str, Make]] = {
    "loop": lambda ground: LoopPoller(ground.runtime),
    "computed": lambda ground: ComputedPoller(ground.cloud.substrate, lambda _: {}),
}

with_both = pytest.mark.parametrize("make", POLLERS.values(), ids=POLLERS)


def looked(make: Make, script: Iterable[DriverError | str | None], lasts: float = 0.0) -> Looked:
    """Return what becomes of looks that see `script`; the subject changes all the time."""
    ground = Ground()
    poller = make(ground)
    at: list[float] = []
    shown = iter(script)

    async def look() -> str | None:
        at.append(ground.runtime.now())
        await ground.runtime.sleep(Seconds(lasts))
        ground.cloud.substrate.changes.notify(SUBJECT)
        seen = next(shown)
        if isinstance(seen, DriverError):
            raise seen
        return seen

    async def scene() -> Looked:
        try:
            value = await poller.until(SUBJECT, look, SCHEDULE)
        except DriverError as error:
            return Looked(at=at, raised=error)
        return Looked(at=at, value=value)

    return ground.run(scene)


@with_both
def test_looks_are_on_the_ticks(make: Make) -> None:
    """The first one after its own delay, the others evenly after it."""
    assert looked(make, [None, None, "up"]) == Looked(at=[2.0, 7.0, 12.0], value="up")


@with_both
@pytest.mark.parametrize("error", [Unreachable("nova"), Throttled("nova")])
def test_a_look_that_fails_in_passing_saw_nothing(make: Make, error: DriverError) -> None:
    """The next tick comes as if nothing had been."""
    assert looked(make, [error, error, "up"]) == Looked(at=[2.0, 7.0, 12.0], value="up")


@with_both
@pytest.mark.parametrize(
    ("retry_after_s", "second_at"),
    [(None, 7.0), (0.0, 7.0), (3.0, 7.0), (5.0, 7.0), (5.1, 12.0), (23.0, 27.0)],
)
def test_a_service_is_left_alone_as_long_as_it_asks(
    make: Make, retry_after_s: float | None, second_at: float
) -> None:
    """Then at the next tick, so that the grid stays."""
    error = Throttled("nova", retry_after_s=retry_after_s)
    assert looked(make, [error, "up"]) == Looked(at=[2.0, second_at], value="up")


@with_both
def test_what_cannot_pass_is_the_callers(make: Make) -> None:
    """At once, and as it was raised."""
    error = NotFound("s")
    assert looked(make, [None, error]) == Looked(at=[2.0, 7.0], raised=error)


@with_both
def test_a_look_that_overruns_skips_ticks(make: Make) -> None:
    """It does not catch up, and it does not leave the grid."""
    assert looked(make, [None, "up"], lasts=7.0) == Looked(at=[2.0, 12.0], value="up")


@with_both
def test_patience_ends_with_the_deadline(make: Make) -> None:
    """A service that stays away does not go unnoticed."""
    ground = Ground()
    poller = make(ground)
    looks: list[float] = []

    async def look() -> str | None:
        looks.append(ground.runtime.now())
        ground.cloud.substrate.changes.notify(SUBJECT)
        raise Unreachable("nova")

    async def scene() -> None:
        async with ground.runtime.deadline(Seconds(13.0)):
            await poller.until(SUBJECT, look, SCHEDULE)

    with pytest.raises(DeadlineExceeded):
        ground.run(scene)
    assert looks == [2.0, 7.0, 12.0]


@pytest.mark.parametrize(
    ("now", "expected"), [(2.0, 7.0), (6.9, 7.0), (7.0, 7.0), (7.1, 12.0), (100.0, 102.0)]
)
def test_the_next_tick_is_later_and_not_past(now: float, expected: float) -> None:
    """However long a look took."""
    assert next_tick(Seconds(2.0), Seconds(5.0), Seconds(now)) == expected


def test_only_a_service_can_ask_for_a_pause() -> None:
    """Whatever else may pass asks for none, and what cannot pass is raised."""
    assert pause_after(Throttled("s", retry_after_s=3.5)) == 3.5
    assert pause_after(Throttled("s")) == 0.0
    assert pause_after(Unreachable("s")) == 0.0
    with pytest.raises(NotFound):
        pause_after(NotFound("s"))
