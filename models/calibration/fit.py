"""Least squares on logarithms, with the prior belief as further residuals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from coe_twin.models.calibration.problem import NORMAL_95, Matrix, Problem, Vector

Logs = Callable[[Matrix], Matrix]
"""Logarithms of predictions (n, rows) at coordinates (n, k)."""

Mask = NDArray[np.bool_]

STEP: Final = 0.02
"""The step of a difference quotient [standard deviations of the prior]."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What a fit is drawn to: logarithms of the rows, and the centre of the prior."""

    logs: Vector
    centre: Vector


def belief_of(problem: Problem) -> Belief:
    """Return what was observed, and the prior as it is."""
    return Belief(problem.logs, np.zeros(len(problem.free)))


class Fitter:
    """Fits on one surface; `kept` is a mask of the rows that it looks at."""

    def __init__(self, problem: Problem, logs: Logs, kept: Mask) -> None:
        self._logs = logs
        self._kept = kept
        self._scales = problem.log_sds[kept]
        self._dimensions = len(problem.free)

    def residuals(self, coordinates: Vector, belief: Belief) -> Vector:
        """Return the misses of rows and prior, each in its standard deviations."""
        logs = self._logs(coordinates[np.newaxis, :])[0]
        rows = (logs - belief.logs)[self._kept] / self._scales
        return np.concatenate([rows, coordinates - belief.centre])

    def best(self, starts: Matrix, belief: Belief) -> Vector:
        """Return the coordinates of the least squares from the best of `starts` (n, k).

        Branch, Coleman and Li's trust region (`scipy.optimize.least_squares`, "trf").
        """
        found = [self._from(start, belief) for start in starts]
        return min(found, key=lambda one: one[0])[1]

    def _from(self, start: Vector, belief: Belief) -> tuple[float, Vector]:
        inside = np.clip(start, -NORMAL_95 + 1e-6, NORMAL_95 - 1e-6)
        fit = least_squares(
            self.residuals,
            inside,
            jac=self._slopes,
            bounds=(-NORMAL_95, NORMAL_95),
            args=(belief,),
        )
        return float(fit.cost), fit.x

    def _slopes(self, coordinates: Vector, _belief: Belief) -> Matrix:
        return np.vstack([self.jacobian(coordinates), np.eye(self._dimensions)])

    def jacobian(self, coordinates: Vector) -> Matrix:
        """Return how the rows move, in their standard deviations, per standard deviation (n, k)."""
        steps = np.eye(self._dimensions) * STEP
        difference = self._logs(coordinates + steps) - self._logs(coordinates - steps)
        slopes = difference[:, self._kept].T / (2.0 * STEP)
        return np.asarray(slopes / self._scales[:, np.newaxis])
