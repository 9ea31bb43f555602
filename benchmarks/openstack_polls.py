"""What a poll costs on the testbed: CPU time of each service for one look at a server, or a stack.

`python -m benchmarks.openstack_polls` writes `tests/data/testbed/polls.json`. Looks follow one
another without a pause; what the services spend on nothing is measured before and taken off.
"""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks.openstack import Usage, usage
from benchmarks.openstack_page import DATA
from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ServerId, StackId
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from tests.openstack.ground import CHOICES, Core, Ground, cluster_of

FILE: Final = DATA / "polls.json"
LOOKS: Final = 300
IDLE_S: Final = 20.0
WORKERS: Final = 2

Look = Callable[[], Awaitable[object]]


def main() -> None:
    """Measure both kinds of poll."""
    found = {
        "server": Core(choice=CHOICES["direct"]).play(_server),
        "stack": Core(choice=CHOICES["stack"]).play(_stack),
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


async def _server(on: Ground) -> dict[str, object]:
    async def look(cluster: Cluster) -> Look:
        first, *_ = await on.cloud.list_servers(cluster.tag)
        return lambda: on.cloud.show_server(ServerId(first.id))

    return await _with_cluster(on, look)


async def _stack(on: Ground) -> dict[str, object]:
    async def look(cluster: Cluster) -> Look:
        (stack,) = await on.cloud.list_stacks(cluster.tag)
        return lambda: on.cloud.show_stack(StackId(stack.id))

    return await _with_cluster(on, look)


async def _with_cluster(
    on: Ground, look_at: Callable[[Cluster], Awaitable[Look]]
) -> dict[str, object]:
    """Create a cluster, measure looks at it, delete it."""
    cluster = cluster_of(WORKERS)
    ended = await on.conductor.create(cluster)
    assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
    try:
        return await _looks(on, await look_at(cluster))
    finally:
        await on.conductor.delete(cluster.id)


async def _looks(on: Ground, look: Look) -> dict[str, object]:
    before = usage()
    await on.runtime.sleep(Seconds(IDLE_S))
    idle = _per_second(before, usage(), IDLE_S)
    before, began = usage(), time.monotonic()
    for _ in range(LOOKS):
        await look()
    wall = time.monotonic() - began
    spent = _per_second(before, usage(), wall)
    cpu_s = {
        name: round((seconds - idle[name]) * wall / LOOKS, 5) for name, seconds in spent.items()
    }
    return {"looks": LOOKS, "wall_s": round(wall / LOOKS, 4), "cpu_s": cpu_s}


def _per_second(before: Usage, after: Usage, seconds: float) -> dict[str, float]:
    return {
        name: (spent - before.services.get(name, 0.0)) / seconds
        for name, spent in after.services.items()
    }


if __name__ == "__main__":
    main()
