"""The hypervisors' room, in columns, so that a scheduler can look at all of them at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe_twin.models.setup import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """What one server takes from its host."""

    cores: int
    ram_gib: int
    disk_gib: int


class Inventory:
    """Free room of each hypervisor after what was claimed; it can never go below zero.

    Attributes:
        cores, ram_gib, disk_gib: what is free, shape (hosts,); cores and RAM after the
            allocation ratios.
        zone: index of each host's availability zone, shape (hosts,).
        zones: names of the zones.
    """

    def __init__(self, setup: Setup) -> None:
        block = setup.hypervisors
        hosts = block.count
        self.zones = tuple(block.availability_zones)
        self.cores = np.full(hosts, int(block.cores * block.cpu_allocation_ratio))
        self.ram_gib = np.full(hosts, int(block.ram_gib * block.ram_allocation_ratio))
        self.disk_gib = np.full(hosts, block.disk_gib)
        self.zone = np.arange(hosts) % len(self.zones)

    def __len__(self) -> int:
        return len(self.cores)

    def fits(self, host: int, flavor: Flavor) -> bool:
        """Return whether `host` has room for `flavor`."""
        return bool(
            self.cores[host] >= flavor.cores
            and self.ram_gib[host] >= flavor.ram_gib
            and self.disk_gib[host] >= flavor.disk_gib
        )

    def claim(self, host: int, flavor: Flavor) -> bool:
        """Take room on `host`; return False, and take nothing, if it does not fit."""
        if not self.fits(host, flavor):
            return False
        self._add(host, flavor, -1)
        return True

    def release(self, host: int, flavor: Flavor) -> None:
        """Give back what `claim` took."""
        self._add(host, flavor, 1)

    def _add(self, host: int, flavor: Flavor, sign: int) -> None:
        self.cores[host] += sign * flavor.cores
        self.ram_gib[host] += sign * flavor.ram_gib
        self.disk_gib[host] += sign * flavor.disk_gib


Mask = NDArray[np.bool_]
