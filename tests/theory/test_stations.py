"""Stations in virtual time against the closed forms of `models.queueing`.

An interval is narrow enough if it is at most 60 % as wide, to each side, as the difference
that 3 % more load would make.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coe_twin.coe_core.units import PerSecond, Seconds
from coe_twin.models.queueing import (
    Flow,
    mg1_mean_wait,
    mg1_priority_mean_waits,
    mmc_mean_wait,
    mmck_blocking,
)
from coe_twin.models.statistics import Interval
from coe_twin.sim_driver.full_station import FullStation, StationFull
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.sharing import SharedMachine
from coe_twin.sim_driver.stations import FifoStation

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

UTILISATION = 0.8
ERROR = 1.03

Floats = NDArray[np.float64]
Draws = Callable[[int], np.random.Generator]
Play = Callable[..., Recorder]
Simulate = Callable[..., tuple[Floats, Floats]]
Estimate = Callable[[Floats, Floats], Interval]
Agree = Callable[[Interval, float, float], None]
Visit = Callable[[float, int], Awaitable[None]]
Opening = Callable[[SimRuntime, int, Recorder], Visit]


def fifo(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    station = FifoStation(runtime, "station", servers, recorder)
    return lambda demand, _priority: station.visit(demand)


def full(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    return FullStation(runtime, "station", servers, recorder).visit


def shared(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    share = SharedMachine(runtime, servers, recorder, 1.0).share("station")
    return lambda demand, _priority: share.visit(demand)


def by_processes(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    """Return a service with fewer processes than its machine has cores."""
    workers = SharedMachine(runtime, 4 * servers, recorder, 1.0).workers("station", servers)
    return lambda demand, _priority: workers.visit(demand)


def slow(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    station = FifoStation(runtime, "station", servers, recorder)
    return lambda demand, _priority: station.visit(demand * ERROR)


def flow(servers: float, scv: float = 1.0, rush: float = 1.0) -> Flow:
    rate = PerSecond(UTILISATION * servers * rush)
    return Flow(arrival_rate=rate, mean_service_s=Seconds(1.0), scv=scv)


@pytest.mark.parametrize("opening", [fifo, full])
@pytest.mark.parametrize("servers", [1, 3, 10])
def test_the_mean_wait_is_erlangs(
    opening: Opening, servers: int, simulate: Simulate, estimate: Estimate, agree: Agree
) -> None:
    """With exponential services, the mean wait is that of M/M/c."""
    waits, controls = simulate(opening, UTILISATION * servers, servers)
    expected = mmc_mean_wait(flow(servers), servers)
    wrong = mmc_mean_wait(flow(servers, rush=ERROR), servers)
    agree(estimate(waits[:, 0], controls), expected, wrong)


@pytest.mark.parametrize("opening", [fifo, full])
@pytest.mark.parametrize("scv", [0.0, 0.5], ids=["deterministic", "lognormal"])
def test_the_mean_wait_is_pollaczek_and_khinchines(
    opening: Opening, scv: float, simulate: Simulate, estimate: Estimate, agree: Agree
) -> None:
    """With one server, the mean wait follows from the mean and the variance of the services."""
    waits, controls = simulate(opening, UTILISATION, 1, scv=scv)
    expected, wrong = mg1_mean_wait(flow(1, scv)), mg1_mean_wait(flow(1, scv, ERROR))
    agree(estimate(waits[:, 0], controls), expected, wrong)


@pytest.mark.parametrize("opening", [shared, by_processes])
@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0], ids=["deterministic", "lognormal", "exponential"])
def test_the_mean_wait_of_processor_sharing_is_erlangs_whatever_the_services(
    opening: Opening, servers: int, scv: float, simulate: Simulate, estimate: Estimate, agree: Agree
) -> None:
    """What others took depends on the mean of the services alone.

    Source: Kelly 1979, "Reversibility and Stochastic Networks", 3.3.
    """
    waits, controls = simulate(opening, UTILISATION * servers, servers, scv=scv)
    expected = mmc_mean_wait(flow(servers), servers)
    wrong = mmc_mean_wait(flow(servers, rush=ERROR), servers)
    agree(estimate(waits[:, 0], controls), expected, wrong)


def test_the_mean_waits_of_two_classes_are_cobhams(
    simulate: Simulate, estimate: Estimate, agree: Agree
) -> None:
    """Each of two classes waits as a priority queue without pre-emption makes it wait."""
    waits, controls = simulate(full, UTILISATION, 1, classes=2)
    expected = mg1_priority_mean_waits([flow(0.5), flow(0.5)])
    # The first class hardly feels the load, so 3 % of it would not show.
    wrong = mg1_priority_mean_waits([flow(0.5, rush=1.05), flow(0.5, rush=1.05)])
    for rank in range(2):
        agree(estimate(waits[:, rank], controls), expected[rank], wrong[rank])


BLOCKING_REPLICATIONS = 24
BLOCKING_CUSTOMERS = 8_000
BLOCKING_WARM_UP = 500


def blocked_share(play: Play, gaps: Floats, demands: Floats, servers: int, room: int) -> float:
    """Return the share of the customers of M/M/c/K after the warm-up who find no place."""
    times = demands.tolist()
    blocked = []

    def arrange(
        runtime: SimRuntime, recorder: Recorder
    ) -> Callable[[int], Coroutine[Any, Any, None]]:
        station = FullStation(runtime, "station", servers, recorder, room=room)

        async def customer(number: int) -> None:
            try:
                await station.visit(times[number])
            except StationFull:
                blocked.append(number)

        return customer

    play(arrange, gaps.tolist())
    return float(np.mean(np.isin(np.arange(BLOCKING_WARM_UP, len(gaps)), blocked)))


@pytest.mark.parametrize(("servers", "room"), [(1, 4), (3, 2), (5, 0)])
def test_the_blocked_share_is_that_of_mmck(
    servers: int, room: int, play: Play, draws: Draws, estimate: Estimate, agree: Agree
) -> None:
    """A finite line blocks the share of the arrivals that M/M/c/K says."""
    gap = 1.0 / (UTILISATION * servers)
    shares, controls = [], []
    for replication in range(BLOCKING_REPLICATIONS):
        draw = draws(replication)
        gaps, demands = (
            draw.exponential(gap, BLOCKING_CUSTOMERS),
            draw.exponential(1.0, BLOCKING_CUSTOMERS),
        )
        shares.append(blocked_share(play, gaps, demands, servers, room))
        controls.append([gaps.mean() - gap, demands.mean() - 1.0])
    load, capacity = UTILISATION * servers, servers + room
    expected = mmck_blocking(load, servers, capacity)
    wrong = mmck_blocking(load * ERROR, servers, capacity)
    agree(estimate(np.array(shares), np.array(controls)), expected, wrong)


@pytest.mark.parametrize(
    ("opening", "rush"), [(slow, 1.0), (fifo, ERROR)], ids=["slow service", "more arrivals"]
)
def test_three_percent_more_is_noticed(
    opening: Opening, rush: float, simulate: Simulate, estimate: Estimate, agree: Agree
) -> None:
    """A station that is 3 % off, in service or in arrivals, does not pass for M/M/1."""
    waits, controls = simulate(opening, UTILISATION, 1, rush=rush)
    with pytest.raises(AssertionError, match="not covered"):
        agree(estimate(waits[:, 0], controls), mmc_mean_wait(flow(1), 1), np.inf)
