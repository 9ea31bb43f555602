"""Converge under a back-off policy: the one place where the core tries again."""

from coe_core.cluster import Cluster
from coe_core.errors import DriverError
from coe_core.events import EventKind
from coe_core.lifecycle.context import Context


async def converge(context: Context, cluster: Cluster) -> None:
    """Have the provisioner converge, again after errors that may pass.

    Every attempt looks at the cloud first, so a lost answer makes no duplicate.

    Raises:
        DriverError: the policy gave up, or the error is not retryable.
    """
    attempt = 1
    while True:
        try:
            await context.provisioner.converge(cluster)
        except DriverError as error:
            uniform = context.draws.uniform(f"{cluster.id}/back-off", attempt)
            pause = context.backoff.delay(attempt, uniform) if error.is_retryable else None
            context.log(cluster, EventKind.ATTEMPT_FAILED, error.cause, str(error))
            if pause is None:
                raise
            await context.runtime.sleep(pause)
            attempt += 1
        else:
            return
