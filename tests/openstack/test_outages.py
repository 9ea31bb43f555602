"""What goes wrong for everybody: the quota, the broker, Heat's engines. One after the other.

Each ends as `coe_core.conformance.fault_kinds` says, as in test_faults.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from coe_twin.coe_core.cluster import Cluster, Role, node_name
from coe_twin.coe_core.conformance.fault_kinds import OUTAGE_S, FaultKind
from coe_twin.coe_core.ids import ServerId
from coe_twin.coe_core.policies import DEFAULT, FixedDelay
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds
from testbed import faults
from tests.openstack import ground
from tests.openstack.endings import ends_as
from tests.openstack.ground import CHOICES, Core, Ground, cluster_of

pytestmark = pytest.mark.timeout(420)

BY_BOTH: Final = ("stack", "direct")
BOOT_S: Final = 6.0
"""Long enough that a test finds a server while it is being built."""


@pytest.fixture(autouse=True)
def quota_is_free() -> Iterator[None]:
    """Let no test inherit another's quota."""
    yield
    ground.admin().compute.update_quota_set(ground.project(), instances=-1)


def test_a_quota_that_ends_half_way() -> None:
    """Some servers fit and the next is refused: QuotaExceeded, and what was made goes again."""
    cluster_servers = 3
    used = len(list(ground.member().compute.servers(details=False)))
    limit = used + cluster_servers - 1  # for the clusters together, so for either of them
    ground.admin().compute.update_quota_set(ground.project(), instances=limit)

    async def scene(on: Ground) -> None:
        await ends_as([FaultKind.QUOTA_HALF_WAY], on, cluster_of(cluster_servers - 1))

    ground.beside({kind: Core(choice=CHOICES[kind]) for kind in BY_BOTH}, scene)


def test_rabbitmq_is_away() -> None:
    """Twenty seconds without a broker delay creations, unless a message was lost with it."""
    policies = replace(DEFAULT, backoff=FixedDelay(Seconds(5.0), 12))
    kinds = (FaultKind.BROKER_OUT, FaultKind.CAST_LOST, FaultKind.ORPHAN_IN_THE_WAY)

    async def scene(on: Ground) -> None:
        await ends_as(kinds, on, cluster_of(2, timeout_s=75.0))

    async def outage(on: Ground) -> None:
        await on.runtime.sleep(Seconds(4.0))
        faults.stop_rabbit()
        await on.runtime.sleep(Seconds(OUTAGE_S))
        faults.start_rabbit()

    cores = {kind: Core(choice=CHOICES[kind], policies=policies) for kind in BY_BOTH}
    plays = {kind: core.stage(scene) for kind, core in cores.items()}
    plays["outage"] = cores["direct"].stage(outage)
    ends = ground.ends_of(plays, len(plays))
    assert not any(ends.values()), ends


async def worker_in_build(runtime: Runtime, cluster: Cluster) -> ServerId:
    """Return the first worker once Nova builds it; Heat tags it only when it is ACTIVE."""
    name = node_name(cluster.name, Role.WORKER, 0)
    async with runtime.deadline(Seconds(120.0)):
        while True:
            for one in ground.member().compute.servers(details=True, name=f"^{name}$"):
                if one.status == "BUILD":
                    return ServerId(str(one.id))
            await runtime.sleep(Seconds(0.3))


@pytest.mark.parametrize(
    ("mode", "timeout_s"),
    [("convergence", 30.0), pytest.param("legacy", 90.0, marks=pytest.mark.slow)],
)
def test_the_engines_die_in_mid_create(mode: str, timeout_s: float) -> None:
    """Heat's workers are killed: under convergence the stack hangs until its time is over."""
    cluster = cluster_of(1, timeout_s=timeout_s)
    kind = FaultKind.ENGINE_LOST if mode == "convergence" else FaultKind.ENGINE_LOST_LEGACY

    async def scene(on: Ground) -> None:
        async def trouble() -> None:
            await worker_in_build(on.runtime, cluster)
            for _ in faults.heat_worker_pids():
                faults.kill_heat_worker()
            faults.set_guest(boot_s=0)

        await ends_as([kind], on, cluster, trouble)

    faults.restart_heat(convergence=mode == "convergence")
    faults.set_guest(boot_s=BOOT_S)
    try:
        Core(choice=CHOICES["stack"]).play(scene)
    finally:
        faults.restart_heat(convergence=True)
