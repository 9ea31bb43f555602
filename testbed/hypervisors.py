"""Hypervisors that are asked for no more leave Nova's and Placement's books."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from testbed.cells import Report, host_names
from testbed.cloud import ADMIN, connect
from testbed.home import Home
from testbed.settings import Settings

# The first one that names a service by its id, and so removes its host from the cell.
MICROVERSION: Final = "2.53"
AT_ONCE: Final = 4


def remove_surplus(settings: Settings, home: Home, report: Report) -> None:
    """Delete the services of hosts that these settings do not have; their process has ended."""
    compute = connect(home, ADMIN).compute
    compute.default_microversion = MICROVERSION
    wanted = set(host_names(settings))
    found = compute.services(binary="nova-compute")
    surplus = [service for service in found if service.host not in wanted]
    if not surplus:
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(compute.delete_service, surplus))
    report(f"{len(surplus)} hypervisors removed")
