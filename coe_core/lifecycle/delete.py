"""Delete a cluster: what its provisioner made, then whatever else carries its tag."""

from typing import Final

from coe_twin.coe_core.cluster import Cluster, Verb
from coe_twin.coe_core.errors import DeadlineExceeded, DriverError, StackTimeout
from coe_twin.coe_core.lifecycle.attempts import attempts
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.lifecycle.sweep import sweep
from coe_twin.coe_core.transitions import ClusterStatus, Trigger

SUPERSEDED: Final = "superseded"
"""The failure of an operation that a delete cut short."""


async def delete(context: Context, cluster: Cluster) -> Cluster:
    """Delete `cluster`; return it as DELETE_COMPLETE, or as DELETE_FAILED with the reason.

    Whoever holds its lease then forgets the deleted cluster. A delete that takes over from
    another one finds the cluster in DELETE_IN_PROGRESS.
    """
    is_taken_over = cluster.status is ClusterStatus.DELETE_IN_PROGRESS
    asked = cluster if is_taken_over else await context.move(cluster, Trigger.DELETE_ASKED)
    await _close_superseded(context, asked)
    operation = await context.begin(asked, Verb.DELETE)
    try:
        async with context.runtime.deadline(context.limits.delete_timeout):
            await attempts(context, asked, lambda: _take_down(context, asked), "delete/back-off")
    except DeadlineExceeded:
        error: DriverError = StackTimeout(
            cluster.name, f"Delete timed out after {context.limits.delete_timeout:g} s"
        )
    except DriverError as caught:
        error = caught
    else:
        ended = await context.move(asked, Trigger.SUCCEEDED)
        await context.end(ended, operation)
        return ended
    ended = await context.move(asked, Trigger.FAILED, str(error))
    await context.end(ended, operation, error.cause)
    return ended


async def _take_down(context: Context, cluster: Cluster) -> None:
    """Remove `cluster`, then all else that carries its tag.

    What a provisioner cannot delete may be held by something that only a sweep finds, such as
    a port whose creation Heat never heard of: so its failure is one only if the sweep fails, too.
    """
    failure = None
    with context.phases.of(cluster, "remove"):
        try:
            await context.provisioner.remove(cluster)
        except DriverError as error:
            if error.is_retryable:
                raise
            failure = error
    with context.phases.of(cluster, "sweep"):
        try:
            await _sweep(context, cluster)
        except DriverError as error:
            raise (failure or error) from error


async def _sweep(context: Context, cluster: Cluster) -> None:
    await sweep(
        context.runtime,
        context.cloud,
        cluster.tag,
        pause=context.schedule.every,
        rounds_max=context.limits.sweeps_max,
    )


async def _close_superseded(context: Context, cluster: Cluster) -> None:
    """Close the operations that this delete cut short."""
    for operation in await context.repository.operations(cluster.id):
        if operation.ended_at is None:
            await context.end(cluster, operation, SUPERSEDED)
