"""The machine of tests/stateful on a real OpenStack."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from coe_twin.coe_core.conformance.cloud import CloudUnderTest
from coe_twin.real_driver.runtime import AnyioRuntime
from tests.openstack.subject import subject
from tests.stateful.cloud_machine import CloudMachine

pytestmark = pytest.mark.timeout(300)

T = TypeVar("T")
PROGRAMS = settings(
    max_examples=3,
    stateful_step_count=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes real time
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


class RealWorld:
    """The testbed under names that nobody else uses; each step has an event loop of its own."""

    def __init__(self) -> None:
        self._runtime = AnyioRuntime()
        self.subject: CloudUnderTest = subject(self._runtime)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runtime.run(work)

    def close(self) -> None:
        """Do nothing: the machine has deleted what it made, and the census holds it to that."""


class RealMachine(CloudMachine):
    """Creates, deletes, lists and shows on a real OpenStack."""

    open_world = RealWorld
    polls_max = 3.0  # to wait takes real time


def test_a_real_cloud_does_as_the_model_says() -> None:
    """Whatever is created, deleted, listed and shown, in whatever order."""
    run_state_machine_as_test(RealMachine, settings=PROGRAMS)
