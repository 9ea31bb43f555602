"""What a calibration is about: which parameters may move, and what was observed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

NORMAL_95: Final = 1.959964
"""The standard normal deviate that 95 % of samples do not exceed in size."""

Vector = NDArray[np.float64]
"""Shape (k,)."""

Matrix = NDArray[np.float64]
"""Shape (n, k)."""

Point = Mapping[str, float]
"""A value for each free parameter, in its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """A quantity that may move, with the belief that came before the data.

    The belief is lognormal; `low` and `high` are the ends of its 95 % interval, which the
    fit does not leave. A *coordinate* of a value is its distance from the centre of this
    belief on the logarithmic scale, in standard deviations.
    """

    name: str
    unit: str
    low: float
    high: float

    @property
    def centre(self) -> float:
        """The median of the belief, in `unit`."""
        return math.sqrt(self.low * self.high)

    @property
    def log_sd(self) -> float:
        """The standard deviation of the logarithm [-]."""
        return math.log(self.high / self.low) / (2.0 * NORMAL_95)

    def value(self, coordinate: float) -> float:
        """Return the value at a coordinate."""
        return self.centre * math.exp(self.log_sd * coordinate)

    def coordinate(self, value: float) -> float:
        """Return the coordinate of a value > 0."""
        return math.log(value / self.centre) / self.log_sd


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was measured of one row.

    Attributes:
        label: what a reader calls the row.
        value: the measurement > 0, in `unit`.
        rounding: half of the step to which it was rounded before it was published, in `unit`.
        is_fitted: whether the fit may see it; else it is held out.
    """

    label: str
    value: float
    unit: str
    rounding: float = 0.0
    is_fitted: bool = True

    def log_sd(self, discrepancy: float) -> float:
        """Return the standard deviation [-] of the logarithm, rounding and model together.

        What was rounded is taken to lie anywhere within the rounding with equal probability.
        """
        rounding = self.rounding / math.sqrt(3.0) / self.value
        return math.hypot(rounding, discrepancy)

    def error(self, predicted: float) -> float:
        """Return by how much a prediction is off [-], 0 inside the rounding."""
        off = max(0.0, abs(predicted - self.value) - self.rounding)
        return math.copysign(off, predicted - self.value) / self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A calibration to be done.

    Attributes:
        free: what may move; at least one.
        rows: what was observed; at least one of them is fitted.
        discrepancy: standard deviation [-] of the logarithm of measured over predicted that
            is put down to the model itself, with the right parameters.
    """

    free: tuple[Free, ...]
    rows: tuple[Observed, ...]
    discrepancy: float

    def point(self, coordinates: Sequence[float] | Vector) -> dict[str, float]:
        """Return the values at some coordinates, one per free parameter."""
        pairs = zip(self.free, coordinates, strict=True)
        return {one.name: one.value(float(coordinate)) for one, coordinate in pairs}

    def coordinates(self, point: Point) -> Vector:
        """Return the coordinates of some values."""
        return np.array([one.coordinate(point[one.name]) for one in self.free])

    @property
    def logs(self) -> Vector:
        """The logarithm of each observation."""
        return np.log([row.value for row in self.rows])

    @property
    def log_sds(self) -> Vector:
        """The standard deviation of each logarithm [-]."""
        return np.array([row.log_sd(self.discrepancy) for row in self.rows])

    @property
    def fitted(self) -> NDArray[np.bool_]:
        """Which rows the fit may see."""
        return np.array([row.is_fitted for row in self.rows])


class Model(Protocol):
    """What predicts the rows; the same for the same point whenever it is asked."""

    def evaluate(
        self, points: Sequence[Point], only: Sequence[int] | None = None
    ) -> Sequence[Sequence[float]]:
        """Return, for each point, what is predicted of each row in its unit; NaN for nothing.

        Where `only` names a row for each point, of that row alone.
        """
