from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.policies import FixedDelay, FullJitter, NoRetry
from coe_twin.coe_core.ports.policies import BackoffPolicy
from coe_twin.coe_core.units import Seconds

DRAWS = st.floats(0.0, 1.0, exclude_max=True)
DURATIONS = st.floats(0.001, 3600.0).map(Seconds)


@given(
    base=DURATIONS,
    factor=st.floats(1.0, 1000.0),
    attempts_max=st.integers(1, 5000),
    attempt=st.integers(1, 5000),
    uniform=DRAWS,
)
def test_full_jitter_stays_below_its_ceiling(
    base: Seconds, factor: float, attempts_max: int, attempt: int, uniform: float
) -> None:
    """The pause is from 0 to the smaller of the cap and the doubled base, until it gives up."""
    cap = Seconds(base * factor)
    delay = FullJitter(base, cap, attempts_max).delay(attempt, uniform)
    if attempt >= attempts_max:
        assert delay is None
    else:
        assert delay is not None
        assert 0.0 <= delay <= cap
        assert delay <= base * 2.0 ** min(attempt - 1, 100)


@given(uniform=DRAWS)
def test_the_ceiling_doubles_up_to_the_cap(uniform: float) -> None:
    """The same draw gives twice the pause at the next attempt, and at last the cap's share."""
    policy = FullJitter(Seconds(1.0), Seconds(8.0), 100)
    delays = [policy.delay(attempt, uniform) for attempt in range(1, 7)]
    assert delays == [uniform * ceiling for ceiling in (1.0, 2.0, 4.0, 8.0, 8.0, 8.0)]


@given(attempts_max=st.integers(1, 20), pause=DURATIONS)
def test_attempts_are_counted(attempts_max: int, pause: Seconds) -> None:
    """Exactly `attempts_max` attempts are made, the first included, whatever the policy."""
    policies: list[BackoffPolicy] = [
        FixedDelay(pause, attempts_max),
        FullJitter(pause, pause, attempts_max),
    ]
    for policy in policies:
        delays = [policy.delay(attempt, 0.5) for attempt in range(1, 25)]
        assert sum(delay is not None for delay in delays) == attempts_max - 1
        assert None not in delays[: attempts_max - 1]


@given(attempt=st.integers(1, 9), uniform=DRAWS, pause=DURATIONS)
def test_the_simple_ones(attempt: int, uniform: float, pause: Seconds) -> None:
    """One gives up at once, the other waits the same time whatever the draw."""
    assert NoRetry().delay(attempt, uniform) is None
    assert FixedDelay(pause, 10).delay(attempt, uniform) == pause


@pytest.mark.parametrize(
    ("build", "field_name"),
    [
        (lambda: FixedDelay(Seconds(-1.0), 3), "pause"),
        (lambda: FixedDelay(Seconds(1.0), 0), "attempts_max"),
        (lambda: FullJitter(Seconds(0.0), Seconds(1.0), 3), "base"),
        (lambda: FullJitter(Seconds(1.0), Seconds(float("inf")), 3), "cap"),
        (lambda: FullJitter(Seconds(2.0), Seconds(1.0), 3), "cap"),
        (lambda: FullJitter(Seconds(1.0), Seconds(1.0), 0), "attempts_max"),
    ],
)
def test_nonsense_is_refused(build: Callable[[], object], field_name: str) -> None:
    """The refusal names the field, the value and what is accepted."""
    with pytest.raises(ValueError, match=f"^{field_name} is .*accepted is"):
        build()
