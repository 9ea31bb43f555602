"""Calibration on a model that is known in closed form."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from coe_twin.models.calibrate import Calibration, NotSeen, calibrate
from coe_twin.models.calibration.problem import NORMAL_95, Free, Observed, Point, Problem

SIZES = (2, 16, 32, 128, 512, 1000)
TRUTH = {"start": 2.3, "growth": 0.25, "each": 0.02}
FREE = (
    Free(name="start", unit="min", low=0.5, high=8.0),
    Free(name="growth", unit="min", low=0.05, high=1.0),
    Free(name="each", unit="min", low=0.002, high=0.1),
)
PRODUCT = tuple(Free(name=name, unit="s", low=0.1, high=10.0) for name in "ab")
SEEDS = range(20)
SAMPLES = 120


class Curve:
    """Minutes that grow as CERN's do; `others` are parameters that no row depends on."""

    def __init__(self) -> None:
        self.calls = 0

    def evaluate(
        self, points: Sequence[Point], only: Sequence[int] | None = None
    ) -> list[list[float]]:
        self.calls += len(points)
        if only is not None:
            pairs = zip(points, only, strict=True)
            return [[minutes(point, SIZES[row])] for point, row in pairs]
        return [[minutes(point, size) for size in SIZES] for point in points]


def minutes(point: Point, size: int) -> float:
    return point["start"] + point["growth"] * math.log2(size) + point["each"] * size


def problem(noise: float, seed: int, discrepancy: float = 0.05) -> Problem:
    """Return rows of the truth, each off by a normal deviate of its logarithm."""
    deviates = np.random.default_rng(seed).standard_normal(len(SIZES))
    rows = tuple(
        Observed(
            label=f"{size} nodes", value=minutes(TRUTH, size) * math.exp(noise * one), unit="min"
        )
        for size, one in zip(SIZES, deviates.tolist(), strict=True)
    )
    return Problem(free=FREE, rows=rows, discrepancy=discrepancy)


def held_out(problem: Problem, labels: Sequence[str]) -> Problem:
    """Return `problem` with the rows of these labels held out of the fit."""
    rows = tuple(
        replace(row, is_fitted=row.is_fitted and row.label not in labels) for row in problem.rows
    )
    return replace(problem, rows=rows)


def fitted(asked: Problem, seed: int = 1) -> Calibration:
    return calibrate(asked, Curve(), seed=seed, samples=SAMPLES)


def relative_width(found: Calibration, name: str) -> float:
    (one,) = (one for one in found.parameters if one.name == name)
    return math.log(one.interval.high / one.interval.low)


@pytest.mark.slow
@pytest.mark.no_cover
def test_known_parameters_lie_in_their_intervals() -> None:
    """In 60 intervals of 95 %, as often as chance allows; and they are far from the prior."""
    found = [fitted(problem(noise=0.05, seed=seed)) for seed in SEEDS]
    covered = sum(one.interval.covers(TRUTH[one.name]) for each in found for one in each.parameters)
    # Three intervals of one fit are not independent: the bound is that of twenty times one.
    least = 3 * int(stats.binom.ppf(0.001, len(SEEDS), 0.95))
    assert covered >= least, f"{covered} of {3 * len(SEEDS)}, at least {least}"
    for each in found:
        assert relative_width(each, "each") < 0.3 * math.log(0.1 / 0.002)


def test_exact_rows_give_back_the_truth() -> None:
    """Where the data are exact and the belief in the model is strong, the fit is close."""
    found = fitted(problem(noise=0.0, seed=0, discrepancy=0.005))
    for one in found.parameters:
        assert one.value == pytest.approx(TRUTH[one.name], rel=0.05), one.name
        assert one.learned > 0.95
        assert not one.is_at_bound
    for row, fit in zip(problem(0.0, 0).rows, found.rows, strict=True):
        assert fit.predicted == pytest.approx(row.value, rel=0.01)
        assert fit.interval.covers(row.value)


def test_the_same_seed_gives_the_same() -> None:
    first, second = (fitted(problem(noise=0.05, seed=3), seed=7) for _ in range(2))
    assert first.point == second.point
    assert first.rows == second.rows
    assert np.array_equal(first.samples, second.samples)


def test_noise_widens_the_intervals() -> None:
    """Rows of which less is believed tell less."""
    sure, unsure = (fitted(problem(0.0, 0, discrepancy)) for discrepancy in (0.02, 0.2))
    for one in FREE:
        assert relative_width(unsure, one.name) > 1.5 * relative_width(sure, one.name)


def test_missing_rows_widen_the_intervals() -> None:
    """Without the large sizes little is known of what a node costs."""
    whole = problem(noise=0.0, seed=0)
    small = held_out(whole, ["128 nodes", "512 nodes", "1000 nodes"])
    assert relative_width(fitted(small), "each") > 3.0 * relative_width(fitted(whole), "each")


def test_rows_that_are_held_out_do_not_matter() -> None:
    """However wrong they are."""
    whole = problem(noise=0.0, seed=0)
    absurd = replace(whole, rows=(*whole.rows[:-1], replace(whole.rows[-1], value=1e6)))
    first, second = (fitted(held_out(one, ["1000 nodes"])) for one in (whole, absurd))
    assert first.point == second.point
    assert first.rows[-1].left_out is None
    assert first.rows[-1].predicted == second.rows[-1].predicted


def test_what_the_data_cannot_tell_is_said() -> None:
    """Two rows see two directions of three; the third is named, and hardly learned."""
    asked = held_out(problem(noise=0.0, seed=0), [f"{size} nodes" for size in SIZES[2:]])
    found = fitted(asked)
    unseen = [way for way in found.directions if not way.is_seen]
    assert unseen
    assert "each" in str(unseen[-1])
    (each,) = (one for one in found.parameters if one.name == "each")
    assert each.learned < 0.5


def test_a_parameter_that_no_row_depends_on_is_refused() -> None:
    idle = Free(name="idle", unit="s", low=1.0, high=2.0)
    asked = problem(noise=0.0, seed=0)
    with pytest.raises(NotSeen, match=r"^idle$"):
        calibrate(replace(asked, free=(*FREE, idle)), Curve(), seed=1, samples=SAMPLES)


def test_data_beyond_the_prior_end_at_its_bound() -> None:
    """The plausible range is not left, and the fit says that the data ask for more."""
    asked = problem(noise=0.0, seed=0)
    rows = tuple(replace(row, value=10.0 * row.value) for row in asked.rows)
    found = fitted(replace(asked, rows=rows))
    assert any(one.is_at_bound for one in found.parameters)
    assert found.misfit > 2.0


def test_rounding_is_no_error() -> None:
    row = Observed(label="2 nodes", value=2.5, unit="min", rounding=0.25)
    assert row.error(2.3) == 0.0
    assert row.error(2.75) == 0.0
    assert row.error(3.0) == pytest.approx(0.1)
    assert row.error(2.0) == pytest.approx(-0.1)
    assert row.log_sd(0.0) == pytest.approx(0.25 / math.sqrt(3.0) / 2.5)


def test_rows_without_a_prediction_are_left_out_of_the_surface() -> None:
    """Where nothing was created there is no time; the fit goes on with the other points."""

    class Gaps(Curve):
        def evaluate(
            self, points: Sequence[Point], only: Sequence[int] | None = None
        ) -> list[list[float]]:
            rows = super().evaluate(points, only)
            for point, row in zip(points, rows, strict=True):
                if only is None and point["each"] > 0.05:
                    row[-1] = math.nan
            return rows

    found = calibrate(problem(0.0, 0), Gaps(), seed=1, samples=SAMPLES)
    for one in found.parameters:
        assert one.value == pytest.approx(TRUTH[one.name], rel=0.25), one.name


class Powers:
    """Two rows: the product of two parameters, and the first alone."""

    def evaluate(
        self, points: Sequence[Point], only: Sequence[int] | None = None
    ) -> list[list[float]]:
        rows = [[one["a"] * one["b"], one["a"]] for one in points]
        return rows if only is None else [[each[i]] for each, i in zip(rows, only, strict=True)]


def posterior(discrepancy: float, value: float = 1.0) -> Calibration:
    """Return the posterior where the logarithms of the rows are linear in the coordinates."""
    rows = tuple(Observed(label=label, value=value, unit="s") for label in ("ab", "a"))
    asked = Problem(free=PRODUCT, rows=rows, discrepancy=discrepancy)
    return calibrate(asked, Powers(), seed=1, is_posterior=True)


def test_the_posterior_of_a_linear_model_is_the_normal_one() -> None:
    """Spread and correlation of the chains are those of Bayes' rule for normal deviates."""
    found = posterior(0.5)
    slopes = np.array([[1.0, 1.0], [1.0, 0.0]]) * PRODUCT[0].log_sd / 0.5
    exact = np.linalg.inv(slopes.T @ slopes + np.eye(2))
    assert found.is_settled
    assert np.abs(found.samples.mean(axis=0)).max() < 0.1
    assert np.allclose(np.cov(found.samples.T), exact, atol=0.1 * exact.max())


def test_the_same_seed_gives_the_same_chains() -> None:
    assert np.array_equal(posterior(0.1).samples, posterior(0.1).samples)


def test_a_posterior_at_the_end_of_a_range_stays_inside() -> None:
    """Rows that ask for more than the prior allows: the chains crowd at its end, and move."""
    found = posterior(0.02, value=50.0)
    assert any(one.is_at_bound for one in found.parameters)
    assert np.abs(found.samples).max() <= NORMAL_95
    assert found.samples.std(axis=0).min() > 0.0
