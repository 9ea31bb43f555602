"""`check`: everything about a scenario that can be found wrong before it runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.errors import CoeError
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.scenario import Row, Scenario
from coe_twin.planner.cost import Cost, cost_of, require_affordable
from coe_twin.planner.demand import Demand, demand_of
from coe_twin.planner.replicate import spec_of
from coe_twin.planner.twin import Twin, TwinSpec

PERIODS: Final = (
    "heat.step_s",
    "magnum.poll_interval_s",
    "nova.host_report_interval_s",
    "rally.poll_interval_s",
)
"""What is done over and over: at a period of 0 virtual time would stand still."""

PERIOD_MIN_S: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One row, what a cluster of it asks for, and which limits stand against it."""

    row: Row
    demand: Demand
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A scenario that can be run."""

    rows: tuple[Asked, ...]
    cost: Cost


def check(scenario: Scenario) -> Checked:
    """Return what `scenario` asks for and what it costs.

    Raises:
        InvalidInput: it cannot be run, or costs more than its own limit.
    """
    spec = spec_of(scenario, replication=0)
    _require_periods(spec.parameters)
    _require_world(spec)
    rows = tuple(_asked(scenario, spec))
    cost = cost_of(scenario, spec, [asked.demand for asked in rows])
    require_affordable(scenario, spec, cost)
    return Checked(rows=rows, cost=cost)


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


def _asked(scenario: Scenario, spec: TwinSpec) -> Iterator[Asked]:
    for index, row in enumerate(scenario.rows):
        try:
            demand = demand_of(spec, row)
        except InvalidInput as error:
            raise error.within(field=f"rows[{index}]") from None
        yield Asked(row=row, demand=demand, warnings=tuple(demand.warnings(row, spec.setup)))
