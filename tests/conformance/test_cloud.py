"""Contract rules of the cloud, on every simulated kind of it."""

from contextlib import suppress

import pytest

from coe_twin.coe_core.conformance.cloud import (
    CAPABILITIES,
    SUITE,
    CloudUnderTest,
    NotSupported,
    Scene,
)
from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.decorators.fault_plan import NoFaults
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.decorators.measured import Measured
from coe_twin.coe_core.errors import Forbidden, NotFound
from coe_twin.coe_core.ids import PortId, ProjectId, ServerId, Tag
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cloud import SimCloud
from tests.conformance.cloud_worlds import CloudWorld, check_left


class Prompt(Around):
    """Answers a delete of a server once it has begun, as Nova does."""

    def __init__(self, cloud: SimCloud) -> None:
        super().__init__(cloud)
        self._servers = cloud.nova.servers
        self._runtime = cloud.world.runtime

    async def delete_server(self, server: ServerId) -> None:
        doomed = self._servers.get(server)
        self._runtime.serve(self._finish(server))
        while not doomed.is_deleting:
            await self._runtime.sleep(Seconds(0.01))

    async def _finish(self, server: ServerId) -> None:
        with suppress(NotFound):
            await super().delete_server(server)


def measured(cloud: SimCloud) -> Measured:
    return Measured(cloud, cloud.world.runtime)


def faultless(cloud: SimCloud) -> Faulty:
    return Faulty(cloud, NoFaults(), cloud.world.runtime)


WORLDS = (
    CloudWorld(name="legacy", architecture="legacy"),
    CloudWorld(name="convergence", architecture="convergence"),
    CloudWorld(name="prompt", architecture="convergence", wrap=Prompt),
    CloudWorld(name="around", architecture="convergence", wrap=Around),
    CloudWorld(name="measured", architecture="convergence", wrap=measured),
    CloudWorld(name="faulty", architecture="convergence", wrap=faultless),
)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
@pytest.mark.parametrize("scene", SUITE.scenes, ids=str)
def test_a_cloud_keeps_the_rules(scene: Scene[CloudUnderTest], world: CloudWorld) -> None:
    """Every scene of the suite holds, and leaves nothing behind."""
    try:
        cloud = world.play(scene)
    except NotSupported as missing:
        pytest.skip(f"not supported: {missing}")
    check_left(cloud)


def test_every_rule_of_the_cloud_has_a_scene() -> None:
    """The ids in the docstring are those that scenes hold: none more, none less."""
    assert len(SUITE.stated) == len(set(SUITE.stated)) > 0
    assert {scene.rule for scene in SUITE.scenes} == set(SUITE.stated)


def test_scenes_can_be_told_apart() -> None:
    """Each scene has a name of its own, and a sentence that says what must hold."""
    names = [str(scene) for scene in SUITE.scenes]
    assert len(names) == len(set(names))
    assert all(scene.play.__doc__ for scene in SUITE.scenes)


@pytest.mark.parametrize("missing", sorted(CAPABILITIES))
def test_a_scene_is_skipped_for_what_a_cloud_lacks(missing: str) -> None:
    """A capability that is not there skips scenes, not all of them, and is named."""
    world = CloudWorld(
        name="poor", architecture="legacy", capabilities=CAPABILITIES - frozenset({missing})
    )
    skipped = [str(scene) for scene in SUITE.scenes if reason(world, scene) == missing]
    assert 0 < len(skipped) < len(SUITE.scenes)


def reason(world: CloudWorld, scene: Scene[CloudUnderTest]) -> str:
    """Return why `scene` is skipped in `world`, "" if it is played."""
    try:
        world.play(scene)
    except NotSupported as missing:
        return str(missing)
    return ""


class ForbidsOthersNetworks(Around):
    """Lists an external network, and lets only its owner make ports on it."""

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        if network == "external":
            raise Forbidden(network, "rule:create_port is disallowed by policy")
        return await super().create_port(name, project, tag, network)


def test_what_is_forbidden_is_known() -> None:
    """A cloud may list what only others may use, as long as it does not say that it is unknown."""
    world = CloudWorld(name="strict", architecture="convergence", wrap=ForbidsOthersNetworks)
    for scene in SUITE.scenes:
        if scene.rule == "C117":
            check_left(world.play(scene))
