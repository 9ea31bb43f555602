"""What must hold in the log of any run, checked per station.

The checks read the recorder's columns alone, so they hold a station to account without
trusting a word of its own. An instant at which a service ends and another begins belongs to
the second: services are the half-open intervals [started, ended).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.recorder import Recorder

Instants = NDArray[np.float64]
Counts = NDArray[np.int64]


class InconsistentLog(CoeError):
    """The log shows what no queueing station can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The rows of one station; columns of shape (visits,) [s]."""

    station: str
    arrived: Instants
    started: Instants
    ended: Instants


def visits(recorder: Recorder, station: str, shared_with: Sequence[str] = ()) -> Visits:
    """Return the rows of `station` in the order of the log.

    Args:
        recorder: a run's log.
        station: a name in it; one that it does not know has no rows.
        shared_with: further names of the same servers.
    """
    wanted = {station, *shared_with}
    indexes = [index for index, name in enumerate(recorder.names) if name in wanted]
    log = recorder.columns()
    log = log[np.isin(log["station"], indexes)]
    return Visits(
        station=station, arrived=log["arrived"], started=log["started"], ended=log["ended"]
    )


def little(
    recorder: Recorder, station: str, horizon_s: Seconds | None = None
) -> tuple[float, float]:
    """Return L and lambda * W [-] of `station` over [0, horizon), each from the log.

    L is the time average of the number present, from a sweep over arrivals and departures;
    lambda * W is the arrival rate times the mean sojourn time, waiting and service summed
    visit by visit. Both count a stay up to the horizon. In a log that makes sense they agree
    but for rounding: an end before its arrival, or an instant that is not a number, drives
    them apart.

    Args:
        recorder: a run's log.
        station: a name in it.
        horizon_s: end of the observation [s], > 0; without it the last departure.

    Returns:
        (0, 0) for a station that nobody visited.
    """
    log = visits(recorder, station)
    horizon = np.max(log.ended, initial=0.0) if horizon_s is None else horizon_s
    if not horizon > 0.0:
        return 0.0, 0.0
    present = log.arrived < horizon
    arrived, started, ended = (
        np.minimum(column[present], horizon) for column in (log.arrived, log.started, log.ended)
    )
    waits = np.maximum(started - arrived, 0.0)
    services = np.maximum(ended - started, 0.0)
    count = len(arrived)
    mean_sojourn = float(np.mean(waits + services)) if count else 0.0
    # A share of the horizon first: the rate alone overflows where a run lasts next to no time.
    return _mean_number(arrived, ended, horizon), count * (mean_sojourn / horizon)


def check_station(
    recorder: Recorder, station: str, servers: int, shared_with: Sequence[str] = ()
) -> None:
    """Refuse a log in which `station` has a negative wait or serves too many at once.

    Args:
        recorder: a run's log.
        station: a name in it.
        servers: the most that it may have had at any time.
        shared_with: further names of the same servers.

    Raises:
        InconsistentLog: an instant is missing or out of order, more than `servers` visits
            were in service at once, or Little's law does not hold.
    """
    log = visits(recorder, station, shared_with)
    _check_order_of_instants(log)
    _check_servers(log, servers)
    number, product = little(recorder, station)
    if not np.isclose(number, product, rtol=1e-6, atol=1e-9):
        raise InconsistentLog(f"{station}: L = {number:g}, but lambda * W = {product:g}")


def check_fifo_station(
    recorder: Recorder, station: str, servers: int, shared_with: Sequence[str] = ()
) -> None:
    """Refuse a log in which `station` does not serve first come, first served, and at once.

    For a station without priorities, withdrawal, changes of its servers, or another line
    before its own from which the wait counts. The arguments are those of `check_station`.

    Raises:
        InconsistentLog: as `check_station`; or a later arrival was served first, or a visit
            waited while a server was free.
    """
    check_station(recorder, station, servers, shared_with)
    check_no_idle_server(recorder, station, servers, shared_with)
    _check_order_of_starts(visits(recorder, station, shared_with))


def check_no_idle_server(
    recorder: Recorder, station: str, servers: int, shared_with: Sequence[str] = ()
) -> None:
    """Refuse a log in which somebody waits while one of the `servers` is free.

    For a station whose servers do not change, and whose waits are all in its own line.

    Raises:
        InconsistentLog: a server was free.
    """
    log = visits(recorder, station, shared_with)
    times = np.unique(np.concatenate([log.arrived, log.started, log.ended]))
    waiting = _count_at(times, log.arrived, log.started)
    busy = _count_at(times, log.started, log.ended)
    idle = np.flatnonzero((waiting > 0) & (busy < servers))
    if len(idle):
        row = int(idle[0])
        raise InconsistentLog(
            f"{log.station}: {waiting[row]} waiting at {times[row]:g} s with"
            f" {servers - busy[row]} servers free"
        )


def _mean_number(arrived: Instants, ended: Instants, horizon: float) -> float:
    times = np.unique(np.concatenate([arrived, ended]))
    lengths = np.diff(times, append=horizon)
    return float(np.sum(_count_at(times, arrived, ended) * lengths) / horizon)


def _check_order_of_instants(log: Visits) -> None:
    is_right = (log.arrived >= 0) & (log.arrived <= log.started) & (log.started <= log.ended)
    is_right &= log.ended < np.inf
    if not is_right.all():
        row = int(np.argmin(is_right))
        raise InconsistentLog(
            f"{log.station}: visit {row} has arrived {log.arrived[row]:g},"
            f" started {log.started[row]:g}, ended {log.ended[row]:g}"
        )


def _check_servers(log: Visits, servers: int) -> None:
    busy = _count_at(log.started, log.started, log.ended)
    worst = int(np.argmax(busy)) if len(busy) else 0
    if len(busy) and busy[worst] > servers:
        raise InconsistentLog(
            f"{log.station}: {busy[worst]} in service at {log.started[worst]:g} s,"
            f" {servers} servers"
        )


def _check_order_of_starts(log: Visits) -> None:
    order = np.lexsort((log.started, log.arrived))
    arrived, started = log.arrived[order], log.started[order]
    overtaken = np.flatnonzero(np.diff(started) < 0)
    if len(overtaken):
        row = int(overtaken[0])
        raise InconsistentLog(
            f"{log.station}: the arrival of {arrived[row + 1]:g} s was served before that"
            f" of {arrived[row]:g} s"
        )


def _count_at(times: Instants, begun: Instants, over: Instants) -> Counts:
    """Return how many intervals [begun, over) hold each instant."""
    has_begun = np.searchsorted(np.sort(begun), times, side="right")
    is_over = np.searchsorted(np.sort(over), times, side="right")
    return has_begun - is_over
