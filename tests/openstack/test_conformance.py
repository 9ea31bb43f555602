"""The cloud seam's contract rules on a real OpenStack.

The decorators are held to the same rules on the twin, where that takes no real time.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from coe_core.conformance.cloud import SUITE, CloudUnderTest, NotSupported, Scene
from testbed import faults
from tests.openstack import ground
from tests.openstack.ground import End, Play
from tests.openstack.subject import subject

pytestmark = pytest.mark.timeout(900)

CloudScene = Scene[CloudUnderTest]
SCENES: Final = {str(scene): scene for scene in SUITE.scenes}

ALONE: Final = frozenset({"C101", "C107", "C112", "C113", "C114", "C118"})
"""Rules whose scenes count what the project uses, or say how all guests of the cloud behave."""

AT_ONCE: Final = 4
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
    beside = {name: play(SCENES[name]) for name in names if SCENES[name].rule not in ALONE}
    ends = ground.ends_of(beside, AT_ONCE)
    for name in names:
        if name not in ends:
            faults.set_guest(**ground.PROMPT)
            ends.update(ground.ends_of({name: play(SCENES[name])}, 1))
    return ends


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
