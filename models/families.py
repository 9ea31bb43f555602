"""Which family of distributions durations have, and how well it fits them.

Stamps of whole seconds hide most of a short duration: what is known of it is an interval,
and the likelihood is that of the interval. Families are compared by Akaike's criterion.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

LEAST: Final = 8
"""Durations that are needed to tell families apart (assumed)."""

TINY: Final = 1e-12
"""Stands for a probability that is too small for a logarithm."""

CV_MAX: Final = 10.0
"""The largest coefficient of variation that is tried (assumed)."""

Floats = NDArray[np.float64]


class Distribution(Protocol):
    """What a family is asked for."""

    def cdf(self, x: Floats, /) -> Floats:
        """Return the probability of at most `x`."""


@dataclass(frozen=True, slots=True)
class Family:
    """A fitted family.

    `distance` is the largest distance between its distribution function and the share of
    durations below, taken at the middle of what is known of each [-]; `criterion` is
    Akaike's, smaller is better.
    """

    name: str
    mean_s: float
    cv: float
    distance: float
    criterion: float


def _lognormal(mean: float, cv: float) -> Distribution:
    sigma = math.sqrt(math.log1p(cv * cv))
    frozen: Distribution = stats.lognorm(s=sigma, scale=mean / math.sqrt(1.0 + cv * cv))
    return frozen


def _gamma(mean: float, cv: float) -> Distribution:
    frozen: Distribution = stats.gamma(a=1.0 / (cv * cv), scale=mean * cv * cv)
    return frozen


def _exponential(mean: float, _cv: float) -> Distribution:
    frozen: Distribution = stats.expon(scale=mean)
    return frozen


@dataclass(frozen=True, slots=True)
class _Kind:
    distribution: Callable[[float, float], Distribution]
    parameters: int


KINDS: Final = {
    "lognormal": _Kind(_lognormal, 2),
    "gamma": _Kind(_gamma, 2),
    "exponential": _Kind(_exponential, 1),
}


def families(seconds: Sequence[float], resolution_s: float) -> tuple[Family, ...]:
    """Return the families fitted to durations, the best first.

    Args:
        seconds: differences between two stamps [s], each >= 0.
        resolution_s: to how many seconds the stamps were cut; 0 for exact ones. A duration
            then lies within so much of the difference, to either side.

    Raises:
        ValueError: fewer than LEAST durations.
    """
    if len(seconds) < LEAST:
        raise ValueError(f"{len(seconds)} durations, accepted are {LEAST} at least")
    known = np.asarray(seconds, dtype=np.float64)
    reach = max(resolution_s, 1e-3)
    ends = (np.maximum(known - reach, 0.0), known + reach)
    fitted = [_fitted(name, kind, known, ends) for name, kind in KINDS.items()]
    return tuple(sorted(fitted, key=lambda one: one.criterion))


def _fitted(name: str, kind: _Kind, known: Floats, ends: tuple[Floats, Floats]) -> Family:
    def cost(logs: Floats) -> float:
        mean, cv = np.exp(logs)
        distribution = kind.distribution(float(mean), float(min(cv, CV_MAX)))
        within = distribution.cdf(ends[1]) - distribution.cdf(ends[0])
        return -float(np.log(np.maximum(within, TINY)).sum())

    start = np.log([max(float(known.mean()), 0.1), 0.5])
    found = optimize.minimize(cost, start, method="Nelder-Mead")
    mean, cv = (float(one) for one in np.exp(found.x))
    cv = 1.0 if kind.parameters == 1 else min(cv, CV_MAX)
    distance = _distance(known, kind.distribution(mean, cv))
    return Family(name, mean, cv, distance, 2.0 * kind.parameters + 2.0 * float(found.fun))


def _distance(known: Floats, distribution: Distribution) -> float:
    """Return Kolmogorov's distance."""
    expected = distribution.cdf(np.sort(known))
    steps = np.arange(len(known) + 1) / len(known)
    return float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))
