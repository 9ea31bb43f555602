"""What one calibration of CERN's set-up costs."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coe_twin.models.calibration.data_files import of_scenario
from coe_twin.models.scenario import Scenario
from coe_twin.planner.calibration import Fit, fit
from coe_twin.planner.pool import process_pool

SCENARIO: Final = Path(__file__).parents[1] / "scenarios" / "cern-deployment.yaml"
PROCESSES: Final = 2
POINTS: Final = 30


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU time and wall time [s] of a calibration that simulated so many points."""

    cpu_s: float
    wall_s: float
    points: int


def cern() -> Spent:
    """Return what the calibration behind the shipped parameters costs, from nothing."""
    scenario = Scenario.load(SCENARIO)
    study = scenario.resolve()
    record = study.parameters.calibration
    assert record is not None, "the shipped set is fitted"
    asked = Fit(
        study=study.model_copy(update={"seed": record.seed, "replications": record.replications}),
        data=of_scenario(scenario),
        free={one.name: None for one in record.free},
        points=POINTS,
    )
    before, began = _cpu_s(), time.monotonic()
    with process_pool(PROCESSES) as pool:
        found = fit(asked, executor=pool)
    wall = time.monotonic() - began
    return Spent(_cpu_s() - before, wall, found.calibration.evaluations)


def _cpu_s() -> float:
    """Return the CPU time of this process and of its children that ended [s]."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
