"""Data that the twin made with known parameters are fitted back."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from coe_twin.models.calibration.data import Data, TableRow
from coe_twin.models.scenario import study_on
from coe_twin.planner.calibration import Fit, Fitted, fit, targets_of
from coe_twin.planner.store import MemoryStore
from coe_twin.planner.twin_model import TwinModel

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(900)]

TRUTH = {"guest.boot_s": 40.0, "heat.nested_wait_s": 0.8}
NOISE = 0.05
SEEDS = range(20)
SIZES = (1, 4, 16, 48)
STORE = MemoryStore()
"""One for all: the points of the Latin hypercube are the same for every data set."""


def asked(minutes: tuple[float, ...]) -> Fit:
    rows = tuple(
        TableRow(nodes=size, clusters=1, minutes=value, overrides={})
        for size, value in zip(SIZES, minutes, strict=True)
    )
    return Fit(
        study=study_on("cern-2016"),
        data=Data(source="the twin itself", rows=rows),
        free={"guest.boot_s": (15.0, 90.0), "heat.nested_wait_s": (0.05, 3.0)},
        discrepancy=NOISE,
    )


@pytest.fixture(scope="module")
def made() -> tuple[float, ...]:
    """Return what the twin gives for the true values."""
    targets = targets_of(asked((1.0,) * len(SIZES)))
    return tuple(TwinModel(targets, 2, store=STORE).evaluate([TRUTH])[0])


def recovered(made: tuple[float, ...], seed: int, noise: float = NOISE) -> Fitted:
    """Return the fit to what was made, each row off by a normal deviate of its logarithm."""
    deviates = np.random.default_rng(seed).standard_normal(len(made))
    minutes = tuple(
        value * math.exp(noise * one) for value, one in zip(made, deviates.tolist(), strict=True)
    )
    return fit(replace(asked(minutes), discrepancy=noise), store=STORE)


def test_known_parameters_lie_in_their_intervals(made: tuple[float, ...]) -> None:
    """As often in twenty data sets as chance allows at 95 %, for each parameter."""
    least = int(stats.binom.ppf(0.001, len(SEEDS), 0.95))
    found = {seed: recovered(made, seed) for seed in SEEDS}
    for index, (name, true) in enumerate(TRUTH.items()):
        missed = [
            seed
            for seed, one in found.items()
            if not one.calibration.parameters[index].interval.covers(true)
        ]
        assert len(SEEDS) - len(missed) >= least, f"{name}: missed by the data of seeds {missed}"


def test_noise_widens_the_intervals(made: tuple[float, ...]) -> None:
    for index in range(len(TRUTH)):
        quiet, noisy = (
            recovered(made, 1, noise).calibration.parameters[index].interval
            for noise in (0.02, 0.15)
        )
        assert noisy.high / noisy.low > 1.2 * quiet.high / quiet.low
