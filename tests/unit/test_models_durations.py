import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coe_twin.models.durations import Duration
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.statistics import mean_interval

uniforms = st.floats(0.0, 1.0, exclude_max=True)
means = st.floats(1e-6, 1e6)
variations = st.floats(0.0, 5.0)


@pytest.mark.parametrize("cv", [0.05, 0.3, 1.0])
def test_mean_and_variation_are_those_asked_for(cv: float) -> None:
    """The 99.9 % intervals of the sample mean and of the second moment cover them."""
    duration = Duration(3.0, cv)
    draws = CounterDraws.uniforms_at(CounterDraws(20160624, 0).key("d"), 0, 100_000)
    times = [duration.at(uniform) for uniform in draws]
    mean = mean_interval(times, 0.999)
    assert mean.covers(3.0)
    assert mean.half_width < 0.02 * 3.0
    square = mean_interval([time * time for time in times], 0.999)
    assert square.covers(9.0 * (1.0 + cv * cv))
    assert square.half_width < 0.1 * 9.0 * (1.0 + cv * cv)


@given(mean=means, cv=variations, low=uniforms, high=uniforms)
def test_a_greater_draw_is_a_longer_time(mean: float, cv: float, low: float, high: float) -> None:
    """Common random numbers help only where a draw orders the times."""
    assume(low <= high)
    assert Duration(mean, cv).at(low) <= Duration(mean, cv).at(high)


@given(mean=means, cv=variations, uniform=uniforms)
def test_twice_the_mean_is_exactly_twice_the_time(mean: float, cv: float, uniform: float) -> None:
    """So a run on a clock of half the speed is the same run, to the last bit."""
    assert Duration(2.0 * mean, cv).at(uniform) == 2.0 * Duration(mean, cv).at(uniform)


@given(mean=means, uniform=uniforms)
def test_without_variation_every_time_is_the_mean(mean: float, uniform: float) -> None:
    """A polling interval does not vary."""
    assert Duration(mean, 0.0).at(uniform) == mean


@given(cv=variations)
def test_the_smallest_draw_is_a_time(cv: float) -> None:
    """A draw of exactly 0 is rare, and must not end a run."""
    assert 0.0 <= Duration(1.0, cv).at(0.0) <= Duration(1.0, cv).at(2.0**-53)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_what_is_no_duration_is_refused(wrong: float) -> None:
    """The field, the value and what is accepted are named."""
    with pytest.raises(ValueError, match="mean_s is"):
        Duration(wrong, 0.0)
    with pytest.raises(ValueError, match="cv is"):
        Duration(1.0, wrong)
