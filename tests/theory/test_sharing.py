"""Processor sharing in virtual time against its closed form.

The mean number present is that of M/M/c whatever the distribution of the services (Kelly 1979,
"Reversibility and Stochastic Networks", 3.3); what is recorded as wait is what others took.
"""

from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from coe_core.units import PerSecond, Seconds
from models.queueing import Flow, mmc_mean_wait
from models.statistics import Interval
from sim_driver.recorder import Recorder
from sim_driver.runtime import SimRuntime
from sim_driver.sharing import SharedMachine

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

UTILISATION = 0.8
ERROR = 1.03

Floats = NDArray[np.float64]
Visit = Callable[[float, int], Awaitable[None]]
Simulate = Callable[..., tuple[Floats, Floats]]
Estimate = Callable[[Floats, Floats], Interval]
Agree = Callable[[Interval, float, float], None]


def shared(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    share = SharedMachine(runtime, servers, recorder, 1.0).share("station")
    return lambda demand, _priority: share.visit(demand)


def by_processes(runtime: SimRuntime, servers: int, recorder: Recorder) -> Visit:
    """Return a service with fewer processes than its machine has cores."""
    workers = SharedMachine(runtime, 4 * servers, recorder, 1.0).workers("station", servers)
    return lambda demand, _priority: workers.visit(demand)


@pytest.mark.parametrize("opening", [shared, by_processes])
@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0], ids=["deterministic", "lognormal", "exponential"])
def test_the_mean_wait_is_that_of_processor_sharing(
    opening: Callable[[SimRuntime, int, Recorder], Visit],
    servers: int,
    scv: float,
    simulate: Simulate,
    estimate: Estimate,
    agree: Agree,
) -> None:
    """It depends on the mean of the services alone."""
    waits, controls = simulate(opening, UTILISATION * servers, servers, scv=scv)

    def mean_wait(rush: float) -> float:
        rate = PerSecond(UTILISATION * servers * rush)
        return mmc_mean_wait(Flow(arrival_rate=rate, mean_service_s=Seconds(1.0)), servers)

    agree(estimate(waits[:, 0], controls), mean_wait(1.0), mean_wait(ERROR))
