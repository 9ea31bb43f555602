"""Try under a back-off policy: the one place where the core tries again."""

from collections.abc import Awaitable, Callable

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import DriverError, Throttled
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.units import Seconds


async def attempts(
    context: Context, cluster: Cluster, work: Callable[[], Awaitable[None]], stream: str
) -> None:
    """Do `work`, again after errors that may pass; `stream` names the draws of the pauses.

    Every attempt looks at the cloud first, so a lost answer makes no duplicate.

    Raises:
        DriverError: the policy gave up, or the error is not retryable.
    """
    attempt = 1
    while True:
        try:
            await work()
        except DriverError as error:
            pause = _pause(context, cluster, error, stream, attempt)
            context.log(cluster, EventKind.ATTEMPT_FAILED, error.cause, str(error))
            if pause is None:
                raise
            await context.runtime.sleep(pause)
            attempt += 1
        else:
            return


def _pause(
    context: Context, cluster: Cluster, error: DriverError, stream: str, attempt: int
) -> Seconds | None:
    """Return the policy's pause, but never less than what the service asked for."""
    if not error.is_retryable:
        return None
    uniform = context.draws.uniform(f"{cluster.id}/{stream}", attempt)
    pause = context.backoff.delay(attempt, uniform)
    if pause is None or not isinstance(error, Throttled):
        return pause
    return Seconds(max(pause, error.retry_after_s or 0.0))
