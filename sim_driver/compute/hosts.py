"""nova-compute: at most `max_concurrent_builds` at once, image, network, spawn.

Source: nova's defaults (`max_concurrent_builds` 10, `vif_plugging_timeout` 300 s and
fatal); nova doc/source/admin/image-caching.rst for the image: a local store downloads the
whole image on a host's first boot and keeps it, RBD clones copy-on-write.
"""

from coe_twin.coe_core.errors import VifPlugTimeout
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.image import Images
from coe_twin.sim_driver.network import Networking
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.sync import SimSemaphore


class Host:
    """One hypervisor's build slots."""

    __slots__ = ("index", "slots")

    def __init__(self, substrate: Substrate, index: int) -> None:
        self.index = index
        self.slots = SimSemaphore(
            substrate.runtime, substrate.setup.hypervisors.max_concurrent_builds
        )


class Builder:
    """What nova-compute does to build one server on one host."""

    def __init__(self, substrate: Substrate, images: Images, network: Networking) -> None:
        self._substrate = substrate
        self._images = images
        self._network = network
        self._spawn = substrate.service_time("nova.spawn_s")
        self._vif_timeout = substrate.setup.network.vif_plugging_timeout_s
        self._hosts = [Host(substrate, index) for index in range(substrate.setup.hypervisors.count)]

    async def build(self, server: SimServer, host: int) -> None:
        """Bring `server` up on `host`, where its room is claimed.

        Raises:
            VifPlugTimeout: the port was not plugged in time.
        """
        world = self._substrate.world
        slots = self._hosts[host].slots
        arrived = world.runtime.env.now
        await slots.acquire()
        try:
            world.waited("nova build slots", arrived)
            await self._images.fetch(host, server.key)
            await self._network.bind(server.port, server.key)
            await world.delay("nova spawn", self._spawn.draw(server.key))
            plugged = self._network.plug_time(server.key)
            await world.delay("neutron vif plug", min(plugged, self._vif_timeout))
            if plugged > self._vif_timeout:
                raise VifPlugTimeout(server.name, "Virtual Interface creation failed")
        finally:
            slots.release()
