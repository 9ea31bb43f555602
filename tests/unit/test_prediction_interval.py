import math

import numpy as np
import pytest

from coe_twin.models.randomness import stream
from coe_twin.models.statistics import mean_interval, prediction_interval

EXPERIMENTS = 6000


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("size", [2, 3, 10])
def test_a_further_sample_is_covered_as_often_as_promised(size: int, level: float) -> None:
    """Of 6000 experiments with normal samples, give or take 4 sigma; also with two samples."""
    samples = stream(20161025, 0, f"prediction {size}").normal(5.0, 2.0, (EXPERIMENTS, size + 1))
    covered = [prediction_interval(row[:-1], level).covers(row[-1]) for row in samples.tolist()]
    slack = 4.0 * math.sqrt(level * (1.0 - level) / EXPERIMENTS)
    assert abs(float(np.mean(covered)) - level) < slack


def test_a_sample_is_less_sure_than_a_mean() -> None:
    """By the square root of n + 1, whatever the level."""
    samples = [1.0, 2.0, 4.0, 3.0]
    wider = prediction_interval(samples).half_width / mean_interval(samples).half_width
    assert wider == pytest.approx(math.sqrt(5.0))
    assert prediction_interval(samples).covers(2.5)


def test_equal_samples_leave_no_doubt() -> None:
    """Without variation the next sample is the same."""
    interval = prediction_interval([2.0, 2.0, 2.0])
    assert (interval.low, interval.high) == (2.0, 2.0)


@pytest.mark.parametrize("samples", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_samples_that_say_nothing_are_refused(samples: list[float]) -> None:
    """One replication has no spread."""
    with pytest.raises(ValueError, match="accepted"):
        prediction_interval(samples)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_that_is_no_probability_is_refused(level: float) -> None:
    """95 is not 0.95."""
    with pytest.raises(ValueError, match="level is"):
        prediction_interval([1.0, 2.0], level)
