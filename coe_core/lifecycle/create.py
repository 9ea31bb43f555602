"""Create a cluster: intent first, then the cloud, then the confirmation."""

from contextlib import suppress

from coe_twin.coe_core.cluster import Cluster, Verb
from coe_twin.coe_core.errors import AlreadyExists, DeadlineExceeded, DriverError, StackTimeout
from coe_twin.coe_core.lifecycle.attempts import attempts
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.transitions import Trigger


async def create(context: Context, cluster: Cluster) -> Cluster:
    """Create `cluster`, which is stored as CREATE_IN_PROGRESS; return it as it ended.

    What another process began is taken up where the cloud stands. The result is
    CREATE_COMPLETE, or CREATE_FAILED with the reason. Nothing that the cloud does wrong is
    raised.
    """
    operation = await context.begin(cluster, Verb.CREATE)
    try:
        async with context.runtime.deadline(cluster.create_timeout):
            await attempts(context, cluster, lambda: _bring_up(context, cluster), "back-off")
    except DeadlineExceeded:
        error: DriverError = StackTimeout(
            cluster.name, f"Create timed out after {cluster.create_timeout:g} s"
        )
    except DriverError as caught:
        error = caught
    else:
        ended = await context.move(cluster, Trigger.SUCCEEDED)
        await context.end(ended, operation)
        return ended
    ended = await context.move(cluster, Trigger.FAILED, str(error))
    await context.end(ended, operation, error.cause)
    return ended


async def _bring_up(context: Context, cluster: Cluster) -> None:
    with context.phases.of(cluster, "trust"):
        await _ensure_trust(context, cluster)
    await context.provisioner.converge(cluster)


async def _ensure_trust(context: Context, cluster: Cluster) -> None:
    with suppress(AlreadyExists):  # after a lost answer the trust of this name is ours
        await context.cloud.create_trust(f"{cluster.name}-trust", cluster.project, cluster.tag)
