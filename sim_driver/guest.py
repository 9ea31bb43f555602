"""The guest: boot, cloud-init, the COE's bootstrap, and the signal that it is done.

Nodes of the same cluster differ in how long they take, so the last of N is later than the
mean: this is why a cluster's time grows with log N even where nothing queues.
"""

from collections.abc import Callable

from coe_twin.coe_core.cluster import Role
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.recorder import READY
from coe_twin.sim_driver.substrate import Substrate

Signalled = Callable[[str], None]


class Guests:
    """Every server's inside."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._boot = substrate.service_time("guest.boot_s")
        self._bootstrap = {
            Role.MASTER: substrate.service_time("guest.bootstrap_master_s"),
            Role.WORKER: substrate.service_time("guest.bootstrap_node_s"),
        }
        self._receive: Callable[[str, int], None] | None = None

    def signal_to(self, receive: Callable[[str, int], None]) -> None:
        """Send every signal to `receive`, with the URL and the sender's key."""
        self._receive = receive

    def boot(self, server: SimServer) -> None:
        """Boot the guest of a server that is ACTIVE."""
        self._substrate.runtime.serve(self._live(server))

    async def _live(self, server: SimServer) -> None:
        world = self._substrate.world
        await world.delay("guest boot", self._boot.draw(server.key))
        bootstrap = self._bootstrap[role_of(server.name)].draw(server.key)
        await world.delay("guest bootstrap", bootstrap)
        if server.is_deleting:
            return
        server.has_signalled = True
        world.milestone(server.name, READY)
        self._substrate.changes.notify(server.id)
        if self._receive is not None:
            for url in server.signals:
                self._receive(url, server.key)


def role_of(name: str) -> Role:
    """Return what a server does, by the name that `coe_core.cluster.node_name` gives."""
    return Role.MASTER if f"-{Role.MASTER}-" in name else Role.WORKER
