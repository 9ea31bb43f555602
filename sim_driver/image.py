"""Glance and the image store: copy-on-write from Ceph, or a download to each host once."""

from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.stations import FifoStation
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.sync import SimEvent


class Images:
    """Where a host gets the image of a new server from."""

    def __init__(self, substrate: Substrate) -> None:
        block = substrate.setup.images
        self._world = substrate.world
        self._runtime: SimRuntime = substrate.runtime
        self._is_shared = block.store == "ceph"
        self._clone = substrate.service_time("image.ceph_clone_s")
        self._image_gib = block.image_gib
        self._download = substrate.service_time("image.download_per_gib_s")
        self._glance = FifoStation(
            substrate.runtime, "glance download", 1, substrate.world.recorder
        )
        self._cached: dict[int, SimEvent] = {}

    async def fetch(self, host: int, key: int) -> None:
        """Return once `host` has the image."""
        if self._is_shared:
            await self._world.delay("ceph clone", self._clone.draw(key))
            return
        cached = self._cached.get(host)
        if cached is None:
            cached = self._cached[host] = self._runtime.event()
            await self._glance.visit(self._image_gib * self._download.draw(key))
            cached.set()
        else:
            await cached.wait()
