"""A cloud that writes down its calls: which, when, how they ended, and how many at once."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds

T = TypeVar("T")

CUT_SHORT: Final = "cut short"
"""The failure of a call that was cancelled, or ended in no error of the core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a verb.

    `started_at` and `ended_at` are times since the run began [s]; `failure` is the name of the
    class of the error that it raised, CUT_SHORT, or "" if it raised none.
    """

    verb: str
    subject: str
    started_at: Seconds
    ended_at: Seconds
    failure: str = ""


class Measured(Around):
    """A cloud whose calls are kept in the order in which they ended."""

    def __init__(self, cloud: CloudDriver, runtime: Runtime) -> None:
        super().__init__(cloud)
        self._runtime = runtime
        self._in_flight: Counter[str] = Counter()
        self._in_flight_max: Counter[str] = Counter()
        self.calls: list[Call] = []

    def in_flight_max(self, verb: str) -> int:
        """Return how many calls of `verb` were under way at once, at most."""
        return self._in_flight_max[verb]

    async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, and keep the call."""
        started_at = self._runtime.now()
        self._in_flight[verb] += 1
        self._in_flight_max[verb] = max(self._in_flight_max[verb], self._in_flight[verb])
        failure = CUT_SHORT
        try:
            value = await work()
            failure = ""
        except CoeError as error:
            failure = type(error).__name__
            raise
        finally:
            self._in_flight[verb] -= 1
            self.calls.append(
                Call(
                    verb=verb,
                    subject=subject,
                    started_at=started_at,
                    ended_at=self._runtime.now(),
                    failure=failure,
                )
            )
        return value
