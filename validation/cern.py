"""The page of CERN's set-up: docs/validation/cern-2016.md, and its plot."""

from models.calibration.record import CalibrationRecord
from models.parameters import load_parameters
from validation.page import notes, parameters_table, residual_plot, rows_table

SET = "cern-2016"

INTRODUCTION = """\
# CERN 2016: six creation times

The six rows are those of Trigazis, "OpenStack Magnum @CERN", FOSDEM 2017: mean minutes to create
clusters of 2 to 1000 nodes, so many at a time, as Rally reports them. They are rounded to halves,
which counts as known measurement error: an error inside the rounding is none.

The fit is that of

    coe-twin calibrate cern-deployment --setup cern-2016 --free FREE -o FILE

and this page is made from what it left in `models/parameters/cern-2016.json` by `make validation`.
"""

CANNOT_TELL = """\
## What the data cannot tell

- Six means without spread, number of runs or error bars, and five free parameters: a small error of
  the fit proves little. The errors of fits that did not see the row are the ones to look at.
- The rows are those of one installation in one summer. That Heat ran its legacy engine, and how
  many cores and workers the controllers had, is assumed in the set-up and not fitted.
- Boot and bootstrap of a guest are seen only as their sum and its spread: image, cloud-init and
  docker cannot be told apart here.
- A walker that takes long for each nested stack, and a database that makes it wait, look the same
  from outside: `heat.nested_wait_s` stands for both.
"""

LEGEND = """\
A dot is the error of the fit and the bar where 95 % of measurements would lie, a ring the error of
a fit that did not see the row; the grey band is the rounding.
"""


def record() -> CalibrationRecord:
    """Return the calibration behind the shipped parameter set."""
    found = load_parameters(SET).calibration
    assert found is not None, f"{SET} is a fitted set"
    return found


def page() -> str:
    """Return the page."""
    fitted = record()
    names = ",".join(one.name for one in fitted.free)
    return "\n".join(
        [
            INTRODUCTION.replace("FREE", names),
            f"## Parameters\n\n{parameters_table(fitted)}\n",
            f"## Rows\n\n{rows_table(fitted)}\n",
            "![How far each prediction is from the published minutes](cern-2016.svg)\n",
            LEGEND,
            f"{notes(fitted)}\n",
            CANNOT_TELL,
        ]
    )


def plot() -> str:
    """Return the plot."""
    return residual_plot(record().rows)
