"""Resize a cluster, up and down; nodes that the user names go first."""

from collections.abc import Iterable
from dataclasses import replace

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Operation, Role, Verb, node_index
from coe_twin.coe_core.errors import DeadlineExceeded, DriverError, InvalidRequest, StackTimeout
from coe_twin.coe_core.lifecycle.attempts import attempts
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.transitions import Trigger


def resized(cluster: Cluster, node_count: int, nodes_to_remove: Iterable[str] = ()) -> NodeGroup:
    """Return the worker group of `cluster` with `node_count` members, without the named nodes.

    What the names leave over is taken from the highest indexes, as Heat does. Named nodes
    beyond the difference are replaced by new ones.

    Raises:
        InvalidRequest: a count out of the group's bounds, or a name that is not a node of it.
    """
    group = cluster.first(Role.WORKER)
    _require_bounds(group, node_count)
    named = frozenset(node_index(cluster, name) for name in nodes_to_remove)
    return replace(group, node_count=node_count, removed=group.removed | named)


def _require_bounds(group: NodeGroup, node_count: int) -> None:
    least, most = group.min_node_count, group.max_node_count
    if node_count < least:
        raise InvalidRequest(f"node_count: {node_count} is not a count >= {least}")
    if most is not None and node_count > most:
        raise InvalidRequest(f"node_count: {node_count} is not a count <= {most}")


async def resize(context: Context, cluster: Cluster, group: NodeGroup) -> Cluster:
    """Bring the group of this name to `group`; return UPDATE_COMPLETE or UPDATE_FAILED.

    After a failure the record keeps the old count, as Magnum's does; what the cloud holds
    beyond it is found by tag and removed by the next resize or delete.
    """
    cluster.on(Trigger.RESIZE_ASKED)  # refused before the intent is written
    operation = await context.begin(cluster, Verb.RESIZE, group)
    asked = await context.move(cluster, Trigger.RESIZE_ASKED)
    return await _carry_out(context, asked, operation, group)


async def resume_resize(context: Context, cluster: Cluster) -> Cluster:
    """Take up the resize that left `cluster` in UPDATE_IN_PROGRESS; return it as it ended."""
    operation = await context.unended(cluster, Verb.RESIZE)
    if operation is None or operation.node_group is None:
        return await context.move(cluster, Trigger.FAILED, "what it should become was lost")
    asked = operation.node_group
    group = replace(cluster.group(asked.name), node_count=asked.node_count, removed=asked.removed)
    return await _carry_out(context, cluster, operation, group)


async def _carry_out(
    context: Context, asked: Cluster, operation: Operation, group: NodeGroup
) -> Cluster:
    wanted = asked.with_group(group)
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
    retired = replace(asked.group(group.name), removed=group.removed)
    ended = await context.move(asked.with_group(retired), Trigger.FAILED, str(error))
    await context.end(ended, operation, error.cause)
    return ended
