"""Creating the clusters of a plan through the lifecycle core, in whichever world."""

from collections.abc import Awaitable, Callable, Sequence

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ports.runtime import Runtime

Create = Callable[[Cluster], Awaitable[None]]


async def carry_out(
    runtime: Runtime, clusters: Sequence[Cluster], concurrency: int, create: Create
) -> None:
    """Call `create` for each of `clusters` in order, `concurrency` of them at a time."""
    waiting = iter(clusters)

    async def one_after_the_other() -> None:
        for cluster in waiting:
            await create(cluster)

    async with runtime.task_group() as group:
        for _ in range(min(concurrency, len(clusters))):
            group.start(one_after_the_other())
