import pytest

from coe_twin.coe_core.errors import QuotaExceeded
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_log import EventLog
from coe_twin.sim_driver.runtime import SimRuntime
from tests.unit.sites import PROJECT, plan

(CLUSTER,) = plan().clusters_of(0, PROJECT)


def logged(*, has_failed: bool) -> list[Event]:
    """Return what a phase of 2 s leaves on the log."""
    runtime, log = SimRuntime(), EventLog()
    phases = Phases(runtime, log)

    async def scene() -> None:
        await runtime.sleep(Seconds(1.0))
        with phases.of(CLUSTER, "stack"):
            await runtime.sleep(Seconds(2.0))
            if has_failed:
                raise QuotaExceeded("s")

    if has_failed:
        with pytest.raises(QuotaExceeded):
            runtime.run(scene())
    else:
        runtime.run(scene())
    return log.events


def test_a_phase_has_a_beginning_and_an_end() -> None:
    """Under the id of its cluster, at the instants of the world it is in."""
    assert logged(has_failed=False) == [
        Event(Seconds(1.0), EventKind.PHASE_STARTED, CLUSTER.id, "stack"),
        Event(Seconds(3.0), EventKind.PHASE_ENDED, CLUSTER.id, "stack"),
    ]


def test_a_phase_that_fails_has_no_end() -> None:
    """How long a failure took says nothing about how long the phase takes."""
    assert [one.kind for one in logged(has_failed=True)] == [EventKind.PHASE_STARTED]
