"""The closed network of `models.messaging` against closed forms and published rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.models.messaging import Broker, Measured, fit
from coe_twin.models.published import RABBITMQ_ON_MASTER, RABBITMQ_ON_SLAVES

ERROR_MAX = 0.15
PLACEMENTS = {
    "on master": (RABBITMQ_ON_MASTER, True),
    "on slaves": (RABBITMQ_ON_SLAVES, False),
}

times = st.floats(1e-4, 1e-1)
brokers = st.builds(
    Broker,
    pause_s=times,
    delay_s=times,
    demand_s=times,
    crowded_at=st.sampled_from([20.0, 100.0, float("inf")]),
)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_published_rows_are_met(placement: str) -> None:
    """Throughput and latency of every row, in both placements, within 15 %."""
    rows, is_crowded = PLACEMENTS[placement]
    curve = fit(rows, is_crowded=is_crowded).curve([row.threads for row in rows])
    for row, seen in zip(rows, curve, strict=True):
        assert seen.throughput == pytest.approx(row.throughput, rel=ERROR_MAX), row
        assert seen.latency == pytest.approx(row.latency_s, rel=ERROR_MAX), row


@given(broker=brokers, threads=st.integers(1, 200))
def test_littles_law_holds(broker: Broker, threads: int) -> None:
    """Threads are either in a call or between two."""
    seen = broker.calls(threads)
    assert seen.throughput * (seen.latency + broker.pause_s) == pytest.approx(threads, rel=1e-6)


@given(broker=brokers)
def test_one_thread_waits_for_nobody(broker: Broker) -> None:
    """Alone a call takes its delay and its demand, as the queue of one call serves it."""
    seen = broker.calls(1)
    alone = broker.delay_s + broker.demand_s
    assert alone <= seen.latency <= broker.delay_s + 1.001 * broker.demand_s


@given(broker=brokers, threads=st.integers(1, 200))
def test_throughput_is_within_its_bounds(broker: Broker, threads: int) -> None:
    """The asymptotic bounds of Muntz and Wong: no more than the queue, or the threads, can do."""
    seen = broker.calls(threads)
    elsewhere = broker.pause_s + broker.delay_s
    assert seen.throughput <= 1.0 / broker.demand_s * (1.0 + 1e-9)
    assert seen.throughput <= threads / (elsewhere + broker.demand_s) * (1.0 + 1e-9)


@given(broker=brokers, threads=st.integers(1, 60))
def test_a_queue_alone_is_the_machine_repair_model(broker: Broker, threads: int) -> None:
    """Without crowding the utilisation is that of M/M/1//N (Gross and Harris, section 2.7)."""
    plain = Broker(pause_s=broker.pause_s, delay_s=broker.delay_s, demand_s=broker.demand_s)
    ratio = plain.demand_s / (plain.pause_s + plain.delay_s)
    weight, total = 1.0, 1.0
    for length in range(1, threads + 1):
        weight *= (threads - length + 1) * ratio
        total += weight
    busy = 1.0 - 1.0 / total
    assert plain.calls(threads).throughput * plain.demand_s == pytest.approx(busy, rel=1e-6)


def test_a_known_broker_is_found_again() -> None:
    """From its own curve, to a thousandth."""
    true = Broker(pause_s=0.002, delay_s=0.014, demand_s=1.6e-4, crowded_at=800.0)
    threads = [50, 100, 250, 350, 500]
    rows = [
        Measured(threads=count, throughput=seen.throughput, latency_s=seen.latency)
        for count, seen in zip(threads, true.curve(threads), strict=True)
    ]
    found = fit(rows, is_crowded=True)
    for name in ("pause_s", "delay_s", "demand_s", "crowded_at"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), rel=1e-3), name


@pytest.mark.parametrize("threads", [0, -1])
def test_no_thread_is_refused(threads: int) -> None:
    with pytest.raises(ValueError, match="is not a count >= 1"):
        Broker(pause_s=0.001, delay_s=0.01, demand_s=0.001).calls(threads)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rows; accepted is at least 3"):
        fit(RABBITMQ_ON_MASTER[:2], is_crowded=False)
