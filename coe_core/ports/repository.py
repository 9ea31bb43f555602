"""The seam of persistence."""

from typing import Protocol

from coe_core.cluster import Cluster, Operation
from coe_core.ids import ClusterId


class ClusterRepository(Protocol):
    """Clusters and operations, with optimistic versions.

    Contract rules:

    - S301 `save` with the version that was read stores the record with the next version.
    - S302 `save` with an older version raises StaleVersion and changes nothing.
    - S303 a removed cluster reads as UnknownCluster; removing it again is no error.
    - S304 `clusters` lists in the order of insertion.
    """

    async def add(self, cluster: Cluster) -> Cluster:
        """Store a new cluster."""

    async def get(self, cluster: ClusterId) -> Cluster:
        """Return the record.

        Raises:
            UnknownCluster: there is none.
        """

    async def save(self, cluster: Cluster) -> Cluster:
        """Store `cluster` over the version that it carries; return it with the next.

        Raises:
            StaleVersion: the stored version is another.
            UnknownCluster: there is none.
        """

    async def remove(self, cluster: ClusterId) -> None:
        """Forget the cluster."""

    async def clusters(self) -> tuple[Cluster, ...]:
        """Return all records."""

    async def write_operation(self, operation: Operation) -> None:
        """Store or overwrite an operation by its id."""

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        """Return the operations of a cluster in the order of writing."""
