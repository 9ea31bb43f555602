"""Calibrate a model: from what was observed to values, intervals, and how wrong it still is.

The model is a simulation that is too slow to be called thousands of times, so it is called at
the points of a Latin hypercube, then around the best fit so far, and all else happens on a
response surface through those points (`models.calibration.surrogate`). What is reported as
the error of a row was simulated again at the best fit, not read off the surface.

Intervals are those of the parametric bootstrap: rows and prior are drawn again around their
values, within their standard deviations, and the fit is repeated. Where a model is linear in
its logarithms that is the posterior distribution (Bardsley, Solonen, Haario and Laine 2014,
"Randomize-then-optimize", SIAM Journal on Scientific Computing 36(4)). On request they are
those of Markov chains (`models.calibration.posterior`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coe_twin.models.calibration.fit import Belief, Fitter, Mask, belief_of
from coe_twin.models.calibration.identifiability import Direction, directions, learned
from coe_twin.models.calibration.posterior import Sample, walk
from coe_twin.models.calibration.problem import NORMAL_95, Matrix, Model, Point, Problem, Vector
from coe_twin.models.calibration.surrogate import Surrogate, design, terms
from coe_twin.models.randomness import stream
from coe_twin.models.statistics import Interval

SAMPLES: Final = 300
"""Repetitions of the bootstrap; the ends of a 95 % interval are then known to about 10 % of it."""

POSTERIOR_SAMPLES: Final = 2000
"""Draws of the posterior, which cost less each."""

NEAR: Final = 0.4
"""How far a further point lies from the best fit at most [standard deviations of the prior]."""

CLOSE: Final = 0.01
"""The miss of the surface at the best fit [-] below which no further points are asked for."""

ROUNDS_MAX: Final = 4
STARTS: Final = 6

Progress = Callable[[int, int], None]
"""Is told how many of at most how many points are simulated."""


class NotSeen(Exception):
    """No row depends on a free parameter; the text is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One parameter after the fit.

    `interval` holds it with 95 % probability; `learned` is the share of the prior's variance
    that the data took away [-]; at the bound the data ask for more than the prior allows.
    """

    name: str
    value: float
    interval: Interval
    learned: float
    is_at_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFit:
    """One row after the fit, in the row's unit.

    Attributes:
        predicted: simulated with the fitted values.
        interval: 95 % of measurements lie in it, if the model's discrepancy is as assumed.
        left_out: simulated with values that were fitted without this row; None if the row was
            held out anyway.
    """

    predicted: float
    interval: Interval
    left_out: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a calibration found.

    Attributes:
        misfit: root mean square of the fitted rows' misses, in their standard deviations [-];
            above 1 the intervals are widened by it.
        surface_miss: the largest miss of the surface at the best fit [-].
        samples: coordinates of the bootstrap or the posterior, shape (samples, parameters).
        is_settled: False where Markov chains ended before they could be believed.
        evaluations: points that were simulated.
    """

    problem: Problem
    parameters: tuple[Fitted, ...]
    rows: tuple[RowFit, ...]
    directions: tuple[Direction, ...]
    misfit: float
    surface_miss: float
    samples: Matrix
    is_settled: bool
    evaluations: int

    @property
    def point(self) -> Point:
        """The fitted values by name."""
        return {one.name: one.value for one in self.parameters}


def calibrate(
    problem: Problem,
    model: Model,
    *,
    seed: int,
    points: int | None = None,
    samples: int | None = None,
    is_posterior: bool = False,
    progress: Progress = lambda _done, _most: None,
) -> Calibration:
    """Fit `problem` to `model`; the same for the same seed.

    Args:
        problem: what may move, and what was observed.
        model: what predicts.
        seed: of the points that are simulated, and of the bootstrap.
        points: how many points are simulated before the first fit; by default 2.5 times
            the coefficients of a quadratic.
        samples: repetitions of the bootstrap (by default 300), or draws of the posterior (2000).
        is_posterior: whether intervals are those of Markov chains; needs emcee.
        progress: told after each round.

    Raises:
        NotSeen: no fitted row depends on one of the parameters.
    """
    search = _Search(problem, model, seed, progress)
    search.begin(points or _enough(len(problem.free)))
    best = search.refined()
    report = _Report(search, best, seed)
    if is_posterior:
        return report.calibration(report.walked(samples or POSTERIOR_SAMPLES))
    return report.calibration(report.bootstrapped(samples or SAMPLES))


def _enough(dimensions: int) -> int:
    return max(2 * dimensions + 3, (5 * terms(dimensions)) // 2)


class _Search:
    """The points that were simulated, and the surface through them."""

    def __init__(self, problem: Problem, model: Model, seed: int, progress: Progress) -> None:
        self.problem = problem
        self._model = model
        self._seed = seed
        self._progress = progress
        self._rounds = 0
        self._most = 0
        self.points: Matrix = np.empty((0, len(problem.free)))
        self.logs: Matrix = np.empty((0, len(problem.rows)))
        self.surface_miss = float("inf")

    @property
    def dimensions(self) -> int:
        return len(self.problem.free)

    def begin(self, count: int) -> None:
        """Simulate the ends of each parameter, then a Latin hypercube.

        Raises:
            NotSeen: a parameter's ends give the same, to the last digit, in all fitted rows.
        """
        self._most = count + 2 * self.dimensions + ROUNDS_MAX * (1 + self._around())
        ends = np.vstack([np.eye(self.dimensions), -np.eye(self.dimensions)]) * NORMAL_95
        self.simulate(ends)
        seen = self.logs[:, self.problem.fitted]
        for index, one in enumerate(self.problem.free):
            if np.array_equal(seen[index], seen[index + self.dimensions], equal_nan=True):
                raise NotSeen(one.name)
        self.simulate(design(self.dimensions, count, self._seed))

    def refined(self) -> Vector:
        """Return the best fit, after further points around the best fits before."""
        while True:
            surrogate = self.surrogate()
            fitter = Fitter(self.problem, surrogate, self.problem.fitted)
            best = fitter.best(self.starts(), belief_of(self.problem))
            simulated = self.simulate(best[np.newaxis, :])[0]
            miss = np.abs(surrogate(best[np.newaxis, :])[0] - simulated)[self.problem.fitted]
            self.surface_miss = float(np.max(miss))
            self._rounds += 1
            if self.surface_miss < CLOSE or self._rounds > ROUNDS_MAX:
                return best
            steps = design(self.dimensions, self._around(), self._seed + self._rounds, reach=NEAR)
            self.simulate(np.clip(best + steps, -NORMAL_95, NORMAL_95))

    def _around(self) -> int:
        return 2 * self.dimensions + 1

    def surrogate(self) -> Surrogate:
        return Surrogate(self.points, self.logs)

    def starts(self) -> Matrix:
        """Return the simulated points that fit best, and the prior's centre."""
        misses = (self.logs - self.problem.logs) / self.problem.log_sds
        known = np.where(np.isfinite(misses), misses, 1e3)[:, self.problem.fitted]
        costs = np.square(known).sum(axis=1) + np.square(self.points).sum(axis=1)
        nearest = self.points[np.argsort(costs, kind="stable")[:STARTS]]
        return np.vstack([nearest, np.zeros((1, self.dimensions))])

    def simulate(self, points: Matrix) -> Matrix:
        """Return the logarithms of what is predicted at `points`, and keep them."""
        predicted = self._model.evaluate([self.problem.point(one) for one in points])
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.asarray(predicted, dtype=np.float64).reshape(len(points), -1))
        logs[~np.isfinite(logs)] = np.nan
        self.points = np.vstack([self.points, points])
        self.logs = np.vstack([self.logs, logs])
        self._progress(len(self.points), max(self._most, len(self.points)))
        return logs

    def rows_alone(self, points: Sequence[Vector]) -> list[float]:
        """Return what is predicted of row i at point i, in its unit."""
        values = [self.problem.point(one) for one in points]
        return [float(one) for (one,) in self._model.evaluate(values, range(len(points)))]


class _Report:
    """From the best fit to what is said of it."""

    def __init__(self, search: _Search, best: Vector, seed: int) -> None:
        self._search = search
        self._problem = search.problem
        self._best = best
        self._surrogate = search.surrogate()
        self._fitter = Fitter(self._problem, self._surrogate, self._problem.fitted)
        self._draws = stream(seed, 0, "calibration bootstrap")
        residuals = self._fitter.residuals(best, belief_of(self._problem))
        rows = residuals[: int(self._problem.fitted.sum())]
        self._misfit = float(np.sqrt(np.mean(np.square(rows))))

    def calibration(self, sample: Sample) -> Calibration:
        samples = sample.points
        jacobian = self._fitter.jacobian(self._best)
        return Calibration(
            problem=self._problem,
            parameters=self._parameters(samples, learned(jacobian)),
            rows=self._rows(samples),
            directions=directions(jacobian, self._problem.free),
            misfit=self._misfit,
            surface_miss=self._search.surface_miss,
            samples=samples,
            is_settled=sample.is_settled,
            evaluations=len(self._search.points),
        )

    def _widened(self) -> Vector:
        """Return the standard deviation of each logarithm, widened by the misfit [-]."""
        return self._problem.log_sds * max(1.0, self._misfit)

    def walked(self, count: int) -> Sample:
        """Return coordinates that Markov chains drew from the posterior."""
        problem, kept = self._problem, self._problem.fitted
        scales = self._widened()[kept]

        def density(points: Matrix) -> Vector:
            rows = (self._surrogate(points) - problem.logs)[:, kept] / scales
            squares = np.square(rows).sum(axis=1) + np.square(points).sum(axis=1)
            return np.asarray(-0.5 * squares)

        return walk(density, self._best, count, self._draws)

    def bootstrapped(self, count: int) -> Sample:
        """Return coordinates of fits to rows and prior that were drawn again."""
        problem, widened = self._problem, self._widened()
        shape = (count, len(problem.rows) + len(problem.free))
        deviates = self._draws.standard_normal(shape)
        rows = len(problem.rows)
        starts = self._best[np.newaxis, :]
        fits = [
            self._fitter.best(starts, Belief(problem.logs + widened * one[:rows], one[rows:]))
            for one in deviates
        ]
        return Sample(np.array(fits))

    def _parameters(self, samples: Matrix, taken: Vector) -> tuple[Fitted, ...]:
        fitted = []
        for index, one in enumerate(self._problem.free):
            coordinate = float(self._best[index])
            low, high = np.quantile(samples[:, index], [0.025, 0.975])
            ends = (one.value(min(low, coordinate)), one.value(max(high, coordinate)))
            fitted.append(
                Fitted(
                    name=one.name,
                    value=one.value(coordinate),
                    interval=Interval(*ends),
                    learned=float(taken[index]),
                    is_at_bound=abs(coordinate) > NORMAL_95 - 0.01,
                )
            )
        return tuple(fitted)

    def _rows(self, samples: Matrix) -> tuple[RowFit, ...]:
        predicted = np.exp(self._search.logs[self._nearest()])
        intervals = self._intervals(samples, np.log(predicted))
        left_out = self._left_out()
        return tuple(
            RowFit(predicted=float(one), interval=interval, left_out=left)
            for one, interval, left in zip(predicted, intervals, left_out, strict=True)
        )

    def _nearest(self) -> int:
        """Return which simulated point is the best fit."""
        return int(np.argmin(np.abs(self._search.points - self._best).sum(axis=1)))

    def _intervals(self, samples: Matrix, logs: Vector) -> list[Interval]:
        """Return the interval of a further measurement of each row."""
        spread = np.hypot(self._widened(), self._surrogate.spreads)
        noise = self._draws.standard_normal((len(samples), len(logs))) * spread
        there = self._surrogate(self._best[np.newaxis, :])[0]
        ends = np.quantile(self._surrogate(samples) - there + logs + noise, [0.025, 0.975], axis=0)
        return [Interval(float(low), float(high)) for low, high in np.exp(ends).T]

    def _left_out(self) -> list[float | None]:
        """Return what is predicted of each fitted row by a fit that did not see it."""
        fitted = np.flatnonzero(self._problem.fitted)
        points = [self._best] * len(self._problem.rows)
        for row in fitted:
            points[row] = self._without(int(row))
        alone = self._search.rows_alone(points)
        return [
            value if row.is_fitted else None
            for value, row in zip(alone, self._problem.rows, strict=True)
        ]

    def _without(self, row: int) -> Vector:
        kept: Mask = self._problem.fitted.copy()
        kept[row] = False
        fitter = Fitter(self._problem, self._surrogate, kept)
        starts = np.vstack([self._best[np.newaxis, :], self._search.starts()])
        return fitter.best(starts, belief_of(self._problem))
