"""The clouds on which each contract rule is held, and the harness around the simulated one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from coe_twin.coe_core.conformance.cloud import CAPABILITIES, CloudUnderTest, Scene
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import ProjectId, Tag
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.units import Seconds
from coe_twin.models.parameters import load_parameters
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import Setup, load_setup
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.invariants import check_empty
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.world import World

PROJECT: Final = ProjectId("conformance")
EVERY: Final = Seconds(1.0)
SETUP: Final = load_setup("cern-2016")
PARAMETERS: Final = load_parameters(SETUP.parameters)
CHANGES: Final[dict[str, Json]] = {
    "hypervisors.count": 4,
    "cluster_template.keypair": "operators",
    "flavors": {"huge": {"cores": 1024, "ram_gib": 4096, "disk_gib": 4096}},
}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A kind of work that always takes as long as this [s]."""

    seconds: Seconds

    def draw(self, key: int, occurrence: int = 0) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class SimHarness:
    """What the scenes ask for, on a simulated cloud; `cloud` is what stands behind the seam."""

    cloud: SimCloud

    async def set_quota(self, **limits: int) -> None:
        self.cloud.substrate.quota.limits = {**self.cloud.substrate.quota.limits, **limits}

    async def guest_signals(self, after: Seconds) -> None:
        guests = self.cloud.nova._guests
        guests._boot = Fixed(Seconds(0.0))  # type: ignore[assignment]  # all that is called
        guests._bootstrap = dict.fromkeys(guests._bootstrap, Fixed(after))  # type: ignore[arg-type]


Wrap = Callable[[SimCloud], CloudDriver]


def itself(cloud: SimCloud) -> CloudDriver:
    """Return the cloud without anything around it."""
    return cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWorld:
    """A kind of cloud; each play gets a new one."""

    name: str
    architecture: str
    make: Callable[[World], SimCloud] = SimCloud
    wrap: Wrap = itself
    capabilities: frozenset[str] = field(default=CAPABILITIES)

    def play(self, scene: Scene[CloudUnderTest]) -> SimCloud:
        """Run `scene` to its end; return the cloud as it left it."""
        cloud = self.make(sim_world(self.architecture))
        cloud.world.runtime.run(scene.play(self.subject(cloud)))
        return cloud

    def subject(self, cloud: SimCloud) -> CloudUnderTest:
        harness = SimHarness(cloud)
        template = cloud.world.setup.cluster_template
        return CloudUnderTest(
            runtime=cloud.world.runtime,
            cloud=self.wrap(cloud),
            project=PROJECT,
            prefix="scene-1",
            tag=Tag("coe:scene-1"),
            flavor=template.flavor,
            huge_flavor="huge",
            image=template.image,
            network=template.fixed_network,
            user_data="#!/bin/sh\n",
            schedule=PollSchedule(first_after=EVERY, every=EVERY),
            patience=Seconds(900.0),
            capabilities=self.capabilities,
            set_quota=harness.set_quota,
            guest_signals=harness.guest_signals,
        )


@cache
def small_setup(architecture: str) -> Setup:
    """Return a set-up of few hosts, with a flavor that fits on none."""
    return SETUP.with_overrides({**CHANGES, "heat.architecture": architecture})


def sim_world(architecture: str) -> World:
    """Return a small cloud with Heat in an architecture, as a world of its own."""
    setup = small_setup(architecture)
    return World(
        runtime=SimRuntime(),
        setup=setup,
        parameters=PARAMETERS,
        draws=CounterDraws(1, 0),
        recorder=None,
    )


def check_left(cloud: SimCloud) -> None:
    """Check that a scene left nothing, in no service."""
    check_empty(cloud, [PROJECT])
