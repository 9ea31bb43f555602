"""A repository in memory: for simulations, and the model that others are held against."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from coe_twin.coe_core.cluster import Cluster, Operation
from coe_twin.coe_core.errors import (
    DuplicateCluster,
    LeaseHeld,
    LeaseLost,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId, OperationId
from coe_twin.coe_core.ports.repository import Unreadable
from coe_twin.coe_core.units import Seconds


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a cluster, and until when by the repository's clock [s]."""

    holder: str
    ends_at: float


class MemoryRepository:
    """`coe_core.ports.repository.ClusterRepository` without persistence.

    `clock` gives the time by which leases end [s]; without one they end when released.
    """

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._clusters: dict[ClusterId, Cluster] = {}
        self._operations: dict[ClusterId, dict[OperationId, Operation]] = {}
        self._leases: dict[ClusterId, Lease] = {}

    async def add(self, cluster: Cluster) -> Cluster:
        """Store a new cluster, or raise DuplicateCluster."""
        if cluster.id in self._clusters:
            raise DuplicateCluster(f"{cluster.id} is stored already")
        self._clusters[cluster.id] = cluster
        return cluster

    async def get(self, cluster: ClusterId) -> Cluster:
        """Return the record, or raise UnknownCluster."""
        try:
            return self._clusters[cluster]
        except KeyError:
            raise UnknownCluster(cluster) from None

    async def save(self, cluster: Cluster) -> Cluster:
        """Store `cluster`, or raise StaleVersion when somebody was faster."""
        stored = await self.get(cluster.id)
        if stored.version != cluster.version:
            raise StaleVersion(f"{cluster.id}: version {cluster.version}, not {stored.version}")
        return self._next(cluster)

    async def remove(self, cluster: ClusterId) -> None:
        """Forget the cluster."""
        self._clusters.pop(cluster, None)
        self._leases.pop(cluster, None)

    async def clusters(self) -> tuple[Cluster, ...]:
        """Return all records in the order of insertion."""
        return tuple(self._clusters.values())

    async def unreadable(self) -> tuple[Unreadable, ...]:
        """Return nothing: what is in memory is a record."""
        return ()

    async def write_operation(self, operation: Operation) -> None:
        """Store or overwrite an operation."""
        self._operations.setdefault(operation.cluster, {})[operation.id] = operation

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        """Return the operations of a cluster in the order of writing."""
        return tuple(self._operations.get(cluster, {}).values())

    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        """Take the lease, or raise LeaseHeld."""
        stored = await self.get(cluster)
        lease = self._leases.get(cluster)
        now = self._clock()
        if lease is not None and lease.holder != holder and lease.ends_at > now:
            raise LeaseHeld(cluster, lease.holder, lease.ends_at - now)
        self._leases[cluster] = Lease(holder, now + ttl)
        return self._next(stored)

    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        """Prolong the lease, or raise LeaseLost."""
        lease = self._leases.get(cluster)
        if lease is None or lease.holder != holder:
            raise LeaseLost(f"{cluster}: {holder} holds its lease no longer")
        self._leases[cluster] = Lease(holder, self._clock() + ttl)

    async def release(self, cluster: ClusterId, holder: str) -> None:
        """Free the lease of `holder`."""
        lease = self._leases.get(cluster)
        if lease is not None and lease.holder == holder:
            del self._leases[cluster]

    def _next(self, cluster: Cluster) -> Cluster:
        saved = replace(cluster, version=cluster.version + 1)
        self._clusters[cluster.id] = saved
        return saved
