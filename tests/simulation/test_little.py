"""The checks of a run's log: right stations pass them, each wrong one fails."""

from collections.abc import Callable, Sequence
from heapq import heapreplace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.checks import (
    InconsistentLog,
    check_fifo_station,
    check_station,
    little,
    visits,
)
from coe_twin.sim_driver.full_station import FullStation
from coe_twin.sim_driver.recorder import Recorder
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.stations import FifoStation, Station

MakeStation = Callable[[SimRuntime, str, int, Recorder], Station]

# Sixteenths of a second: many arrivals and ends fall on one instant, and sums are exact.
durations = st.integers(0, 64).map(lambda count: count / 16.0)
workloads = st.lists(st.tuples(durations, durations), min_size=1, max_size=40)
any_durations = st.floats(0.0, 1e6, allow_nan=False)
any_workloads = st.lists(st.tuples(any_durations, any_durations), min_size=1, max_size=40)


def log_of(make: MakeStation, servers: int, workload: Sequence[tuple[float, float]]) -> Recorder:
    """Return the log of a station that gets (gap, demand) [s] after each other."""
    runtime, recorder = SimRuntime(), Recorder()
    station = make(runtime, "station", servers, recorder)

    async def customer(demand: float) -> None:
        await station.visit(demand)

    async def arrivals() -> None:
        async with runtime.task_group() as group:
            for gap, demand in workload:
                await runtime.pause(gap)
                group.start(customer(demand))

    runtime.run(arrivals())
    return recorder


def rows(recorder: Recorder) -> list[tuple[float, float, float]]:
    log = recorder.columns()
    return sorted(zip(log["arrived"], log["started"], log["ended"], strict=True))


@given(workload=any_workloads | workloads, servers=st.integers(1, 4))
def test_both_stations_serve_at_the_same_instants(
    workload: list[tuple[float, float]], servers: int
) -> None:
    """Without what only the full station can do, both give every visit the same instants."""
    fifo = log_of(FifoStation, servers, workload)
    assert rows(fifo) == rows(log_of(FullStation, servers, workload))


@pytest.mark.parametrize("make", [FifoStation, FullStation])
@given(workload=any_workloads | workloads, servers=st.integers(1, 4))
@example(workload=[(0.0, 2.2250738585e-313)], servers=1)
def test_a_right_station_passes(
    make: MakeStation, workload: list[tuple[float, float]], servers: int
) -> None:
    """Whatever the load, the log of a station holds all that is checked."""
    check_fifo_station(log_of(make, servers, workload), "station", servers)


@given(workload=workloads, servers=st.integers(1, 3), horizon=st.integers(1, 200))
def test_littles_law_holds_up_to_any_horizon(
    workload: list[tuple[float, float]], servers: int, horizon: int
) -> None:
    """L = lambda * W at the end of the run and before it."""
    log = log_of(FifoStation, servers, workload)
    for end in (None, Seconds(horizon / 4.0)):
        number, product = little(log, "station", end)
        assert number == pytest.approx(product, rel=1e-9, abs=1e-12)


def test_little_counts_by_hand() -> None:
    """Stays of 2 s and 3 s over 4 s make L = 5/4; cut at 2 s, (2 + 1) / 2."""
    log = log_of(FifoStation, 1, [(0.0, 2.0), (1.0, 2.0)])
    assert little(log, "station") == (1.25, 1.25)
    assert little(log, "station", Seconds(2.0)) == (1.5, 1.5)
    assert little(log, "station", Seconds(1.0625)) == pytest.approx((1.125 / 1.0625,) * 2)
    assert little(log, "nowhere") == (0.0, 0.0)


class TooManyServers(FifoStation):
    """Has one server more than it says."""

    def __init__(self, runtime: SimRuntime, name: str, servers: int, recorder: Recorder) -> None:
        super().__init__(runtime, name, servers + 1, recorder)
        self.servers = servers


class IdleServer(FifoStation):
    """Has one server that never works."""

    def __init__(self, runtime: SimRuntime, name: str, servers: int, recorder: Recorder) -> None:
        super().__init__(runtime, name, servers, recorder)
        heapreplace(self._falls_free, float("inf"))


class LastComeFirst(FullStation):
    """Serves the latest arrival first."""

    def _enter(self, visit: object, priority: int) -> None:
        super()._enter(visit, -self._entries)  # type: ignore[arg-type]  # a private class


CROWD = [(0.0, 4.0), (1.0, 1.0), (1.0, 1.0), (0.5, 1.0)]


@pytest.mark.parametrize(
    ("make", "servers", "message"),
    [
        (TooManyServers, 1, "2 in service"),
        (IdleServer, 2, "servers free"),
        (LastComeFirst, 1, "was served before"),
    ],
)
def test_a_wrong_station_fails(make: MakeStation, servers: int, message: str) -> None:
    """Each way to serve wrongly is named."""
    with pytest.raises(InconsistentLog, match=message):
        check_fifo_station(log_of(make, servers, CROWD), "station", servers)


@pytest.mark.parametrize(
    "instants",
    [
        (2.0, 1.0, 3.0),
        (1.0, 3.0, 2.0),
        (-1.0, 0.0, 1.0),
        (0.0, 1.0, float("nan")),
        (0.0, 1.0, float("inf")),
    ],
)
def test_instants_out_of_order_fail(instants: tuple[float, float, float]) -> None:
    """A visit arrives, starts and ends in this order, at instants that are numbers."""
    log = Recorder()
    log.add(log.index("station"), 0, *instants, -1)
    with pytest.raises(InconsistentLog, match="visit 0"):
        check_station(log, "station", 1)


def test_an_end_before_its_arrival_breaks_littles_law() -> None:
    """The two sides do not agree on a log that makes no sense, so agreement says something."""
    log = Recorder()
    log.add(log.index("station"), 0, 0.0, 0.0, 4.0, -1)
    log.add(log.index("station"), 0, 3.0, 3.0, 1.0, -1)
    number, product = little(log, "station")
    assert number != pytest.approx(product)


def test_names_of_the_same_servers_are_checked_together() -> None:
    """Two names that share a server may not be in service at once, alone each may."""
    log = Recorder()
    log.add(log.index("api"), 0, 0.0, 0.0, 4.0, -1)
    log.add(log.index("engine"), 0, 1.0, 2.0, 3.0, -1)
    check_station(log, "api", 1)
    check_station(log, "engine", 1)
    assert len(visits(log, "api", ["engine"]).ended) == 2
    with pytest.raises(InconsistentLog, match="2 in service at 2 s"):
        check_station(log, "api", 1, ["engine"])
