"""The plain poller: it looks at every tick, in any world."""

from math import ceil
from typing import TypeVar

from coe_twin.coe_core.errors import DriverError, Throttled
from coe_twin.coe_core.ports.poller import Look, PollSchedule
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds

T = TypeVar("T")


class LoopPoller:
    """A `Poller` that knows nothing of the subject and so looks every time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def until(self, subject: str, look: Look[T], schedule: PollSchedule) -> T:
        """Return the first value that `look` returns; a look that overruns skips ticks."""
        del subject  # it looks at every tick, whatever it is
        tick = Seconds(self._runtime.now() + schedule.first_after)
        while True:
            await self._runtime.sleep(Seconds(max(0.0, tick - self._runtime.now())))
            pause = 0.0
            try:
                value = await look()
            except DriverError as error:
                value, pause = None, pause_after(error)
            if value is not None:
                return value
            tick = next_tick(tick, schedule.every, Seconds(self._runtime.now() + pause))


def pause_after(error: DriverError) -> float:
    """Return how long not to look again [s] after a look that failed in a way that may pass.

    Whoever looks has a deadline, so a service that stays away does not go unnoticed.

    Raises:
        DriverError: `error`, if another look cannot mend it.
    """
    if not error.is_retryable:
        raise error
    return (error.retry_after_s or 0.0) if isinstance(error, Throttled) else 0.0


def next_tick(tick: Seconds, every: Seconds, now: Seconds) -> Seconds:
    """Return the first instant later than `tick`, and not before `now`, on its grid."""
    return Seconds(tick + max(1, ceil((now - tick) / every)) * every)
