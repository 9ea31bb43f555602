"""A real cloud as the scenes of the conformance suite, and the machine, stand on it."""

import math
from functools import partial
from typing import Any, Final
from uuid import uuid4

from coe_twin.coe_core.conformance.cloud import CloudUnderTest
from coe_twin.coe_core.conformance.subject import QUOTA, STACKS
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.templates.user_data import SIGNAL
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import OpenStackCloud, connect
from coe_twin.real_driver.runtime import AnyioRuntime
from testbed import faults
from tests.openstack import ground

LIMITS: Final = {"instances": "instances", "cores": "cores", "ram_mib": "ram"}
"""Our word for a quota of Nova's to Nova's."""


async def set_quota(**limits: int) -> None:
    """Set quotas of Nova and Neutron as their operator does."""
    nova: dict[str, Any] = {LIMITS[name]: limit for name, limit in limits.items() if name in LIMITS}
    if nova:
        ground.admin().compute.update_quota_set(ground.project(), **nova)
    if "ports" in limits:
        ground.admin().network.update_quota(ground.project(), ports=limits["ports"])


class Guests:
    """How the guests of scenes behave that are played beside each other, by their prefix."""

    def __init__(self) -> None:
        self._silent: set[str] = set()

    async def signal(self, prefix: str, after: Seconds) -> None:
        """Let guests signal so long after their boot, at infinity never.

        A time holds for the guests of all scenes, who can wait for it.
        """
        if math.isinf(after):
            self._silent.add(prefix)
        else:
            self._silent.discard(prefix)
            faults.set_guest(guest_s=after)
        faults.set_guest(silent="|".join(f"^{one}-" for one in sorted(self._silent)))


GUESTS: Final = Guests()


def subject(runtime: AnyioRuntime) -> CloudUnderTest:
    """Return the testbed under names and tags that nobody else uses."""
    prefix = f"s-{uuid4().hex[:8]}"
    return CloudUnderTest(
        runtime=runtime,
        cloud=OpenStackCloud(Calls(connect(ground.MEMBER))),
        project=ground.project(),
        prefix=prefix,
        tag=Tag(f"coe:{prefix}"),
        flavor="m.tiny",
        huge_flavor="m.huge",
        image="tiny",
        network="private",
        user_data=f"#!/bin/sh\necho '{SIGNAL}' > /dev/console\n",
        schedule=PollSchedule(first_after=Seconds(1.0), every=Seconds(2.0)),
        patience=Seconds(90.0),
        capabilities=frozenset({STACKS, QUOTA}),
        set_quota=set_quota,
        guest_signals=partial(GUESTS.signal, prefix),
    )
