"""What Magnum itself spends on a create request before the lifecycle begins."""

from coe_twin.coe_core.ids import ProjectId
from coe_twin.sim_driver.cloud import SimCloud


class MagnumFront:
    """magnum-api, and the certificates that magnum-conductor makes for each cluster."""

    def __init__(self, cloud: SimCloud) -> None:
        self._substrate = cloud.substrate
        self._request = cloud.substrate.service_time("magnum.api_create_s")
        self._certificates = cloud.substrate.service_time("magnum.certificates_s")

    async def accept(self, project: ProjectId, cluster: str) -> None:
        """Return when the conductor has what it needs to begin with `cluster`."""
        key = self._substrate.world.key(f"{project}/{cluster}/magnum")
        await self._substrate.authenticate(key, 0)
        await self._substrate.run("magnum-api", self._request, key)
        await self._substrate.transact(key, 0)
        await self._substrate.run("magnum-conductor", self._certificates, key)
