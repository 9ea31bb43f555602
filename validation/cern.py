"""The page of CERN's set-up: docs/validation/cern-2016.md, and its plot."""

from typing import Final

from validation import fitted

SET: Final = "cern-2016"

INTRODUCTION: Final = """\
# CERN 2016: six creation times

The six rows are those of Trigazis, "OpenStack Magnum @CERN", FOSDEM 2017: mean minutes to create
clusters of 2 to 1000 nodes, so many at a time, as Rally reports them. They are rounded to halves,
which counts as known measurement error: an error inside the rounding is none.

The fit is that of

    coe-twin calibrate cern-deployment --setup cern-2016 --free FREE --points 30 -o FILE

and this page is made from what it left in `models/parameters/cern-2016.json` by `make validation`.
"""

CANNOT_TELL: Final = """\
## What the data cannot tell

- Of the five, the rows tell two: how long a guest boots, and how long a walker waits for each
  nested stack. The other three stay nearly where the prior had them, and move against each other.
- Six means without spread, number of runs or error bars, and five free parameters: a small error of
  the fit proves little. The errors of fits that did not see the row are the ones to look at.
- The rows are those of one installation in one summer. That Heat ran its legacy engine, and how
  many cores and workers the controllers had, is assumed in the set-up and not fitted.
- Boot and bootstrap of a guest are seen only as their sum and its spread: image, cloud-init and
  docker cannot be told apart here.
- A walker that takes long for each nested stack, and a database that makes it wait, look the same
  from outside: `heat.nested_wait_s` stands for both.
"""


def page() -> str:
    """Return the page."""
    return fitted.page(SET, INTRODUCTION, CANNOT_TELL)


def plot() -> str:
    """Return the plot."""
    return fitted.plot(SET)
