"""The scenes that hold a `CloudDriver` to the rules C101 to C120.

Build a `CloudUnderTest` around the implementation, one for each scene, and run the scenes of
`SUITE` to their ends on its runtime, one after the other; a scene that raises NotSupported was
skipped, and says why. A scene deletes what it made, whether it holds or not.
"""

from coe_twin.coe_core.conformance import (
    cloud_allowances,
    cloud_resources,
    cloud_servers,
    cloud_stacks,
)
from coe_twin.coe_core.conformance.cloud_suite import SUITE
from coe_twin.coe_core.conformance.rules import NotSupported, Scene
from coe_twin.coe_core.conformance.subject import CAPABILITIES, CloudUnderTest

PARTS = (cloud_resources, cloud_servers, cloud_stacks, cloud_allowances)
"""Where the scenes are; each part registers its own when it is imported."""

__all__ = ["CAPABILITIES", "PARTS", "SUITE", "CloudUnderTest", "NotSupported", "Scene"]
