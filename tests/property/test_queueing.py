"""Identities between the closed forms, and against sums written out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.units import PerSecond, Seconds
from coe_twin.models.queueing import (
    Flow,
    erlang_b,
    erlang_c,
    mean_number,
    mg1_mean_wait,
    mg1_priority_mean_waits,
    mmc_mean_wait,
    mmck_blocking,
)

servers_counts = st.integers(1, 20)
utilisations = st.floats(0.01, 0.99)
loads = st.floats(0.01, 30.0)
scvs = st.floats(0.0, 10.0)
times = st.floats(1e-3, 1e3)


def poisson_flow(load: float, mean_service_s: float = 1.0, scv: float = 1.0) -> Flow:
    rate = PerSecond(load / mean_service_s)
    return Flow(arrival_rate=rate, mean_service_s=Seconds(mean_service_s), scv=scv)


def state_weights(load: float, servers: int, capacity: int) -> list[float]:
    """Return the stationary weights of 0 to K in M/M/c/K, from the balance of flows."""
    weights = [1.0]
    for count in range(1, capacity + 1):
        weights.append(weights[-1] * load / min(count, servers))
    return weights


@given(load=loads, servers=servers_counts)
def test_erlang_b_is_its_sum(load: float, servers: int) -> None:
    """The recursion gives (a**c / c!) / sum of a**k / k!."""
    terms = [load**count / math.factorial(count) for count in range(servers + 1)]
    assert erlang_b(load, servers) == pytest.approx(terms[-1] / sum(terms))


@given(utilisation=utilisations, servers=servers_counts)
def test_erlang_c_is_its_sum(utilisation: float, servers: int) -> None:
    """The formula by Erlang B gives the sum over the states in which all servers are busy."""
    load = utilisation * servers
    free = [load**count / math.factorial(count) for count in range(servers)]
    busy = load**servers / math.factorial(servers) / (1.0 - utilisation)
    assert erlang_c(load, servers) == pytest.approx(busy / (sum(free) + busy))


@given(load=loads, servers=servers_counts, room=st.integers(0, 20))
def test_mmck_blocking_is_the_weight_of_the_full_state(
    load: float, servers: int, room: int
) -> None:
    """An arrival is blocked with the probability of state K, overload or not."""
    weights = state_weights(load, servers, servers + room)
    expected = weights[-1] / sum(weights)
    assert mmck_blocking(load, servers, servers + room) == pytest.approx(expected)


@given(utilisation=st.floats(0.01, 0.9), servers=servers_counts)
def test_mean_wait_is_that_of_a_very_large_room(utilisation: float, servers: int) -> None:
    """M/M/c is the limit of M/M/c/K: its L_q, by Little's law, is lambda * W_q."""
    load = utilisation * servers
    weights = state_weights(load, servers, servers + 600)
    in_line = sum(count * weight for count, weight in enumerate(weights[servers:]))
    expected = in_line / sum(weights)
    wait = mmc_mean_wait(poisson_flow(load), servers)
    assert mean_number(PerSecond(load), wait) == pytest.approx(expected)


@given(utilisation=utilisations, mean=times)
def test_one_server_is_the_same_by_every_formula(utilisation: float, mean: float) -> None:
    """M/M/1 by Erlang, by Pollaczek and Khinchine, and by Cobham with one class."""
    flow = poisson_flow(utilisation, mean)
    expected = pytest.approx(utilisation * mean / (1.0 - utilisation))
    assert mmc_mean_wait(flow, 1) == expected
    assert mg1_mean_wait(flow) == expected
    assert mg1_priority_mean_waits([flow]) == [expected]


@given(utilisation=utilisations, servers=servers_counts)
def test_waiting_is_likelier_than_blocking_and_more_load_makes_both_likelier(
    utilisation: float, servers: int
) -> None:
    """B <= C; both grow with the load and shrink with the servers."""
    load = utilisation * servers
    assert 0.0 < erlang_b(load, servers) <= erlang_c(load, servers) < 1.0
    assert erlang_b(load * 0.9, servers) < erlang_b(load, servers)
    assert erlang_c(load * 0.9, servers) < erlang_c(load, servers)
    assert erlang_b(load, servers + 1) < erlang_b(load, servers)
    assert erlang_c(load, servers + 1) < erlang_c(load, servers)


@given(utilisation=utilisations, scv=scvs)
def test_a_constant_service_halves_the_wait(utilisation: float, scv: float) -> None:
    """M/D/1 waits half as long as M/M/1; in between and beyond, (1 + scv) / 2 times."""
    exponential = mg1_mean_wait(poisson_flow(utilisation))
    other = mg1_mean_wait(poisson_flow(utilisation, scv=scv))
    assert other == pytest.approx(exponential * (1.0 + scv) / 2.0)


@given(shares=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5), total=utilisations, scv=scvs)
def test_priorities_move_waits_and_conserve_work(
    shares: list[float], total: float, scv: float
) -> None:
    """Sum of rho_k W_k is that without priorities (Kleinrock 1965); lower classes wait longer."""
    flows = [poisson_flow(total * share / sum(shares), 2.0, scv) for share in shares]
    waits = mg1_priority_mean_waits(flows)
    work = sum(flow.offered_load * wait for flow, wait in zip(flows, waits, strict=True))
    assert work == pytest.approx(total * mg1_mean_wait(poisson_flow(total, 2.0, scv)))
    assert waits == sorted(waits)


@given(load=st.floats(1e-6, 1e-3), servers=servers_counts)
def test_an_idle_station_makes_nobody_wait(load: float, servers: int) -> None:
    """As the load goes to 0, so do blocking and waiting."""
    assert erlang_b(load, servers) <= load
    assert mmc_mean_wait(poisson_flow(load), servers) <= 2.0 * load


def test_many_servers_do_not_overflow() -> None:
    """Where a**c and c! leave the range of a float, the recursion still counts."""
    assert erlang_b(10_000.0, 10_000) == pytest.approx(math.sqrt(2.0 / math.pi / 10_000), rel=0.01)


@given(servers=servers_counts, surplus=st.floats(0.0, 10.0))
def test_overload_has_no_steady_state(servers: int, surplus: float) -> None:
    """Where the line grows without end, there is no mean wait to return."""
    with pytest.raises(ValueError, match="no steady state"):
        erlang_c(servers + surplus, servers)
    with pytest.raises(ValueError, match="no steady state"):
        mg1_mean_wait(poisson_flow(1.0 + surplus))
    with pytest.raises(ValueError, match="no steady state"):
        mg1_priority_mean_waits([poisson_flow(0.5), poisson_flow(0.5 + surplus)])


@pytest.mark.parametrize("wrong", [-1.0, math.nan])
def test_negative_arguments_are_refused(wrong: float) -> None:
    """Neither a rate, a time nor a load is negative."""
    for call in (
        lambda: erlang_b(wrong, 1),
        lambda: erlang_c(wrong, 1),
        lambda: mean_number(PerSecond(wrong), Seconds(1.0)),
        lambda: mean_number(PerSecond(1.0), Seconds(wrong)),
        lambda: Flow(arrival_rate=PerSecond(wrong), mean_service_s=Seconds(1.0)),
        lambda: poisson_flow(0.5, scv=wrong),
        lambda: mmck_blocking(wrong, 1, 2),
    ):
        with pytest.raises(ValueError, match="is not a number >= 0"):
            call()


def test_what_a_formula_does_not_cover_is_refused() -> None:
    """M/M/c wants exponential services, M/M/c/K wants 1 <= c <= K."""
    with pytest.raises(ValueError, match="scv"):
        mmc_mean_wait(poisson_flow(0.5, scv=0.0), 1)
    for servers, capacity in ((0, 1), (2, 1)):
        with pytest.raises(ValueError, match="1 <= c <= K"):
            mmck_blocking(0.5, servers, capacity)
