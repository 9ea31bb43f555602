import math
import operator
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from coe_twin.models.randomness import stream
from coe_twin.models.statistics import Interval, mean_interval, quantile_interval

EXPERIMENTS = 800


def coverage(interval: Callable[[list[float]], Interval], size: int, truth: float) -> float:
    """Return how often the interval of `size` standard exponentials covers `truth`."""
    samples = stream(20161025, 0, "coverage").exponential(size=(EXPERIMENTS, size))
    return float(np.mean([interval(row).covers(truth) for row in samples.tolist()]))


def test_the_mean_is_covered_as_often_as_promised() -> None:
    """Of 6000 experiments with 3 normal samples 95 % cover the mean, give or take 4 sigma."""
    samples = stream(20161025, 0, "normal").normal(5.0, 2.0, size=(6000, 3))
    covered = np.mean([mean_interval(row).covers(5.0) for row in samples.tolist()])
    assert abs(float(covered) - 0.95) < 4.0 * math.sqrt(0.95 * 0.05 / 6000)


def test_the_mean_of_skewed_samples_is_nearly_covered() -> None:
    """Creation times are skewed; 30 replications then lose a few per cent, not more."""
    assert 0.90 < coverage(mean_interval, 30, 1.0) < 0.97


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("quantile", "size"), [(0.5, 25), (0.9, 60), (0.95, 200)])
def test_a_quantile_is_covered_at_least_as_often_as_promised(
    quantile: float, size: int, level: float
) -> None:
    """Whatever the distribution; the interval is wider than needed only by whole ranks."""
    truth = -math.log1p(-quantile)
    covered = coverage(lambda row: quantile_interval(row, quantile, level), size, truth)
    slack = 4.0 * math.sqrt(level * (1.0 - level) / EXPERIMENTS)
    assert level - slack < covered < level + 0.11


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("quantile", [0.05, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("size", [1, 10, 60, 300])
def test_the_ranks_are_those_of_another_program(quantile: float, level: float, size: int) -> None:
    """SciPy's quantile test chooses the same two samples, or none for the same end."""
    samples = [float(rank) for rank in range(size)]
    test = stats.quantile_test(samples, p=quantile)
    expected: tuple[float, float] = operator.attrgetter("low", "high")(
        test.confidence_interval(confidence_level=level)
    )
    interval = quantile_interval(samples, quantile, level)
    for ours, theirs in zip((interval.low, interval.high), expected, strict=True):
        assert ours == theirs or (math.isinf(ours) and math.isnan(theirs))


def test_too_few_samples_do_not_bound_a_quantile() -> None:
    """Of 30 samples none lies above the 95 % quantile with certainty, so no end is made up."""
    interval = quantile_interval([float(i) for i in range(30)], 0.95)
    assert interval.high == math.inf
    assert math.isfinite(interval.low)
    assert quantile_interval([1.0], 0.5) == Interval(-math.inf, math.inf)


def test_enough_samples_bound_a_quantile_by_two_of_them() -> None:
    """The ends are samples, and the sample quantile lies between them."""
    samples = [float(i * i) for i in range(200)]
    interval = quantile_interval(samples[::-1], 0.9)
    assert {interval.low, interval.high} <= set(samples)
    assert interval.covers(samples[180])


def test_a_higher_level_is_a_wider_interval() -> None:
    """More certainty from the same samples costs width."""
    samples = [1.0, 2.0, 4.0, 3.0]
    assert mean_interval(samples, 0.99).half_width > mean_interval(samples, 0.9).half_width


def test_equal_samples_leave_no_doubt() -> None:
    """Without variation the interval is the mean."""
    assert mean_interval([2.0, 2.0, 2.0]) == Interval(2.0, 2.0)


def test_an_interval_covers_its_ends() -> None:
    """And nothing outside."""
    interval = Interval(1.0, 3.0)
    assert interval.covers(1.0)
    assert interval.covers(3.0)
    assert not interval.covers(3.1)
    assert interval.half_width == 1.0


@pytest.mark.parametrize("samples", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_samples_that_say_nothing_are_refused(samples: list[float]) -> None:
    """One replication has no spread, and a NaN would pass silently into every result."""
    with pytest.raises(ValueError, match="accepted"):
        mean_interval(samples)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_no_probability_is_refused(level: float) -> None:
    """95 is not 0.95."""
    with pytest.raises(ValueError, match="level is"):
        mean_interval([1.0, 2.0], level)
    with pytest.raises(ValueError, match="quantile is"):
        quantile_interval([1.0, 2.0], level)
