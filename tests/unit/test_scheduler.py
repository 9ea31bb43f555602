"""nova-scheduler counts what it has decided, and what a server group has where."""

from collections import Counter

import pytest

from coe_twin.coe_core.errors import NoValidHost
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.planner.apply import conductor_of
from coe_twin.sim_driver.compute.inventory import Flavor, Inventory
from coe_twin.sim_driver.compute.scheduler import SchedulerProcess
from tests.unit.sites import PROJECT, Ground, base_setup, plan, policies, row

ONE_HOST = base_setup("cern-2016").with_overrides(
    {
        "hypervisors": {
            "count": 1,
            "cores": 4,
            "ram_gib": 4,
            "disk_gib": 4,
            "cpu_allocation_ratio": 1.0,
            "ram_allocation_ratio": 1.0,
        }
    }
)
FLAVORS = {
    "cores": Flavor(cores=2, ram_gib=1, disk_gib=1),
    "RAM": Flavor(cores=1, ram_gib=2, disk_gib=1),
    "disk": Flavor(cores=1, ram_gib=1, disk_gib=2),
}


def select(process: SchedulerProcess, flavor: Flavor) -> int:
    return process.select("s", flavor, None, frozenset(), None)


@pytest.mark.parametrize("kind", FLAVORS)
def test_a_decision_takes_room_until_it_has_landed(kind: str) -> None:
    """Two fit, a third does not; what has landed is the host's to count, and given back."""
    flavor, inventory = FLAVORS[kind], Inventory(ONE_HOST)
    process = SchedulerProcess(inventory, "spread")
    for _ in range(3):
        assert (select(process, flavor), select(process, flavor)) == (0, 0)
        with pytest.raises(NoValidHost):
            select(process, flavor)
        process.landed(0, flavor)
        assert select(process, flavor) == 0
        process.landed(0, flavor)
        process.landed(0, flavor)
    assert inventory.claim(0, flavor)
    assert inventory.claim(0, flavor)
    with pytest.raises(NoValidHost):
        select(process, flavor)
    assert not inventory.claim(0, flavor)


@pytest.mark.parametrize(
    ("weigher", "placement", "hosts"), [("pack", "anti-affinity", 5), ("spread", "pack", 1)]
)
def test_a_server_group_counts_its_members(weigher: str, placement: str, hosts: int) -> None:
    """The group's wish wins over the weigher, which wants the contrary."""
    setup = base_setup("cern-2016").with_overrides(
        {"hypervisors.weigher": weigher, "hypervisors.cores": 512, "hypervisors.ram_gib": 2048}
    )
    ground = Ground(setup)
    what = plan(
        row(4),
        setup=setup,
        provisioner={"kind": "direct"},
        policies=policies(
            placement={"kind": placement}, batching={"kind": "fixed-window", "size": 1}
        ),
    )
    (cluster,) = what.clusters_of(0, PROJECT)

    async def scene() -> Counter[int | None]:
        ended = await conductor_of(what, ground.site()).create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        return Counter(server.host for server in ground.cloud.nova.servers)

    assert len(ground.run(scene)) == hosts
