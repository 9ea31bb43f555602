"""Wait for a condition with a bound."""

import time
from collections.abc import Callable

from testbed.errors import ServiceDied

EVERY_S = 0.2


def watch_nothing() -> None:
    """Find nothing wrong."""


def until(
    condition: Callable[[], bool],
    what: str,
    *,
    timeout_s: float,
    every_s: float = EVERY_S,
    watch: Callable[[], None] = watch_nothing,
) -> None:
    """Return once `condition` holds; look every `every_s` [s], and each time `watch` too.

    Raises:
        ServiceDied: `watch` raised it, or the condition did not hold within `timeout_s` [s];
            then the message says `what` was awaited.
    """
    end = time.monotonic() + timeout_s
    while not condition():
        watch()
        if time.monotonic() > end:
            raise ServiceDied(f"{what}: not within {timeout_s:g} s")
        time.sleep(every_s)
