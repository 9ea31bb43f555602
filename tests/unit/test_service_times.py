"""Service demands from CPU time, and families of durations."""

import numpy as np
import pytest
from scipy import stats

from coe_twin.models.demand_law import demand
from coe_twin.models.families import families

SEEDS = range(40)
SIZES = [1, 2, 4, 8, 16] * 3


def test_a_line_without_noise_is_found() -> None:
    found = demand([1, 2, 4], [3.5, 5.5, 9.5])
    assert found.fixed_s == pytest.approx(1.5)
    assert found.each_s == pytest.approx(2.0)
    assert found.explained == pytest.approx(1.0)


def test_the_interval_of_a_demand_covers_it_as_often_as_it_says() -> None:
    """At 95 %, within what binomial chance allows; and it is narrow."""
    least = int(stats.binom.ppf(0.001, len(SEEDS), 0.95))
    sizes = np.array(SIZES, dtype=float)
    covered = 0
    for seed in SEEDS:
        noise = 0.1 * np.random.default_rng(seed).standard_normal(len(sizes))
        found = demand(SIZES, (1.5 + (2.0 + noise) * sizes).tolist())
        covered += found.interval.covers(2.0)
        assert found.interval.half_width < 0.2, f"{seed=}"
    assert covered >= least, f"{covered} of {len(SEEDS)}"


@pytest.mark.parametrize(("done", "cpu"), [([1, 2], [1.0, 2.0]), ([3, 3, 3], [1.0, 2.0, 3.0])])
def test_too_few_runs_are_refused(done: list[int], cpu: list[float]) -> None:
    with pytest.raises(ValueError, match="different sizes"):
        demand(done, cpu)


@pytest.mark.parametrize("resolution", [0.0, 1.0])
@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("lognormal", stats.lognorm(s=0.9, scale=8.0)),
        ("gamma", stats.gamma(a=9.0, scale=1.0)),
        ("exponential", stats.expon(scale=8.0)),
    ],
)
def test_the_family_that_made_the_durations_is_found(
    name: str, draw: stats.rv_continuous, resolution: float
) -> None:
    """From 600 of them, also if their stamps were cut to seconds; mean and variation are near."""
    random = np.random.default_rng(7)
    begun = random.uniform(0.0, 1000.0, 600)
    ended = begun + draw.rvs(600, random_state=random)
    if resolution:
        begun, ended = np.floor(begun), np.floor(ended)
    best = families((ended - begun).tolist(), resolution)[0]
    assert best.name == name
    assert best.mean_s == pytest.approx(float(draw.mean()), rel=0.12)
    assert best.cv == pytest.approx(float(draw.std() / draw.mean()), rel=0.2)
    assert best.distance < 0.1


def test_a_few_durations_are_refused() -> None:
    with pytest.raises(ValueError, match="accepted are 8"):
        families([1.0] * 7, 1.0)
