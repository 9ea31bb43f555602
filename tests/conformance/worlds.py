"""The runtimes on which each contract rule is held."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.runtime import AnyioRuntime
from coe_twin.sim_driver.runtime import SimRuntime
from tests.oracle.runtime import OracleRuntime

Scene = Callable[[Runtime], Coroutine[Any, Any, None]]


class RunnableRuntime(Runtime, Protocol):
    """A runtime with an entry."""

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run `main` to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A kind of runtime; each play gets a new one."""

    name: str
    make: Callable[[], RunnableRuntime]

    def play(self, scene: Scene) -> Seconds:
        """Run `scene` to its end; return the instant at which the run was over [s]."""
        runtime = self.make()
        runtime.run(scene(runtime))
        return runtime.now()


WORLDS = (
    World(name="sim", make=SimRuntime),
    World(name="anyio", make=AnyioRuntime),
    World(name="oracle", make=OracleRuntime),
)

on_every_runtime = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)

STEP = Seconds(0.01)
"""A delay that orders what happens on wall-clock time, even on a busy machine [s]."""

LONG = Seconds(3600.0)
"""A delay that no test waits for [s]."""
