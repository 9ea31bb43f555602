"""The seam between the lifecycle and the ways in which a cluster becomes cloud resources."""

from typing import Protocol

from coe_twin.coe_core.cluster import Cluster


class Provisioner(Protocol):
    """Level-triggered: compares what is wanted with what is there, then acts on the rest.

    `converge` may be called again at any time, after any failure or lost answer.
    """

    async def converge(self, cluster: Cluster) -> None:
        """Bring the cloud to the node groups of `cluster`; return when all nodes are up.

        Raises:
            DriverError: the cloud refused, or something in it failed.
        """

    async def remove(self, cluster: Cluster) -> None:
        """Delete what `converge` made; return when it is gone.

        Raises:
            DriverError: something could not be deleted.
        """
