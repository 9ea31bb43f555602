"""A response surface in place of a simulation that is too slow to be called thousands of times.

Through the logarithms of what the simulation predicts at some points goes a quadratic plus
thin-plate splines. How far the surface can be trusted is measured: each point is left out
in turn and predicted from the others.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.stats import qmc

from coe_twin.models.calibration.problem import NORMAL_95, Matrix, Vector
from coe_twin.models.randomness import stream

SMOOTHINGS: Final = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""How much a surface may miss its points; the one that predicts left-out points best is taken."""


def design(dimensions: int, count: int, seed: int, reach: float = NORMAL_95) -> Matrix:
    """Return `count` points that fill the box from -`reach` to `reach` evenly.

    Returns:
        Coordinates, shape (count, dimensions): a Latin hypercube, the same for the same seed.

    Source:
        McKay, Beckman and Conover 1979, "A comparison of three methods for selecting values of
        input variables", Technometrics 21(2).
    """
    draws = stream(seed, 0, f"calibration design {dimensions} {count}")
    unit = qmc.LatinHypercube(dimensions, rng=draws, optimization="random-cd").random(count)
    return (2.0 * unit - 1.0) * reach


def terms(dimensions: int) -> int:
    """Return how many coefficients a quadratic in so many dimensions has."""
    return (dimensions + 1) * (dimensions + 2) // 2


@dataclass(frozen=True, slots=True)
class _Surface:
    """One row's surface, and the spread of its misses at left-out points [-]."""

    spline: RBFInterpolator
    spread: float


class Surrogate:
    """Surfaces through the predictions of every row.

    Attributes:
        spreads: per row, the standard deviation of the miss at a left-out point [-].
    """

    def __init__(self, points: Matrix, logs: Matrix) -> None:
        """Build it from coordinates (n, k) and logarithms of predictions (n, rows).

        A prediction that is NaN is left out of its row's surface.
        """
        self._surfaces = [_best(points, column) for column in logs.T]
        self.spreads: Vector = np.array([one.spread for one in self._surfaces])

    def __call__(self, points: Matrix) -> Matrix:
        """Return logarithms, shape (n, rows), at coordinates of shape (n, k)."""
        return np.column_stack([one.spline(points) for one in self._surfaces])


def _best(points: Matrix, values: Vector) -> _Surface:
    known = np.isfinite(values)
    points, values = points[known], values[known]
    tried = [(_left_out(points, values, smoothing), smoothing) for smoothing in SMOOTHINGS]
    spread, smoothing = min(tried)
    return _Surface(_spline(points, values, smoothing), spread)


def _left_out(points: Matrix, values: Vector, smoothing: float) -> float:
    """Return the root mean square of the misses at points that were left out in turn."""
    misses = []
    for index in range(len(points)):
        kept = np.arange(len(points)) != index
        spline = _spline(points[kept], values[kept], smoothing)
        misses.append(float(spline(points[index : index + 1])[0] - values[index]))
    return float(np.sqrt(np.mean(np.square(misses))))


def _spline(points: Matrix, values: Vector, smoothing: float) -> RBFInterpolator:
    is_enough = len(points) > terms(points.shape[1])
    return RBFInterpolator(
        points,
        values,
        kernel="thin_plate_spline",
        smoothing=smoothing,
        degree=2 if is_enough else 1,
    )
