"""The page of a set-up whose parameters were fitted: what went in, what came out, how far off."""

from typing import Final

from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.parameters import load_parameters
from validation.page import notes, parameters_table, residual_plot, rows_table

LEGEND: Final = """\
A dot is the error of the fit and the bar where 95 % of measurements would lie, a ring the error of
a fit that did not see the row; the grey band is the rounding.
"""


def record(name: str) -> CalibrationRecord:
    """Return the calibration behind a shipped parameter set."""
    found = load_parameters(name).calibration
    assert found is not None, f"{name} is a fitted set"
    return found


def page(name: str, introduction: str, cannot_tell: str) -> str:
    """Return the page of the parameter set `name`; FREE stands for what was free."""
    fitted = record(name)
    names = ",".join(one.name for one in fitted.free)
    return "\n".join([introduction.replace("FREE", names), results(fitted, name), cannot_tell])


def results(fitted: CalibrationRecord, name: str) -> str:
    """Return tables, the plot of that name, and what must be known to read them."""
    return "\n".join(
        [
            f"## Parameters\n\n{parameters_table(fitted)}\n",
            f"## Rows\n\n{rows_table(fitted)}\n",
            f"![How far each prediction is from what was measured]({name}.svg)\n",
            LEGEND,
            f"{notes(fitted)}\n",
        ]
    )


def plot(name: str) -> str:
    """Return the plot of the parameter set `name`."""
    return residual_plot(record(name).rows)
