"""Closed forms of queueing theory: what a station must do in steady state.

Notation: arrival rate lambda [1/s], service rate mu of one server [1/s], c servers, offered
load a = lambda / mu [-], utilisation rho = a / c [-]. Waiting time is the time in line alone,
sojourn time the time in line and in service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from coe_twin.coe_core.units import PerSecond, Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Poisson arrivals with independent service times.

    Attributes:
        arrival_rate: lambda [1/s], >= 0.
        mean_service_s: mean service time [s], >= 0.
        scv: squared coefficient of variation of the service time [-], >= 0; 0 if it is
            constant, 1 if it is exponential.
    """

    arrival_rate: PerSecond
    mean_service_s: Seconds
    scv: float = 1.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}: {getattr(self, name)!r} is not a number >= 0")

    @property
    def offered_load(self) -> float:
        """Offered load a = lambda / mu [-], the mean number of servers that it keeps busy."""
        return self.arrival_rate * self.mean_service_s

    @property
    def residual_s(self) -> Seconds:
        """Mean residual service time that an arrival finds in M/G/1 [s], lambda E[S**2] / 2."""
        second_moment = self.mean_service_s**2 * (1.0 + self.scv)
        return Seconds(self.arrival_rate * second_moment / 2.0)


def erlang_b(offered_load: float, servers: int) -> float:
    """Return the probability that an arrival is blocked in M/G/c/c, where nobody waits.

    Args:
        offered_load: a [-], >= 0.
        servers: c, a count >= 0; without servers everybody is blocked.

    Returns:
        Probability in [0, 1].

    Raises:
        ValueError: `offered_load` or `servers` is negative.

    Source:
        A. K. Erlang 1917, "Solution of some problems in the theory of probabilities of
        significance in automatic telephone exchanges". The recursion
        B(c) = a B(c-1) / (c + a B(c-1)) avoids the overflow of a**c and c!.
    """
    _refuse_negative(offered_load, servers)
    blocking = 1.0
    for count in range(1, servers + 1):
        blocking = offered_load * blocking / (count + offered_load * blocking)
    return blocking


def erlang_c(offered_load: float, servers: int) -> float:
    """Return the probability that an arrival must wait in M/M/c.

    Args:
        offered_load: a [-], 0 <= a < c.
        servers: c, a count >= 1.

    Returns:
        Probability in [0, 1).

    Raises:
        ValueError: `offered_load` is negative, or there is no steady state, a >= c.

    Source:
        A. K. Erlang 1917; C = B / (1 - rho (1 - B)) with B from `erlang_b`.
    """
    _refuse_negative(offered_load, servers)
    _refuse_overload(offered_load, servers)
    blocking = erlang_b(offered_load, servers)
    return blocking / (1.0 - offered_load / servers * (1.0 - blocking))


def mmck_blocking(offered_load: float, servers: int, capacity: int) -> float:
    """Return the probability that an arrival is blocked in M/M/c/K.

    Args:
        offered_load: a [-], >= 0; overload has a steady state here.
        servers: c, a count >= 1.
        capacity: K, places in service and in line together, >= c.

    Returns:
        Probability in [0, 1].

    Raises:
        ValueError: `offered_load` is negative, `servers` < 1 or `capacity` < `servers`.

    Source:
        D. Gross and C. M. Harris 1998, "Fundamentals of Queueing Theory", chapter 2. Each
        place in line adds one step P(k+1) = rho P(k) / (1 + rho P(k)) to P(c) = B.
    """
    if not 1 <= servers <= capacity:
        raise ValueError(f"servers, capacity: {servers!r}, {capacity!r}, but 1 <= c <= K")
    blocking = erlang_b(offered_load, servers)
    utilisation = offered_load / servers
    for _ in range(capacity - servers):
        blocking = utilisation * blocking / (1.0 + utilisation * blocking)
    return blocking


def mmc_mean_wait(flow: Flow, servers: int) -> Seconds:
    """Return the mean waiting time in M/M/c [s], over all arrivals.

    Args:
        flow: arrivals and exponential services.
        servers: c, a count >= 1.

    Raises:
        ValueError: the services are not exponential, or there is no steady state.

    Source:
        L. Kleinrock 1975, "Queueing Systems, Volume 1: Theory", section 3.5:
        W_q = C / (c mu - lambda).
    """
    if flow.scv != 1.0:
        raise ValueError(f"scv: {flow.scv!r}, but an exponential service time has 1")
    waits = erlang_c(flow.offered_load, servers)
    return Seconds(waits * flow.mean_service_s / (servers - flow.offered_load))


def mg1_mean_wait(flow: Flow) -> Seconds:
    """Return the mean waiting time in M/G/1 [s], first come, first served.

    Raises:
        ValueError: there is no steady state, lambda E[S] >= 1.

    Source:
        F. Pollaczek 1930 and A. Y. Khinchine 1932; L. Kleinrock 1975, chapter 5:
        W_q = lambda E[S**2] / (2 (1 - rho)).
    """
    _refuse_overload(flow.offered_load, 1)
    return Seconds(flow.residual_s / (1.0 - flow.offered_load))


def mg1_priority_mean_waits(flows: Sequence[Flow]) -> list[Seconds]:
    """Return the mean waiting time of each class in M/G/1 [s], highest priority first.

    A service that has begun is not pre-empted; within a class, first come, first served.

    Raises:
        ValueError: there is no steady state, the loads sum to 1 or more.

    Source:
        A. Cobham 1954, "Priority assignment in waiting line problems", Journal of the
        Operations Research Society of America 2(1): W_k = W_0 / ((1 - s_(k-1)) (1 - s_k)),
        s_k the load of classes 1 to k.
    """
    loads = list(accumulate((flow.offered_load for flow in flows), initial=0.0))
    _refuse_overload(loads[-1], 1)
    residual = sum(flow.residual_s for flow in flows)
    return [Seconds(residual / ((1.0 - above) * (1.0 - up_to))) for above, up_to in pairwise(loads)]


def mean_number(arrival_rate: PerSecond, mean_stay_s: Seconds) -> float:
    """Return L [-], the mean number of those who stay `mean_stay_s` each, by Little's law.

    Args:
        arrival_rate: lambda of those who get in [1/s], >= 0.
        mean_stay_s: W to get L, W_q to get L_q, the mean service time to get busy servers [s].

    Raises:
        ValueError: an argument is negative.

    Source:
        J. D. C. Little 1961, "A proof for the queuing formula: L = lambda W", Operations
        Research 9(3).
    """
    _refuse_negative(arrival_rate, mean_stay_s)
    return arrival_rate * mean_stay_s


def _refuse_negative(*quantities: float) -> None:
    for quantity in quantities:
        if not quantity >= 0:
            raise ValueError(f"{quantity!r} is not a number >= 0")


def _refuse_overload(offered_load: float, servers: int) -> None:
    if not offered_load < servers:
        raise ValueError(f"no steady state: offered load {offered_load!r}, {servers!r} servers")
