"""Fixtures of the tests on the testbed; each test leaves the cloud as it found it."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from testbed import faults
from tests.openstack import ground

SETTLE_S = 20.0


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Hold that a test leaves in no service more, or less, than it found there."""
    before = ground.census()
    yield
    deadline = time.monotonic() + SETTLE_S
    while (after := ground.census()) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert Counter(after) == before, f"left behind: {after - before}, missing: {before - after}"


@pytest.fixture(autouse=True)
def guests_are_prompt() -> None:
    """Let guests boot and signal at once, unless a test says otherwise."""
    faults.set_guest(boot_s=0, guest_s=0, fail="", silent="", broken="")


@pytest.fixture(scope="module", params=["convergence", "legacy"])
def heat_mode(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let Heat run in each of its architectures, for all tests of a module."""
    faults.restart_heat(convergence=request.param == "convergence")
    yield str(request.param)
    faults.restart_heat(convergence=True)
