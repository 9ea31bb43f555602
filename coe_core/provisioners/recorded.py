"""Each cluster by the provisioner that its record names."""

from collections.abc import Callable

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ports.provisioner import Provisioner


class RecordedProvisioner:
    """Looks into the record who made a cluster, and leaves it to that one.

    Args of the constructor: `build` returns the provisioner of a cluster whose record says how
    it is made; `unknown` is for records of before that was written down.
    """

    def __init__(self, build: Callable[[Cluster], Provisioner], unknown: Provisioner) -> None:
        self._build = build
        self._unknown = unknown

    async def converge(self, cluster: Cluster) -> None:
        """Bring the cloud to what `cluster` asks for."""
        await self._of(cluster).converge(cluster)

    async def remove(self, cluster: Cluster) -> None:
        """Delete what the provisioner made."""
        await self._of(cluster).remove(cluster)

    def _of(self, cluster: Cluster) -> Provisioner:
        return self._unknown if cluster.provisioner is None else self._build(cluster)
