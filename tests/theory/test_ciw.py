"""Stations against Ciw, a queueing simulator with which they share no code."""

from collections.abc import Awaitable, Callable
from typing import Any

import ciw
import numpy as np
import pytest
from numpy.typing import NDArray

from coe_twin.models.statistics import Interval
from coe_twin.sim_driver.full_station import FullStation
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

REPLICATIONS = 32
CUSTOMERS = 5_000
MARGIN = 0.05
"""The share of the horizon at either end that does not count: the station fills and empties."""

NARROW = 0.12

Floats = NDArray[np.float64]
Draws = Callable[[int], np.random.Generator]
Simulate = Callable[..., tuple[Floats, Floats]]
Estimate = Callable[[Floats, Floats], Interval]


def full(
    runtime: SimRuntime, servers: int, recorder: Recorder
) -> Callable[[float, int], Awaitable[None]]:
    return FullStation(runtime, "station", servers, recorder).visit


def ciw_waits(draws: Draws, rate: float, servers: int, classes: list[str]) -> tuple[Floats, Floats]:
    """Return mean waits [s], (replications, classes), first class first, and the controls."""
    network = ciw.create_network(
        arrival_distributions={
            name: [ciw.dists.Exponential(rate / len(classes))] for name in classes
        },
        service_distributions={name: [ciw.dists.Exponential(1.0)] for name in classes},
        number_of_servers=[servers],
        priority_classes={name: rank for rank, name in enumerate(classes)},
    )
    horizon = CUSTOMERS / rate
    low, high = MARGIN * horizon, (1.0 - MARGIN) * horizon
    means, controls = [], []
    for replication in range(REPLICATIONS):
        ciw.seed(int(draws(replication).integers(2**31)))
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(horizon)
        rows = [row for row in simulation.get_all_records() if low <= row.arrival_date < high]
        means.append([mean_wait(rows, name) for name in classes])
        arrivals = len(rows) / (high - low)
        services = float(np.mean([row.service_time for row in rows]))
        controls.append([arrivals - rate, services - 1.0])
    return np.array(means), np.array(controls)


def mean_wait(rows: list[Any], name: str) -> float:
    return float(np.mean([row.waiting_time for row in rows if row.customer_class == name]))


@pytest.mark.parametrize(
    ("rate", "servers", "classes"),
    [(1.95, 3, ["all"]), (0.6, 1, ["high", "low"])],
    ids=["M/M/3", "two priorities"],
)
def test_both_simulators_agree(
    rate: float,
    servers: int,
    classes: list[str],
    simulate: Simulate,
    draws: Draws,
    estimate: Estimate,
    replay: str,
) -> None:
    """The intervals of the mean wait of each class overlap, and both are narrow."""
    ours, our_controls = simulate(full, rate, servers, classes=len(classes))
    theirs, their_controls = ciw_waits(draws, rate, servers, classes)
    for rank, name in enumerate(classes):
        our = estimate(ours[:, rank], our_controls)
        their = estimate(theirs[:, rank], their_controls)
        assert max(our.half_width, their.half_width) <= NARROW * their.low, f"{name}: {replay}"
        assert our.low <= their.high, f"{name}: {our}, Ciw {their}; {replay}"
        assert their.low <= our.high, f"{name}: {our}, Ciw {their}; {replay}"
