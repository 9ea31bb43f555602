"""Two who wait for the same thing both learn of it."""

from typing import Any

import pytest

from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.polling import ComputedPoller, SimulatedPoller
from tests.simulation.worlds import play, twin_spec

EVERY = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))
SUBJECT = "a server"


def poller_of(kind: str, twin: Twin) -> ComputedPoller | SimulatedPoller:
    substrate = twin.cloud.substrate
    if kind == "simulated":
        return SimulatedPoller(substrate)
    return ComputedPoller(substrate, lambda _subject: {"nova-api": 0.2})


@pytest.mark.parametrize("kind", ["computed", "simulated"])
def test_who_stops_waiting_takes_nothing_from_who_goes_on(kind: str) -> None:
    """One sees the first change and leaves, the other still sees the second; no load stays."""
    twin = Twin(twin_spec(), is_recording=False)
    poller = poller_of(kind, twin)
    changes = twin.cloud.substrate.changes
    state = {"version": 0}
    seen: dict[int, float] = {}

    async def wait_for(version: int) -> None:
        async def look() -> int | None:
            return version if state["version"] >= version else None

        await poller.until(SUBJECT, look, EVERY)
        seen[version] = twin.runtime.now()

    async def change(at: float) -> None:
        await twin.runtime.sleep(Seconds(at))
        state["version"] += 1
        changes.notify(SUBJECT)

    async def scene() -> Any:  # noqa: ANN401 - nothing
        async with twin.runtime.deadline(Seconds(100.0)), twin.runtime.task_group() as group:
            group.start(wait_for(1))
            group.start(wait_for(2))
            group.start(change(4.5))
            group.start(change(8.5))

    play(twin, scene)
    assert seen == {1: pytest.approx(5.0, abs=0.5), 2: pytest.approx(9.0, abs=0.5)}
    stretches = twin.cloud.substrate.poll_load.stretches
    assert {stretch.factor for stretch in stretches.values()} == {1.0}
    assert changes.version(SUBJECT) == 0
