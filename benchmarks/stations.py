"""What a visit to a station costs, as ratios of CPU times on one machine.

Rounds of both sides alternate and the median counts, so that a neighbour's load hits both.
"""

import statistics
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from heapq import heapreplace

import simpy

from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.full_station import FullStation
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.stations import FifoStation, Station

TASKS = 1_000
VISITS = 100
"""Visits by each task."""

SERVERS = 100
DEMAND_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """CPU time of one way over that of another.

    Attributes:
        name: what is compared.
        value: median over the rounds of the ratio [-].
        goal: the most that it should be [-], None where nothing is promised.
        cost_us: median CPU time of the first way per visit [us].
    """

    name: str
    value: float
    goal: float | None
    cost_us: float


def measure(rounds: int = 7) -> list[Ratio]:
    """Return every ratio of this file."""
    return [
        compare("FIFO visit / bare timeout", fifo_visits, timeouts, rounds, goal=2.5),
        compare("recording on / off", recorded_visits, fifo_visits, rounds, goal=1.3),
        compare("task / generator", fifo_visits, generator_visits, rounds, goal=1.1),
        compare("full station / FIFO", full_visits, fifo_visits, rounds),
    ]


def compare(
    name: str,
    first: Callable[[], None],
    second: Callable[[], None],
    rounds: int,
    *,
    goal: float | None = None,
) -> Ratio:
    """Return the ratio of two ways to make the same visits."""
    pairs = [(cpu_time(first), cpu_time(second)) for _ in range(rounds)]
    value = statistics.median(one / other for one, other in pairs)
    cost = statistics.median(one for one, _ in pairs) / (TASKS * VISITS)
    return Ratio(name=name, value=value, goal=goal, cost_us=cost * 1e6)


def cpu_time(work: Callable[[], None]) -> Seconds:
    """Return the CPU time of one call [s]."""
    began = time.process_time()
    work()
    return Seconds(time.process_time() - began)


def bare_timeouts(count: int) -> float:
    """Return the CPU time of `count` bare SimPy timeouts, in `TASKS` processes [s]."""
    each = max(1, round(count / TASKS))
    return cpu_time(lambda: timeouts(each)) * count / (each * TASKS)


def timeouts(each: int = VISITS) -> None:
    """As many SimPy processes, which wait for as many timeouts: the least that SimPy can do."""
    env = simpy.Environment()

    def process() -> Generator[simpy.Event, None, None]:
        for _ in range(each):
            yield env.timeout(DEMAND_S)

    for _ in range(TASKS):
        env.process(process())
    env.run()


def generator_visits() -> None:
    """The visits of `fifo_visits`, by SimPy processes and a plain heap of free times."""
    env = simpy.Environment()
    falls_free = [0.0] * SERVERS

    def visit(demand: float) -> Generator[simpy.Event, None, None]:
        now = env.now
        end = max(falls_free[0], now) + demand
        heapreplace(falls_free, end)
        yield env.timeout(end - now)

    def process() -> Generator[simpy.Event, None, None]:
        for _ in range(VISITS):
            yield from visit(DEMAND_S)

    for _ in range(TASKS):
        env.process(process())
    env.run()


def fifo_visits() -> None:
    """Visits to a one-event station, unrecorded."""
    runtime = SimRuntime()
    play(runtime, FifoStation(runtime, "station", SERVERS))


def recorded_visits() -> None:
    """The same with a row for each."""
    runtime = SimRuntime()
    play(runtime, FifoStation(runtime, "station", SERVERS, Recorder()))


def full_visits() -> None:
    """Visits to a station with every ability, unrecorded."""
    runtime = SimRuntime()
    play(runtime, FullStation(runtime, "station", SERVERS))


def play(runtime: SimRuntime, station: Station) -> None:
    """Send every task through the station, over and over."""

    async def task() -> None:
        for _ in range(VISITS):
            await station.visit(DEMAND_S)

    async def main() -> None:
        async with runtime.task_group() as group:
            for _ in range(TASKS):
                group.start(task())

    runtime.run(main())
