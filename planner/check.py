"""`check`: everything about a study that can be found wrong before it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.errors import CoeError
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner.cost import Cost, cost_of, require_affordable
from coe_twin.planner.demand import Demand, demand_of
from coe_twin.planner.twin import Twin, TwinSpec, world_of

PERIODS: Final = (
    "heat.step_s",
    "magnum.poll_interval_s",
    "nova.host_report_interval_s",
    "rally.poll_interval_s",
)
"""What is done over and over: at a period of 0 virtual time would stand still."""

PERIOD_MIN_S: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDemand:
    """One row, what a cluster of it asks for, and which limits stand against it."""

    row: Row
    demand: Demand
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasible:
    """A study that can be run."""

    rows: tuple[RowDemand, ...]
    cost: Cost


def check(study: Study) -> Feasible:
    """Return what `study` asks for and what it costs.

    Raises:
        InvalidInput: it cannot be run, or costs more than its own limit.
    """
    spec = world_of(study, replication=0)
    _require_periods(spec.parameters)
    _require_world(spec)
    rows = tuple(_demands(study, spec))
    cost = cost_of(study, spec, [asked.demand for asked in rows])
    require_affordable(study, spec, cost)
    return Feasible(rows=rows, cost=cost)


def _require_periods(parameters: ParameterSet) -> None:
    for name in PERIODS:
        value = parameters.mean(name)
        if value < PERIOD_MIN_S:
            problem = f"accepted for a period is a number >= {PERIOD_MIN_S:g}"
            raise InvalidInput(problem, field=name, value=value)


def _require_world(spec: TwinSpec) -> None:
    """Build the world once, for what only building it can find."""
    try:
        Twin(spec, is_recording=False)
    except InvalidInput:
        raise
    except (CoeError, ValueError, ArithmeticError) as error:
        raise InvalidInput(f"the world cannot be built: {error}") from None


def _demands(study: Study, spec: TwinSpec) -> Iterator[RowDemand]:
    for index, row in enumerate(study.rows):
        try:
            demand = demand_of(spec, row)
        except InvalidInput as error:
            raise error.within(field=f"rows[{index}]") from None
        yield RowDemand(row=row, demand=demand, warnings=tuple(demand.warnings(row, spec.setup)))
