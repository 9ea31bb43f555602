"""The demand law: what a service spends on each thing that it does, from its CPU time.

Over some runs of different sizes the CPU time of a service is a part that every run costs,
and a part for each thing done. Unlike a response time that says nothing of waiting: it is the
demand that a station of a model is given.

Source: Denning and Buzen 1978, "The operational analysis of queueing network models", ACM
Computing Surveys 10(3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from coe_twin.models.statistics import Interval

RUNS_LEAST: Final = 3


@dataclass(frozen=True, slots=True)
class Demand:
    """CPU time of a run: `fixed_s` and, for each thing done, `each_s` with its 95 % interval [s].

    `explained` is the share of the variance between runs that the line explains [-].
    """

    fixed_s: float
    each_s: float
    interval: Interval
    explained: float


def demand(done: Sequence[int], cpu_s: Sequence[float]) -> Demand:
    """Return the line through the CPU time of runs.

    Runs that do more also vary more, so each counts by what it did: least squares of the CPU
    time per thing done, whose standard deviation is taken to be the same.

    Args:
        done: how many things each run did, each >= 1.
        cpu_s: the CPU time of each run [s].

    Raises:
        ValueError: fewer than RUNS_LEAST runs, or all of one size.
    """
    counts = np.asarray(done, dtype=np.float64)
    spent = np.asarray(cpu_s, dtype=np.float64)
    if len(counts) < RUNS_LEAST or counts.min() < 1 or counts.min() == counts.max():
        raise ValueError(f"accepted are {RUNS_LEAST} runs of different sizes, each at least 1")
    line = stats.linregress(1.0 / counts, spent / counts)
    half = float(stats.t.ppf(0.975, len(counts) - 2)) * float(line.intercept_stderr)
    each = float(line.intercept)
    residuals = spent - (float(line.slope) + each * counts)
    explained = 1.0 - float(np.var(residuals) / np.var(spent)) if np.var(spent) else math.nan
    return Demand(float(line.slope), each, Interval(each - half, each + half), explained)
