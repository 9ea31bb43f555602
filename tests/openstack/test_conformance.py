"""The cloud seam's contract rules on a real OpenStack."""

import math
from typing import Any
from uuid import uuid4

import pytest

from coe_core.conformance.cloud import SUITE, CloudUnderTest, NotSupported, Scene
from coe_core.conformance.subject import QUOTA, STACKS
from coe_core.decorators.fault_plan import NoFaults
from coe_core.decorators.faulty import Faulty
from coe_core.decorators.measured import Measured
from coe_core.ids import Tag
from coe_core.ports.cloud import CloudDriver
from coe_core.ports.poller import PollSchedule
from coe_core.templates.user_data import SIGNAL
from coe_core.units import Seconds
from real_driver.calls import Calls
from real_driver.cloud import OpenStackCloud, connect
from real_driver.runtime import AnyioRuntime
from testbed import faults
from tests.openstack import ground

pytestmark = pytest.mark.timeout(300)

NEVER = ".*"
LIMITS = {"instances": "instances", "cores": "cores", "ram_mib": "ram"}
"""Our word for a quota of Nova's to Nova's."""


async def set_quota(**limits: int) -> None:
    """Set quotas of Nova and Neutron as their operator does."""
    nova: dict[str, Any] = {LIMITS[name]: limit for name, limit in limits.items() if name in LIMITS}
    if nova:
        ground.admin().compute.update_quota_set(ground.project(), **nova)
    if "ports" in limits:
        ground.admin().network.update_quota(ground.project(), ports=limits["ports"])


async def guest_signals(after: Seconds) -> None:
    """Let guests signal so long after their boot, at infinity never."""
    if math.isinf(after):
        faults.set_guest(silent=NEVER)
    else:
        faults.set_guest(silent="", guest_s=after)


def wrapped(kind: str, cloud: CloudDriver, runtime: AnyioRuntime) -> CloudDriver:
    match kind:
        case "measured":
            return Measured(cloud, runtime)
        case "faulty":
            return Faulty(cloud, NoFaults(), runtime)
        case _:
            return cloud


def subject(runtime: AnyioRuntime, kind: str) -> CloudUnderTest:
    prefix = f"s-{uuid4().hex[:8]}"
    cloud = OpenStackCloud(Calls(connect(ground.MEMBER)))
    return CloudUnderTest(
        runtime=runtime,
        cloud=wrapped(kind, cloud, runtime),
        project=ground.project(),
        prefix=prefix,
        tag=Tag(f"coe:{prefix}"),
        flavor="m.tiny",
        huge_flavor="m.huge",
        image="tiny",
        network="private",
        user_data=f"#!/bin/sh\necho '{SIGNAL}' > /dev/console\n",
        schedule=PollSchedule(first_after=Seconds(0.3), every=Seconds(0.3)),
        patience=Seconds(90.0),
        capabilities=frozenset({STACKS, QUOTA}),
        set_quota=set_quota,
        guest_signals=guest_signals,
    )


@pytest.mark.parametrize("kind", ["plain", "measured", "faulty"])
@pytest.mark.parametrize("scene", SUITE.scenes, ids=str)
def test_a_real_cloud_keeps_the_rules(scene: Scene[CloudUnderTest], kind: str) -> None:
    """Every scene of the suite holds; what a cloud lacks is skipped and named."""
    runtime = AnyioRuntime()

    async def main() -> None:
        await scene.play(subject(runtime, kind))

    try:
        runtime.run(main())
    except NotSupported as missing:
        pytest.skip(f"not supported: {missing}")
