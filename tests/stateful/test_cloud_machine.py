"""The machine on simulated clouds, and on clouds that are wrong on purpose."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from coe_twin.coe_core.conformance.cloud import CloudUnderTest
from coe_twin.sim_driver.cloud import SimCloud
from tests.conformance import wrong_clouds as wrong
from tests.conformance.cloud_worlds import CloudWorld, Wrap, check_left, itself, sim_world
from tests.stateful.cloud_machine import CloudMachine

T = TypeVar("T")
PROGRAMS = settings(stateful_step_count=20, suppress_health_check=[HealthCheck.too_slow])


class SimMachineWorld:
    """A simulated cloud that goes on only while somebody waits for something in it."""

    def __init__(self, architecture: str, wrap: Wrap = itself) -> None:
        world = CloudWorld(name="machine", architecture=architecture, wrap=wrap)
        self.cloud = SimCloud(sim_world(architecture))
        self.subject: CloudUnderTest = world.subject(self.cloud)
        self._runtime = self.cloud.world.runtime
        self._is_right = wrap is itself

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        task = self._runtime.spawn(work, lambda _task, _error: None)
        while not task.is_done:
            self._runtime.env.step()
        return task.result()

    def close(self) -> None:
        self._runtime.close()
        if self._is_right:
            check_left(self.cloud)


def machine(opener: Callable[[], SimMachineWorld]) -> type[CloudMachine]:
    """Return the machine on the worlds that `opener` opens."""
    return type("SimMachine", (CloudMachine,), {"open_world": staticmethod(opener)})


@pytest.mark.parametrize("architecture", ["legacy", "convergence"])
def test_a_cloud_does_as_the_model_says(architecture: str) -> None:
    """Whatever is created, deleted, listed and shown, in whatever order."""
    opener = partial(SimMachineWorld, architecture)
    run_state_machine_as_test(machine(opener), settings=PROGRAMS)


@pytest.mark.parametrize(
    "kind",
    [
        wrong.ReturnsTheFirst,
        wrong.KnowsNamesByTag,
        wrong.ForgivesDeletes,
        wrong.ListsTheFirst,
        wrong.MixesTags,
        wrong.NamesNoTags,
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_wrong_cloud_is_found_out(kind: type[wrong.Wrong]) -> None:
    """The machine tells a cloud that does otherwise."""
    opener = partial(SimMachineWorld, "convergence", kind)
    brief = settings(
        PROGRAMS,
        max_examples=100,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
    )
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(machine(opener), settings=brief)
