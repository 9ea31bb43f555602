"""The cloud seam's contract rules on a real OpenStack.

The decorators are held to the same rules on the twin, where that takes no real time.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from coe_twin.coe_core.conformance.cloud import SUITE, CloudUnderTest, NotSupported, Scene
from testbed import faults
from tests.openstack import ground
from tests.openstack.ground import End, Play
from tests.openstack.subject import subject

pytestmark = pytest.mark.timeout(900)

CloudScene = Scene[CloudUnderTest]
SCENES: Final = {str(scene): scene for scene in SUITE.scenes}

ALONE: Final = frozenset({"C112", "C118", "C107-a_stack_takes_all_that_it_made_with_it"})
"""Rules, or scenes, that count what the project uses."""

AT_ONCE: Final = 8
"""Scenes beside each other: a single one leaves the machine idle most of the time."""


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left() -> Iterator[None]:
    """Hold that the suite leaves nothing; all of it is over before its first test is."""
    with ground.nothing_left():
        yield


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest) -> dict[str, End]:
    """Return how each of the selected scenes ended."""
    names = ground.selected(request, "scene", SCENES)
    faults.set_guest(**ground.PROMPT)
    alone = {name for name in names if not ALONE.isdisjoint({name, SCENES[name].rule})}
    plays = {name: play(SCENES[name]) for name in names}
    beside = {name: one for name, one in plays.items() if name not in alone}
    one_by_one = {name: one for name, one in plays.items() if name in alone}
    return {**ground.ends_of(beside, AT_ONCE), **ground.ends_of(one_by_one, 1)}


def play(scene: CloudScene) -> Play:
    return lambda runtime: scene.play(subject(runtime))


@pytest.mark.parametrize("scene", SCENES)
def test_a_real_cloud_keeps_the_rules(scene: str, ends: dict[str, End]) -> None:
    """Every scene of the suite holds; what a cloud lacks is skipped and named."""
    end = ends[scene]
    if isinstance(end, NotSupported):
        pytest.skip(f"not supported: {end}")
    if end is not None:
        raise end
