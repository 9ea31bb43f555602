"""How fast RabbitMQ carries remote calls: a closed queueing network.

So many threads each call, wait for the answer, and call again. A call spends

- a delay with client library, wire and server, where nobody waits for anybody;
- a demand at one queue, which is served by one process at a time: adding broker nodes does not
  make a single queue faster;
- a pause of the caller before its next call.

Where the callers are connected to the node on which the queue lives ("both on master"), that
node also has their connections to serve. Then its demand per call grows once so many calls are in
the queue that the connections crowd it out: the published throughput falls beyond 350 threads.

Source of the solution: Reiser and Lavenberg 1980, "Mean-value analysis of closed multichain
queuing networks", Journal of the ACM 27(2), for a station whose rate depends on its queue.
Source of the data: OpenStack performance-docs, test_results/mq/rabbitmq: three nodes, no
mirroring, the simulator of oslo.messaging.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from coe_twin.coe_core.units import PerSecond, Seconds

CROWDING_POWER: Final = 4
"""How sharply the demand grows around `crowded_at` (assumed; 1 and 2 fit the five rows worse)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What so many threads see: calls per second, and how long a call takes [s]."""

    throughput: PerSecond
    latency: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One placement of callers and queue.

    Attributes:
        pause_s: a caller's pause between two calls [s], >= 0.
        delay_s: what a call takes apart from the queue [s], >= 0.
        demand_s: the queue's time for a call [s], > 0.
        crowded_at: the length of the queue [calls] at which a call takes twice that;
            infinite if it never does.
    """

    pause_s: float
    delay_s: float
    demand_s: float
    crowded_at: float = float("inf")

    def calls(self, threads: int) -> Calls:
        """Return what each of `threads` >= 1 threads sees.

        Raises:
            ValueError: there is no thread.
        """
        return self.curve([threads])[0]

    def curve(self, threads: Sequence[int]) -> list[Calls]:
        """Return what each of so many threads see, for each number of `threads`.

        Raises:
            ValueError: a number is less than 1.
        """
        if min(threads) < 1:
            raise ValueError(f"threads: {min(threads)!r} is not a count >= 1")
        seen = self._mean_values(max(threads))
        return [seen[count - 1] for count in threads]

    def _mean_values(self, most: int) -> list[Calls]:
        """Return what 1 to `most` threads see."""
        lengths = np.arange(1, most + 1, dtype=np.float64)
        services = self.demand_s * (1.0 + (lengths / self.crowded_at) ** CROWDING_POWER)
        # The queue's length as an arriving call finds it: that with one thread less.
        found: NDArray[np.float64] = np.zeros(most)
        found[0] = 1.0
        elsewhere = self.pause_s + self.delay_s
        seen = []
        for threads in range(1, most + 1):
            weights = services[:threads] * found[:threads]
            in_queue = float(np.dot(lengths[:threads], weights))
            throughput = threads / (elsewhere + in_queue)
            seen.append(
                Calls(throughput=PerSecond(throughput), latency=Seconds(self.delay_s + in_queue))
            )
            busy = throughput * weights
            found[1:threads] = busy[: threads - 1]
            found[0] = max(0.0, 1.0 - float(busy.sum()))
            if threads < most:
                found[threads] = busy[threads - 1]
        return seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A published row: `threads` callers, calls per second, latency of a call [s]."""

    threads: int
    throughput: float
    latency_s: float

    @property
    def little_gap(self) -> float:
        """How far the row is from Little's law without any pause [-]: 0 if callers never pause."""
        return self.threads / (self.throughput * self.latency_s) - 1.0


def fit(rows: Sequence[Measured], *, is_crowded: bool) -> Broker:
    """Return the broker whose throughputs and latencies come nearest to `rows` on log scale.

    Four parameters, three unless `is_crowded`, for two numbers a row.

    Raises:
        ValueError: fewer than three rows.
    """
    if len(rows) < ROWS_LEAST:
        raise ValueError(f"{len(rows)} rows; accepted is at least {ROWS_LEAST}")
    start = np.log(_start(rows, is_crowded=is_crowded))
    threads = [row.threads for row in rows]
    published = np.log([[row.throughput, row.latency_s] for row in rows])

    def misses(logs: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = _broker(logs).curve(threads)
        seen = np.log([[one.throughput, one.latency] for one in curve])
        return np.asarray(seen - published).ravel()

    return _broker(least_squares(misses, start).x)


ROWS_LEAST: Final = 3


def _start(rows: Sequence[Measured], *, is_crowded: bool) -> list[float]:
    """Return where the search begins: asymptotic bounds, read off the rows."""
    fewest = min(rows, key=lambda row: row.threads)
    pause = max(1e-4, fewest.threads / fewest.throughput - fewest.latency_s)
    demand = 1.0 / max(row.throughput for row in rows)
    start = [pause, fewest.latency_s, demand]
    return [*start, 2.0 * max(row.threads for row in rows)] if is_crowded else start


def _broker(logs: NDArray[np.float64]) -> Broker:
    pause, delay, demand, *crowded = np.exp(logs).tolist()
    crowded_at = crowded[0] if crowded else float("inf")
    return Broker(pause_s=pause, delay_s=delay, demand_s=demand, crowded_at=crowded_at)
