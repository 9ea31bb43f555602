"""The seam of persistence."""

from dataclasses import dataclass
from typing import Protocol

from coe_twin.coe_core.cluster import Cluster, Operation
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored cluster whose record cannot be read, and why."""

    cluster: ClusterId
    problem: str


class ClusterRepository(Protocol):
    """Clusters and operations, with optimistic versions and one lease per cluster.

    Whoever works on a cluster holds its lease. Taking it moves the record to the next version,
    so the version is the fencing token, too: what an earlier holder still wants to save is
    refused as stale, however late it comes. A lease runs on the repository's own clock.

    Contract rules (ids are append-only; `coe_core.conformance.repository` holds one test each):

    - S301 `save` with the version that was read stores the record with the next version.
    - S302 `save` with another version raises StaleVersion and changes nothing.
    - S303 a removed cluster reads as UnknownCluster; removing it again is no error.
    - S304 `clusters` lists in the order of insertion.
    - S305 `add` of an id that is stored raises DuplicateCluster and changes nothing.
    - S306 every field of a record reads back as it was stored.
    - S307 `write_operation` overwrites by id; `operations` lists in the order of first writing.
    - S308 `take` of a free or an expired lease, or of one's own, returns the next version.
    - S309 `take` of a lease that another holds raises LeaseHeld and changes nothing.
    - S310 `save` by whoever held the lease before the present holder raises StaleVersion.
    - S311 `renew` by the holder moves the end of the lease; by another it raises LeaseLost.
    - S312 a released lease is free; `release` by another than the holder changes nothing.
    - S313 of two concurrent saves of one version, or two takes of one free lease, one succeeds.
    - S314 what was stored is there when the repository is opened again (not in memory).
    """

    async def add(self, cluster: Cluster) -> Cluster:
        """Store a new cluster.

        Raises:
            DuplicateCluster: its id is stored already.
        """

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
        """Forget the cluster and its lease; its operations stay."""

    async def clusters(self) -> tuple[Cluster, ...]:
        """Return all records that can be read."""

    async def unreadable(self) -> tuple[Unreadable, ...]:
        """Return what is stored and cannot be read: it is there, and its cluster may be, too."""

    async def write_operation(self, operation: Operation) -> None:
        """Store or overwrite an operation by its id."""

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        """Return the operations of a cluster in the order of their first writing."""

    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        """Take the lease for `ttl` [s] (infinity: until released); return the next version.

        Raises:
            LeaseHeld: another holds it.
            UnknownCluster: there is no such cluster.
        """

    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        """Let the lease of `holder` end `ttl` [s] from now; the version stays.

        Raises:
            LeaseLost: another took it, or the cluster is gone.
        """

    async def release(self, cluster: ClusterId, holder: str) -> None:
        """Free the lease if `holder` has it."""
