"""Replications of a station with open arrivals, and the interval around their mean."""

import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from coe_twin.models.randomness import stream
from coe_twin.models.statistics import Interval
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime

CONFIDENCE = 0.999

REPLICATIONS = 24
CUSTOMERS = 10_000
WARM_UP = 800
"""Customers at the beginning that do not count."""

Floats = NDArray[np.float64]
Customer = Callable[[int], Coroutine[Any, Any, None]]
Play = Callable[[Callable[[SimRuntime, Recorder], Customer], Sequence[float]], Recorder]
Visit = Callable[[float, int], Awaitable[None]]
Opening = Callable[[SimRuntime, int, Recorder], Visit]
Simulate = Callable[..., tuple[Floats, Floats]]


@pytest.fixture
def seed() -> int:
    """Return the seed of every draw: fixed, unless the environment gives a fresh one."""
    return int(os.environ.get("COE_TWIN_SEED", "20240611"))


@pytest.fixture
def draws(seed: int, request: pytest.FixtureRequest) -> Callable[[int], np.random.Generator]:
    """Return the generator of each replication; no two tests share one."""
    return lambda replication: stream(seed, replication, request.node.name)


@pytest.fixture
def replay(seed: int, request: pytest.FixtureRequest) -> str:
    """Return the command that repeats this test with these draws."""
    return f'replay: COE_TWIN_SEED={seed} python -m pytest "{request.node.nodeid}"'


@pytest.fixture
def play() -> Play:
    """Return a function that sends customer i after the i-th gap [s], and waits for them all."""

    def play(
        arrange: Callable[[SimRuntime, Recorder], Customer], gaps: Sequence[float]
    ) -> Recorder:
        runtime, recorder = SimRuntime(), Recorder()
        customer = arrange(runtime, recorder)

        async def arrivals() -> None:
            async with runtime.task_group() as group:
                for number, gap in enumerate(gaps):
                    await runtime.pause(gap)
                    group.start(customer(number))

        runtime.run(arrivals())
        return recorder

    return play


@pytest.fixture
def simulate(play: Play, draws: Callable[[int], np.random.Generator]) -> Simulate:
    """Return a function that simulates a station with Poisson arrivals.

    Its arguments are the station, the arrival rate of the draws [1/s], the number of servers,
    the services' scv [-], the number of priorities, and the factor by which customers come
    faster than drawn. It returns mean waits [s], (replications, priorities), and the controls
    of `estimate`.
    """

    def simulate(
        opening: Opening,
        rate: float,
        servers: int,
        *,
        scv: float = 1.0,
        classes: int = 1,
        rush: float = 1.0,
    ) -> tuple[Floats, Floats]:
        expected = [1.0 / rate, 1.0]
        means, controls = [], []
        for replication in range(REPLICATIONS):
            draw = draws(replication)
            gaps = draw.exponential(1.0 / rate, CUSTOMERS)
            demands = service_times(draw, scv)
            priorities = draw.integers(classes, size=CUSTOMERS)
            customers = open_station(opening, servers, demands, priorities)
            waits = waits_by_arrival(play(customers, (gaps / rush).tolist()))
            of_class = [priorities == rank for rank in range(classes)]
            means.append([waits[WARM_UP:][chosen[WARM_UP:]].mean() for chosen in of_class])
            controls.append([gaps[WARM_UP:].mean(), demands[WARM_UP:].mean()])
        return np.array(means), np.array(controls) - expected

    return simulate


def service_times(draw: np.random.Generator, scv: float) -> Floats:
    """Return service times of mean 1 s: constant, exponential or else lognormal."""
    if scv == 0.0:
        return np.ones(CUSTOMERS)
    if scv == 1.0:
        return draw.exponential(1.0, CUSTOMERS)
    variance = np.log1p(scv)
    return draw.lognormal(-variance / 2.0, np.sqrt(variance), CUSTOMERS)


def open_station(
    opening: Opening, servers: int, demands: Floats, priorities: NDArray[np.int64]
) -> Callable[[SimRuntime, Recorder], Customer]:
    """Return what gives `play` its customers, each with a demand [s] and a priority."""
    times, ranks = demands.tolist(), priorities.tolist()

    def arrange(runtime: SimRuntime, recorder: Recorder) -> Customer:
        visit = opening(runtime, servers, recorder)

        async def customer(number: int) -> None:
            await visit(times[number], ranks[number])

        return customer

    return arrange


def waits_by_arrival(recorder: Recorder) -> Floats:
    log = recorder.columns()
    arrived = log["arrived"]
    waits: Floats = log["started"] - arrived
    return waits[np.argsort(arrived, kind="stable")]


@pytest.fixture
def estimate() -> Callable[[Floats, Floats], Interval]:
    """Return the function `controlled_mean`."""
    return controlled_mean


def controlled_mean(values: Floats, controls: Floats) -> Interval:
    """Return the 99.9 % interval of the mean of `values`.

    Args:
        values: one per replication, (replications,).
        controls: by how much the draws of each replication miss their expectations,
            (replications, controls); the part of the noise that these explain is removed.

    Source:
        A. M. Law 2015, "Simulation Modeling and Analysis", chapter 11, control variates.
    """
    design = np.column_stack([np.ones(len(values)), controls])
    solution, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    freedom = len(values) - int(rank)
    variance = np.sum((values - design @ solution) ** 2) / freedom
    spread = np.sqrt(variance * np.linalg.pinv(design.T @ design)[0, 0])
    half_width = stats.t.ppf((1.0 + CONFIDENCE) / 2.0, freedom) * spread
    return Interval(float(solution[0] - half_width), float(solution[0] + half_width))


@pytest.fixture
def agree(replay: str) -> Callable[[Interval, float, float], None]:
    """Return a check that an interval covers what is expected, and can tell it from `wrong`."""

    def agree(found: Interval, expected: float, wrong: float) -> None:
        report = f"{found.low:.5g} to {found.high:.5g}, expected {expected:.5g}; {replay}"
        assert found.half_width <= 0.6 * abs(wrong - expected), f"too wide: {report}"
        assert found.covers(expected), f"not covered: {report}"

    return agree
