"""Resize a cluster, up and down; nodes that the user names go first."""

from collections.abc import Iterable
from dataclasses import replace

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Operation, Verb, node_index
from coe_twin.coe_core.errors import DeadlineExceeded, DriverError, InvalidRequest, StackTimeout
from coe_twin.coe_core.lifecycle.attempts import attempts
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.transitions import Trigger


def resized(cluster: Cluster, node_count: int, nodes_to_remove: Iterable[str] = ()) -> NodeGroup:
    """Return the workers of `cluster` with `node_count` members and without the named nodes.

    What the names leave over is taken from the highest indexes, as Heat does. Named nodes
    beyond the difference are replaced by new ones.

    Raises:
        InvalidRequest: a negative count, or a name that is not a node of the cluster.
    """
    if node_count < 0:
        raise InvalidRequest(f"node_count: {node_count} is not a count >= 0")
    named = frozenset(node_index(cluster, name) for name in nodes_to_remove)
    return replace(cluster.workers, node_count=node_count, removed=cluster.workers.removed | named)


async def resize(context: Context, cluster: Cluster, workers: NodeGroup) -> Cluster:
    """Bring `cluster` to `workers`; return it as UPDATE_COMPLETE or UPDATE_FAILED.

    After a failure the record keeps the old count, as Magnum's does; what the cloud holds
    beyond it is found by tag and removed by the next resize or delete.
    """
    cluster.on(Trigger.RESIZE_ASKED)  # refused before the intent is written
    operation = await context.begin(cluster, Verb.RESIZE, workers)
    asked = await context.move(cluster, Trigger.RESIZE_ASKED)
    return await _carry_out(context, asked, operation, workers)


async def resume_resize(context: Context, cluster: Cluster) -> Cluster:
    """Take up the resize that left `cluster` in UPDATE_IN_PROGRESS; return it as it ended."""
    operation = await context.unended(cluster, Verb.RESIZE)
    if operation is None or operation.workers is None:
        return await context.move(cluster, Trigger.FAILED, "what it should become was lost")
    return await _carry_out(context, cluster, operation, operation.workers)


async def _carry_out(
    context: Context, asked: Cluster, operation: Operation, workers: NodeGroup
) -> Cluster:
    wanted = replace(asked, workers=workers)
    try:
        async with context.runtime.deadline(asked.create_timeout):
            await attempts(
                context, wanted, lambda: context.provisioner.converge(wanted), "back-off"
            )
    except DeadlineExceeded:
        error: DriverError = StackTimeout(
            asked.name, f"Update timed out after {asked.create_timeout:g} s"
        )
    except DriverError as caught:
        error = caught
    else:
        ended = await context.move(wanted, Trigger.SUCCEEDED)
        await context.end(ended, operation)
        return ended
    retired = replace(asked.workers, removed=workers.removed)
    ended = await context.move(replace(asked, workers=retired), Trigger.FAILED, str(error))
    await context.end(ended, operation, error.cause)
    return ended
