"""What goes on inside a phase, for somebody who waits."""

from collections.abc import Callable, Sequence
from typing import Final

from coe_twin.coe_core.cluster import Cluster, tag_of
from coe_twin.coe_core.errors import DeadlineExceeded, DriverError
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.ports.runtime import Event as Signal
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.apply import Site, Tell
from coe_twin.planner.history import Spent, creations

EVERY: Final = Seconds(30.0)
"""How often there is a line about each cluster that is being created [s]."""


async def narrate(
    site: Site,
    events: Callable[[], Sequence[Event]],
    wanted: dict[ClusterId, Cluster],
    has_ended: Signal,
    tell: Tell,
    every: Seconds = EVERY,
) -> None:
    """Tell of each open phase how long it lasts and how many servers are up, until `has_ended`.

    Args:
        site: the world.
        events: returns the events so far.
        wanted: the clusters of the plan, by id.
        has_ended: ends the narration.
        tell: is told a line.
        every: the time between two lines about a cluster [s].
    """
    while not has_ended.is_set():
        try:
            async with site.runtime.deadline(every):
                await has_ended.wait()
        except DeadlineExceeded:
            for cluster, spent in creations(events()).items():
                if spent.whole is None and spent.open and cluster in wanted:
                    tell(await _line(site, wanted[cluster], spent))


async def _line(site: Site, cluster: Cluster, spent: Spent) -> str:
    now = site.runtime.now()
    phases = ", ".join(f"{name} for {now - began:.0f} s" for name, began in spent.open.items())
    total = sum(group.node_count for group in cluster.node_groups)
    try:
        servers = await site.cloud.list_servers(tag_of(cluster.id))
    except DriverError as error:
        return f"{cluster.name}: {phases}; its servers cannot be listed: {error}"
    up = sum(server.has_signalled for server in servers)
    return f"{cluster.name}: {phases}; {len(servers)} of {total} servers are there, {up} are up"
