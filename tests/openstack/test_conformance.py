"""The cloud seam's contract rules on a real OpenStack.

The decorators are held to the same rules on the twin, where that takes no real time.
"""

import pytest

from coe_core.conformance.cloud import SUITE, CloudUnderTest, NotSupported, Scene
from real_driver.runtime import AnyioRuntime
from tests.openstack.subject import subject

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("scene", SUITE.scenes, ids=str)
def test_a_real_cloud_keeps_the_rules(scene: Scene[CloudUnderTest]) -> None:
    """Every scene of the suite holds; what a cloud lacks is skipped and named."""
    runtime = AnyioRuntime()

    async def main() -> None:
        await scene.play(subject(runtime))

    try:
        runtime.run(main())
    except NotSupported as missing:
        pytest.skip(f"not supported: {missing}")
