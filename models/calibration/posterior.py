"""The posterior distribution by Markov chains, where the bootstrap is not trusted.

Goodman and Weare's ensemble of walkers (2010, "Ensemble samplers with affine invariance",
Communications in Applied Mathematics and Computational Science 5(1)) from `emcee`, an optional
extra. It walks on the response surface, and within the priors' 95 % intervals as the fit does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from coe_twin.models.calibration.problem import NORMAL_95, Matrix, Vector

WALKERS_PER_DIMENSION: Final = 8
WALKERS_LEAST: Final = 32

LENGTHS: Final = 50
"""Autocorrelation times that a chain must last to be believed (emcee's advice)."""

BURNT: Final = 5
"""Autocorrelation times at the start that are thrown away."""

STEPS_AT_ONCE: Final = 500
STEPS_MAX: Final = 10_000

NEAR_START: Final = 0.05
"""How far from the start the walkers begin [standard deviations of the prior]."""

FARTHEST_START: Final = NORMAL_95 - 4.0 * NEAR_START
"""The coordinate beyond which no centre of the walkers lies, so that they begin inside."""

LogDensity = Callable[[Matrix], Vector]
"""Logarithm of the density, up to a constant (n,), at coordinates (n, k)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Coordinates drawn from a density (n, k), and whether they can be believed."""

    points: Matrix
    is_settled: bool = True


def walk(density: LogDensity, start: Vector, count: int, draws: np.random.Generator) -> Sample:
    """Return `count` samples of `density` from chains that begin around `start`.

    Raises:
        ModuleNotFoundError: emcee is not installed.
    """
    import emcee  # noqa: PLC0415 - an optional extra

    dimensions = len(start)
    walkers = max(WALKERS_LEAST, WALKERS_PER_DIMENSION * dimensions)
    # A fit at the end of a range must not put all walkers on one plane: they could not leave it.
    centre = np.clip(start, -FARTHEST_START, FARTHEST_START)
    begun = centre + NEAR_START * draws.standard_normal((walkers, dimensions))
    sampler = emcee.EnsembleSampler(walkers, dimensions, None, vectorize=True)
    # Its own wrapper of a function prints a traceback for a mere Ctrl-C.
    sampler.log_prob_fn = _inside(density)
    # emcee draws from NumPy's old generator, and can only be given the state of one.
    seeded = np.random.RandomState(int(draws.integers(2**32)))
    state = emcee.State(begun, random_state=seeded.get_state())
    time = float("inf")
    while sampler.iteration < STEPS_MAX and sampler.iteration < LENGTHS * time:
        state = sampler.run_mcmc(state, STEPS_AT_ONCE)
        time = float(np.max(sampler.get_autocorr_time(tol=0)))
    chain = sampler.get_chain(discard=min(int(BURNT * time), sampler.iteration // 2), flat=True)
    kept = np.linspace(0, len(chain) - 1, count).astype(int)
    return Sample(chain[kept], is_settled=sampler.iteration >= LENGTHS * time)


def _inside(density: LogDensity) -> LogDensity:
    """Return `density` with nothing outside of the priors' 95 % intervals."""

    def bounded(points: Matrix) -> Vector:
        is_outside = np.any(np.abs(points) > NORMAL_95, axis=1)
        found = density(np.clip(points, -NORMAL_95, NORMAL_95))
        return np.where(is_outside, -np.inf, found)

    return bounded
