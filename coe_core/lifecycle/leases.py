"""One process at a time works on a cluster: an operation under the cluster's lease."""

from collections.abc import Awaitable, Callable
from typing import Final

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import CoeError, DeadlineExceeded
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.context import FOREVER, Context
from coe_twin.coe_core.ports.runtime import Event
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds

RENEWALS_PER_TTL: Final = 3
"""So that a renewal may come late, and even miss its turn, before the lease ends."""

Work = Callable[[Cluster], Awaitable[Cluster]]
"""Does an operation on a cluster as it was when its lease was taken."""


async def under_lease(context: Context, cluster: ClusterId, work: Work) -> Cluster:
    """Return what `work` returns, done while this process holds the lease of `cluster`.

    Work that is cancelled keeps the lease: this process may take it again at once, and to
    another it falls when it ends. A cluster that the work deleted is forgotten here, when
    nobody renews its lease any more.

    Raises:
        LeaseHeld: another process works on the cluster.
        LeaseLost: another took the lease, because it was not renewed in time.
        UnknownCluster: there is no such cluster.
    """
    taken = await context.repository.take(cluster, context.holder, context.lease_ttl)
    try:
        ended = await _renewing(context, taken, work)
    except CoeError:
        await context.repository.release(cluster, context.holder)
        raise
    if ended.status is ClusterStatus.DELETE_COMPLETE:
        await context.repository.remove(cluster)
    else:
        await context.repository.release(cluster, context.holder)
    return ended


async def _renewing(context: Context, taken: Cluster, work: Work) -> Cluster:
    if context.lease_ttl == FOREVER:
        return await work(taken)
    has_ended = context.runtime.event()
    async with context.runtime.task_group() as group:
        group.start(_renew(context, taken.id, has_ended))
        ended = await work(taken)
        has_ended.set()
    return ended


async def _renew(context: Context, cluster: ClusterId, has_ended: Event) -> None:
    """Renew the lease until the work has ended; LeaseLost then cancels the work."""
    every = Seconds(context.lease_ttl / RENEWALS_PER_TTL)
    while not has_ended.is_set():
        try:
            async with context.runtime.deadline(every):
                await has_ended.wait()
        except DeadlineExceeded:
            await context.repository.renew(cluster, context.holder, context.lease_ttl)
