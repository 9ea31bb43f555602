"""A repository in memory: for simulations, and the model that others are held against."""

from dataclasses import replace

from coe_core.cluster import Cluster, Operation
from coe_core.errors import StaleVersion, UnknownCluster
from coe_core.ids import ClusterId, OperationId


class MemoryRepository:
    """`coe_core.ports.repository.ClusterRepository` without persistence."""

    def __init__(self) -> None:
        self._clusters: dict[ClusterId, Cluster] = {}
        self._operations: dict[OperationId, Operation] = {}

    async def add(self, cluster: Cluster) -> Cluster:
        """Store a new cluster."""
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
        saved = replace(cluster, version=cluster.version + 1)
        self._clusters[cluster.id] = saved
        return saved

    async def remove(self, cluster: ClusterId) -> None:
        """Forget the cluster."""
        self._clusters.pop(cluster, None)

    async def clusters(self) -> tuple[Cluster, ...]:
        """Return all records in the order of insertion."""
        return tuple(self._clusters.values())

    async def write_operation(self, operation: Operation) -> None:
        """Store or overwrite an operation."""
        self._operations[operation.id] = operation

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        """Return the operations of a cluster in the order of writing."""
        return tuple(op for op in self._operations.values() if op.cluster == cluster)
