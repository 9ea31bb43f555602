"""What a report shows of one replication: when each node came up, and what was busy."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.recorder import Recorder

BINS: Final = 120
"""Points of a utilisation curve: enough for a screen's width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTimes:
    """Instants in the life of one server [s]; None for what did not happen."""

    name: str
    accepted_at: float
    active_at: float | None
    signalled_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One replication, seen from close.

    `utilisation` gives the busy share of each station's servers in [0, 1], one value for
    each of the equal parts into which `horizon_s` [s] is cut.
    """

    horizon_s: float
    nodes: tuple[NodeTimes, ...]
    utilisation: dict[str, tuple[float, ...]]


def detail_of(twin: Twin) -> Detail:
    """Return the detail of a run that has ended and was recorded."""
    assert twin.recorder is not None, "detail needs a recording"
    horizon = float(twin.runtime.now())
    nodes = tuple(
        NodeTimes(
            name=name,
            accepted_at=times[0],
            active_at=times[1] if len(times) > 1 else None,
            signalled_at=times[2] if len(times) > 2 else None,  # noqa: PLR2004 - the third
        )
        for name, times in twin.recorder.milestones.items()
    )
    curves = utilisation(twin.recorder, twin.cloud.substrate.capacities(), horizon)
    return Detail(horizon_s=horizon, nodes=nodes, utilisation=curves)


def utilisation(
    recorder: Recorder, capacities: dict[str, int], horizon: float, bins: int = BINS
) -> dict[str, tuple[float, ...]]:
    """Return the busy share per station and time bin, for stations with known servers."""
    log = recorder.columns()
    edges = np.linspace(0.0, horizon, bins + 1)
    curves = {}
    for name, servers in capacities.items():
        rows = log[log["station"] == recorder.index(name)]
        busy = _busy(rows["started"], rows["ended"], edges)
        curves[name] = tuple(float(v) for v in busy / (servers * horizon / bins))
    return curves


def _busy(
    started: NDArray[np.float64], ended: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the seconds of service that fall between each two edges, shape (bins,).

    The service done up to an instant t is the sum over all services of
    max(0, t - start) - max(0, t - end), which sorted starts and ends give by two look-ups.
    """
    return np.diff(_elapsed(np.sort(started), edges) - _elapsed(np.sort(ended), edges))


def _elapsed(instants: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of max(0, t - instant) over sorted `instants`, for each t of `at`."""
    sums = np.concatenate(([0.0], np.cumsum(instants)))
    count = np.searchsorted(instants, at)
    elapsed: NDArray[np.float64] = at * count - sums[count]
    return elapsed
