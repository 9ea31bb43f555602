"""The same core on asyncio's own primitives writes the same log as on SimRuntime."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.policies import PolicySet
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.planner.twin import Twin, TwinSpec
from tests.oracle.bridge import BridgedCloud
from tests.oracle.runtime import OracleRuntime
from tests.simulation.worlds import PROVISIONERS, Ask, cluster_of, twin_spec
from tests.stateful.programs import POLICIES, Player, Program, programs, timeouts, troubles

Scene = Callable[[Runtime, Conductor], Awaitable[None]]


def log_on_sim(spec: TwinSpec, scene: Scene) -> list[Event]:
    """Return the log of `scene` on SimRuntime."""
    twin = Twin(spec, is_recording=False)
    conductor = _looping(twin)

    async def main() -> None:
        await scene(twin.runtime, conductor)
        await twin.runtime.pause(1.0)

    twin.runtime.run(main())
    return twin.log.events


def log_on_oracle(spec: TwinSpec, scene: Scene) -> list[Event]:
    """Return the log of `scene` with the core on asyncio, the cloud on the same clock."""
    twin: Any = Twin(spec, is_recording=False)  # its parts are replaced by others of their seam
    sim, oracle = twin.runtime, OracleRuntime(twin.runtime.env)
    twin.runtime, twin.cloud = oracle, BridgedCloud(twin.cloud, sim)
    conductor = _looping(twin)

    async def main() -> None:
        await scene(oracle, conductor)

    oracle.run(main())
    sim.close()
    events: list[Event] = twin.log.events
    return events


def _looping(twin: Twin) -> Conductor:
    """Return a conductor on the parts of `twin` that looks at every tick, in both worlds alike."""
    changed: Any = twin
    changed.poller = LoopPoller(twin.runtime)
    return Conductor(twin._context(), twin.spec.policies.admission)


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_whole_lives_leave_the_same_log(way: str) -> None:
    """Three clusters, created, resized and deleted side by side: every line, to the last bit."""
    spec = twin_spec(provisioner=way)

    async def life(conductor: Conductor, number: int) -> None:
        ask = Ask(name=f"c{number}", project=f"p{number % 2}", workers=number)
        cluster = await conductor.create(cluster_of(spec, ask))
        await conductor.resize(cluster.id, 3)
        await conductor.resize(cluster.id, 1, [f"c{number}-worker-0"])
        await conductor.delete(cluster.id)

    async def scene(runtime: Runtime, conductor: Conductor) -> None:
        async with runtime.task_group() as group:
            for number in range(3):
                group.start(life(conductor, number))

    log = log_on_sim(spec, scene)
    assert {event.subject for event in log} >= {"UPDATE_COMPLETE", "DELETE_COMPLETE"}
    assert log == log_on_oracle(spec, scene)


@pytest.mark.parametrize("way", list(PROVISIONERS))
@settings(max_examples=settings().max_examples // 4)
@given(
    program=programs,
    changes=troubles,
    policies=POLICIES,
    timeout=timeouts,
    seed=st.integers(0, 1000),
)
def test_any_program_leaves_the_same_log(
    way: str,
    program: Program,
    changes: dict[str, Json],
    policies: PolicySet,
    timeout: float,
    seed: int,
) -> None:
    """Failures, retries, deadlines and deletes in the middle happen alike on both."""
    spec = twin_spec(
        provisioner=way,
        overrides=changes,
        policies=policies,
        create_timeout_s=timeout,
        seed=seed,
    )

    async def scene(runtime: Runtime, conductor: Conductor) -> None:
        await Player(runtime, conductor, spec).play(program, lambda: None)

    assert log_on_sim(spec, scene) == log_on_oracle(spec, scene)
