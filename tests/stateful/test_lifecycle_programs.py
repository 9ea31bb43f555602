"""Random lifecycle programs on simulated clouds in which much goes wrong, with checkers on."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.policies import PolicySet
from coe_twin.coe_core.ports.draws import EventSink
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.invariants import check_always, check_empty, check_quiescent
from tests.simulation.worlds import LONG, PROVISIONERS, twin_spec
from tests.stateful.programs import (
    POLICIES,
    PROJECTS,
    Player,
    Program,
    programs,
    refusable,
    timeouts,
    troubles,
)

DELETES_MAX = 6
"""How often a delete may be asked for again before the cloud must be empty."""


class Watched(EventSink):
    """Checks the world at every line of its log."""

    def __init__(self, inner: EventSink, check: Callable[[], None]) -> None:
        self._inner = inner
        self._check = check

    def record(self, event: Event) -> None:
        self._inner.record(event)
        self._check()


class WatchedTwin(Twin):
    """A world whose checkers are on."""

    def _context(self) -> Context:
        context = super()._context()
        return replace(context, events=Watched(context.events, self.check))

    def check(self) -> None:
        """Check what must hold at any instant."""
        check_always(self.cloud, self.clusters())

    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(self.repository._clusters.values())


async def live(twin: WatchedTwin, program: Program) -> None:
    """Play all of `program`, then delete all clusters; check all along."""
    player = Player(twin.runtime, twin.conductor, twin.spec)
    await player.play(program, twin.check)
    await twin.runtime.sleep(Seconds(LONG))
    check_quiescent(twin.cloud, twin.clusters())
    for _ in range(DELETES_MAX):
        await delete_all(twin)
    assert not twin.clusters(), [(c.name, c.status, c.status_reason) for c in twin.clusters()]
    check_empty(twin.cloud, [ProjectId(project) for project in PROJECTS])


async def delete_all(twin: WatchedTwin) -> None:
    """Delete what is there, and check what is left."""
    async with twin.runtime.task_group() as group:
        for cluster in twin.clusters():
            group.start(refusable(twin.conductor.delete(cluster.id)))
    await twin.runtime.sleep(Seconds(LONG))
    check_quiescent(twin.cloud, twin.clusters())


@pytest.mark.parametrize("architecture", ["legacy", "convergence"])
@pytest.mark.parametrize("provisioner", list(PROVISIONERS))
@given(
    program=programs,
    changes=troubles,
    policies=POLICIES,
    timeout=timeouts,
    seed=st.integers(0, 1000),
)
def test_whatever_is_asked_and_whatever_fails_nothing_is_lost(
    provisioner: str,
    architecture: str,
    program: Program,
    changes: dict[str, Json],
    policies: PolicySet,
    timeout: float,
    seed: int,
) -> None:
    """Invariants hold throughout; all ends; failures name a cause; the last delete leaves none."""
    spec = twin_spec(
        provisioner=provisioner,
        overrides={**changes, "heat.architecture": architecture},
        policies=policies,
        create_timeout_s=timeout,
        seed=seed,
    )
    note(f"{seed=}; replay: make test PYTEST_ARGS='tests/stateful -k {provisioner}-{architecture}'")
    twin = WatchedTwin(spec, is_recording=False)
    twin.runtime.run(live(twin, program))
