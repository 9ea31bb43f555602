"""Fixtures of the tests on the testbed; each test leaves the cloud as it found it."""

from collections.abc import Iterator

import pytest

from testbed import faults
from tests.openstack import ground


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Hold that a test leaves in no service more, or less, than it found there."""
    with ground.nothing_left():
        yield


@pytest.fixture(autouse=True)
def guests_are_prompt() -> None:
    """Let guests boot and signal at once, unless a test says otherwise."""
    faults.set_guest(**ground.PROMPT)


@pytest.fixture(scope="module", params=["convergence", "legacy"])
def heat_mode(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let Heat run in each of its architectures, for all tests of a module."""
    faults.restart_heat(convergence=request.param == "convergence")
    yield str(request.param)
    faults.restart_heat(convergence=True)
