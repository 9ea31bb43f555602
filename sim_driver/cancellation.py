"""Cancellation and deadlines in virtual time."""

from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.units import Seconds

if TYPE_CHECKING:
    from coe_twin.sim_driver.runtime import SimRuntime
    from coe_twin.sim_driver.task import SimTask


class Cancelled(BaseException):
    """Cancellation in virtual time; no `except Exception` stops it, as in asyncio."""


class Deadline:
    """A block that is cancelled after its limit.

    A task that several blocks have cancelled keeps their names in `reasons`; only the
    outermost of them may turn the cancellation into an error, so the inner ones let it pass.
    """

    def __init__(self, runtime: "SimRuntime", limit: Seconds) -> None:
        if not limit >= 0:
            raise ValueError(f"limit: {limit!r} is not a duration >= 0 s")
        self._runtime = runtime
        self._limit = limit
        self._owner: SimTask[Any] | None = None
        self._timer: Any = None
        self._has_expired = False

    async def __aenter__(self) -> None:
        self._owner = self._runtime.running()
        if self._limit != float("inf"):
            self._timer = self._runtime.env.timeout(self._limit)
            self._timer.callbacks.append(self._expire)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None and self._timer.callbacks is not None:
            self._timer.callbacks.clear()
        if not self._has_expired:
            return
        reasons = cast("SimTask[Any]", self._owner).reasons
        reasons.remove(self)
        if isinstance(error, Cancelled) and not reasons:
            raise DeadlineExceeded(f"not done within {self._limit:g} s") from None

    def _expire(self, _timer: object) -> None:
        self._has_expired = True
        cast("SimTask[Any]", self._owner).expire(self)
