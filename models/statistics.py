"""Intervals: what replications say, and how surely."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True)
class Interval:
    """All values from `low` to `high`; an end that the data cannot bound is infinite."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2.0

    def covers(self, value: float) -> bool:
        """Return whether `value` lies in the interval, its ends included."""
        return self.low <= value <= self.high


def mean_interval(samples: Sequence[float], level: float = 0.95) -> Interval:
    """Return the interval of the mean that covers the true one with probability `level`.

    Args:
        samples: one number per replication, independent of each other; at least two.
        level: confidence in (0, 1), dimensionless.

    Raises:
        ValueError: fewer than two samples, one that is not finite, or no such level.

    Source:
        Student 1908: exact for normal samples, and close to it for means of any others.
    """
    values = _checked(samples, level, least=2)
    centre = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    quantile = float(stats.t.ppf((1.0 + level) / 2.0, len(values) - 1))
    return Interval(centre - quantile * error, centre + quantile * error)


def prediction_interval(samples: Sequence[float], level: float = 0.95) -> Interval:
    """Return the interval in which one further sample lies with probability `level`.

    Args:
        samples: one number per replication, independent of each other; at least two.
        level: probability in (0, 1), dimensionless.

    Raises:
        ValueError: fewer than two samples, one that is not finite, or no such level.

    Source:
        Hahn and Meeker 1991, "Statistical Intervals", section 4.7: exact for normal samples.
    """
    values = _checked(samples, level, least=2)
    centre = float(values.mean())
    spread = float(values.std(ddof=1)) * math.sqrt(1.0 + 1.0 / len(values))
    quantile = float(stats.t.ppf((1.0 + level) / 2.0, len(values) - 1))
    return Interval(centre - quantile * spread, centre + quantile * spread)


def quantile_interval(samples: Sequence[float], quantile: float, level: float = 0.95) -> Interval:
    """Return the interval of a quantile that covers the true one with probability >= `level`.

    The ends are order statistics, so nothing is assumed of the distribution. An end is
    infinite where the samples are too few to bound it: of 30 samples none lies above the 95 %
    quantile with the certainty that is asked for.

    Args:
        samples: independent numbers; at least one.
        quantile: which one, in (0, 1), dimensionless.
        level: confidence in (0, 1), dimensionless.

    Raises:
        ValueError: no sample, one that is not finite, or no such quantile or level.

    Source:
        David and Nagaraja 2003, "Order Statistics", section 7.1: the number of samples below
        the quantile q is binomial with success probability q.
    """
    values = np.sort(_checked(samples, level, least=1))
    if not 0.0 < quantile < 1.0:
        raise ValueError(f"quantile is {quantile!r}; accepted is a number between 0 and 1")
    count, tail = len(values), (1.0 - level) / 2.0
    # P(low order statistic > quantile) = P(B < rank) and P(high < quantile) = P(B >= rank).
    low_rank = int(stats.binom.ppf(tail, count, quantile))
    high_rank = int(stats.binom.isf(tail, count, quantile)) + 1
    low = float(values[low_rank - 1]) if low_rank >= 1 else -math.inf
    high = float(values[high_rank - 1]) if high_rank <= count else math.inf
    return Interval(low, high)


def _checked(
    samples: Sequence[float], level: float, *, least: int
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    values = np.asarray(samples, dtype=np.float64)
    if len(values) < least:
        raise ValueError(f"{len(values)} samples; accepted is at least {least}")
    if not np.isfinite(values).all():
        raise ValueError("a sample is not finite; accepted are finite numbers")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level!r}; accepted is a number between 0 and 1")
    return values
