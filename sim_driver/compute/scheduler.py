"""nova-scheduler: filters, weighers, and decisions on a state that is a little old.

Mechanism: each request reads every host (Jay Pipes, openstack-dev 2016-02/086931), so its
cost grows with the number of hypervisors. A scheduler process knows its own decisions that
have not yet been claimed on the host, but not those of the other processes; two of them
can pick the same last room, and the claim on the host then fails and is tried again.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from coe_twin.coe_core.errors import NoValidHost
from coe_twin.sim_driver.compute.inventory import Flavor, Inventory

AFFINITY_WEIGHT: Final = 1_000_000.0
"""Larger than any free RAM in GiB, so that group members outweigh room (assumed)."""


class SchedulerProcess:
    """One nova-scheduler worker's view of the hosts."""

    def __init__(self, inventory: Inventory, weigher: str) -> None:
        self._inventory = inventory
        self._sign = 1.0 if weigher == "spread" else -1.0
        hosts = len(inventory)
        self._pending_cores = np.zeros(hosts, dtype=int)
        self._pending_ram = np.zeros(hosts, dtype=int)
        self._pending_disk = np.zeros(hosts, dtype=int)

    def select(
        self,
        server: str,
        flavor: Flavor,
        zone: str | None,
        tried: frozenset[int],
        group: tuple[str, Counter[int]] | None,
    ) -> int:
        """Return the host for `server` and remember the decision until it is `landed`.

        `tried` are hosts whose claim failed; `group` is a server group's policy and how many
        of its members each host has.

        Raises:
            NoValidHost: no host passes all filters.
        """
        inventory = self._inventory
        free_ram = inventory.ram_gib - self._pending_ram
        passes = (
            (inventory.cores - self._pending_cores >= flavor.cores)
            & (free_ram >= flavor.ram_gib)
            & (inventory.disk_gib - self._pending_disk >= flavor.disk_gib)
        )
        if zone is not None:
            passes &= inventory.zone == self._zone_index(server, zone)
        for host in tried:
            passes[host] = False
        if not passes.any():
            raise NoValidHost(
                server, "No valid host was found. There are not enough hosts available."
            )
        weight = self._sign * free_ram.astype(float)
        if group is not None:
            _prefer(weight, *group)
        weight[~passes] = -np.inf
        host = int(weight.argmax())
        self._note(host, flavor, 1)
        return host

    def landed(self, host: int, flavor: Flavor) -> None:
        """Forget a decision: the host has claimed the room, or refused it."""
        self._note(host, flavor, -1)

    def _note(self, host: int, flavor: Flavor, sign: int) -> None:
        self._pending_cores[host] += sign * flavor.cores
        self._pending_ram[host] += sign * flavor.ram_gib
        self._pending_disk[host] += sign * flavor.disk_gib

    def _zone_index(self, server: str, zone: str) -> int:
        if zone not in self._inventory.zones:
            raise NoValidHost(server, f"No valid host was found. No availability zone {zone}.")
        return self._inventory.zones.index(zone)


def _prefer(
    weight: "np.ndarray[tuple[int], np.dtype[np.float64]]", policy: str, members: Mapping[int, int]
) -> None:
    sign = -1.0 if policy == "soft-anti-affinity" else 1.0
    for host, count in members.items():
        weight[host] += sign * count * AFFINITY_WEIGHT
