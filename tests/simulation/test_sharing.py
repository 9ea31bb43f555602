"""A shared machine against a reference that follows every request by itself."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.sharing import SharedMachine

GROUPS: Mapping[str, int] = {"api": 1, "workers": 2, "database": 3}
"""Processes of each service."""

durations = st.floats(0.0, 10.0)


@dataclass(frozen=True)
class Asked:
    """A request to a service: it comes so long after the one before, and asks for so much [s]."""

    gap: float
    demand: float
    group: str


requests = st.builds(Asked, durations, durations, st.sampled_from(list(GROUPS)))
workloads = st.lists(requests, min_size=1, max_size=25)
machines = st.tuples(st.integers(1, 5), st.sampled_from([0.5, 1.0, 3.0]))


def ends(workload: Sequence[Asked], cores: int, speed: float) -> list[float]:
    """Return when each request of a workload is served."""
    runtime = SimRuntime()
    machine = SharedMachine(runtime, cores, None, speed)
    groups = {name: machine.workers(name, processes) for name, processes in GROUPS.items()}
    ended = [0.0] * len(workload)

    async def one(number: int) -> None:
        await groups[workload[number].group].visit(workload[number].demand)
        ended[number] = runtime.now()

    async def arrivals() -> None:
        async with runtime.task_group() as group:
            for number, asked in enumerate(workload):
                await runtime.pause(asked.gap)
                group.start(one(number))

    runtime.run(arrivals())
    return ended


def reference(workload: Sequence[Asked], cores: int, speed: float) -> list[float]:
    """Return the same by following what is left of each request from instant to instant."""
    arrivals, now = [], 0.0
    for asked in workload:
        now += asked.gap
        arrivals.append(now)
    left: dict[int, float] = {}
    ended = [0.0] * len(workload)
    now, waiting = 0.0, list(range(len(workload)))
    while waiting or left:
        rates = _rates([workload[number].group for number in left], cores, speed)
        served = {one: now + left[one] / rates[workload[one].group] for one in left}
        first = min(served.values(), default=float("inf"))
        then = min(first, arrivals[waiting[0]]) if waiting else first
        for one in list(left):
            left[one] -= (then - now) * rates[workload[one].group]
            if served[one] <= then + 1e-9:
                del left[one]
                ended[one] = then
        now = then
        while waiting and arrivals[waiting[0]] <= now:
            number = waiting.pop(0)
            left[number] = workload[number].demand
    return ended


def _rates(present: Sequence[str], cores: int, speed: float) -> dict[str, float]:
    """Return how fast a request of each service goes."""
    counts = {name: present.count(name) for name in GROUPS}
    busy = {name: min(GROUPS[name], count) for name, count in counts.items()}
    part = min(1.0, cores / max(1, sum(busy.values())))
    return {name: speed * part * busy[name] / max(1, counts[name]) for name in GROUPS}


@given(workloads, machines)
def test_every_request_ends_when_it_should(
    workload: list[Asked], machine: tuple[int, float]
) -> None:
    assert ends(workload, *machine) == pytest.approx(reference(workload, *machine), abs=1e-6)


@given(st.floats(0.1, 100.0), st.floats(0.01, 0.99))
def test_who_is_cancelled_leaves_the_rest_to_the_others(demand: float, part: float) -> None:
    """Two share a core until one gives up; the other then has it alone."""
    runtime = SimRuntime()
    share = SharedMachine(runtime, 1, None, 1.0).share("core")
    given_up = part * 2.0 * demand

    async def patient() -> float:
        await share.visit(demand)
        return runtime.now()

    async def main() -> float:
        async with runtime.task_group() as group:
            staying = group.start(patient())
            with suppress(DeadlineExceeded):
                async with runtime.deadline(Seconds(given_up)):
                    await share.visit(10.0 * demand)
        return staying.result()

    assert runtime.run(main()) == pytest.approx(demand + given_up / 2.0)


def test_the_time_of_others_is_recorded_as_wait() -> None:
    """Two requests of 1 s and 2 s on a core of speed 2: the first ends at 1 s, the other at 1.5."""
    runtime, recorder = SimRuntime(), Recorder()
    share = SharedMachine(runtime, 1, recorder, 2.0).share("core")

    async def main() -> None:
        async with runtime.task_group() as group:
            group.start(share.visit(1.0))
            group.start(share.visit(2.0))

    runtime.run(main())
    log = recorder.columns()
    assert log["ended"].tolist() == pytest.approx([1.0, 1.5])
    assert (log["started"] - log["arrived"]).tolist() == pytest.approx([0.5, 0.5])
