"""Taking down a cluster without knowing which provisioner made it."""

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import Conflict
from coe_twin.coe_core.provisioners.direct import DirectProvisioner
from coe_twin.coe_core.provisioners.sharded import ShardedProvisioner


class Removal:
    """A provisioner for deletes alone: everything is found by tag, stacks go first.

    The provisioner of sharded clusters deletes one stack as well as several, and knows which of
    several holds the network and so has to go last.
    """

    def __init__(self, stacks: ShardedProvisioner, direct: DirectProvisioner) -> None:
        self._stacks = stacks
        self._direct = direct

    async def converge(self, cluster: Cluster) -> None:
        """Refuse.

        Raises:
            Conflict: always; only the plan of a cluster says how it is built.
        """
        raise Conflict(cluster.name, "take it up with the plan that it was made by: coe-twin apply")

    async def remove(self, cluster: Cluster) -> None:
        """Delete the stacks of `cluster`, then what servers are left."""
        await self._stacks.remove(cluster)
        await self._direct.remove(cluster)
