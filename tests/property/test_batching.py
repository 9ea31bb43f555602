from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.policies import AllAtOnce, FixedWindow, SizeOrAge
from coe_twin.coe_core.ports.policies import BatchingPolicy, Dispatch, HoldUntil, Waiting
from coe_twin.coe_core.units import Seconds

POLICIES: st.SearchStrategy[BatchingPolicy] = st.one_of(
    st.just(AllAtOnce()),
    st.builds(FixedWindow, st.integers(1, 10)),
    st.builds(SizeOrAge, st.integers(1, 10), st.floats(0.0, 100.0).map(Seconds)),
)
TIMES = st.floats(0.0, 1000.0)


def waiting(arrivals: list[float]) -> list[Waiting]:
    return [Waiting(index, Seconds(at)) for index, at in enumerate(sorted(arrivals))]


@given(
    policy=POLICIES,
    arrivals=st.lists(TIMES, max_size=30),
    in_flight=st.integers(0, 12),
    since=TIMES,
)
def test_a_batch_is_a_prefix_and_a_hold_is_ahead(
    policy: BatchingPolicy, arrivals: list[float], in_flight: int, since: float
) -> None:
    """A batch is what came first and is not empty; a hold ends later than now."""
    queue = waiting(arrivals)
    now = Seconds(max([since, *arrivals]))
    match policy.decide(queue, in_flight, now):
        case Dispatch(indexes):
            assert indexes
            assert list(indexes) == [item.index for item in queue[: len(indexes)]]
        case HoldUntil(at):
            assert at > now


@given(policy=POLICIES, arrivals=st.lists(TIMES, max_size=30))
def test_a_queue_that_stops_growing_gets_empty(
    policy: BatchingPolicy, arrivals: list[float]
) -> None:
    """Each index is dispatched once, in order, and the window holds at every instant."""
    queue = waiting(arrivals)
    now, in_flight, dispatched = Seconds(max(arrivals, default=0.0)), 0, list[int]()
    for _ in range(4 * len(queue) + 1):
        decision = policy.decide(queue[len(dispatched) :], in_flight, now)
        match decision:
            case Dispatch(indexes):
                dispatched.extend(indexes)
                in_flight += len(indexes)
            case HoldUntil(at) if at < float("inf"):
                now = at
            case HoldUntil():
                in_flight = max(0, in_flight - 1)
        if isinstance(policy, FixedWindow):
            assert in_flight <= policy.size
        if isinstance(policy, SizeOrAge) and isinstance(decision, Dispatch):
            assert len(decision.indexes) <= policy.size_max
    assert dispatched == [item.index for item in queue]


@given(arrivals=st.lists(TIMES, min_size=1, max_size=30), size=st.integers(1, 40))
def test_the_window_is_used_to_the_full(arrivals: list[float], size: int) -> None:
    """With nothing in flight as much goes out as fits."""
    decision = FixedWindow(size).decide(waiting(arrivals), 0, Seconds(1000.0))
    assert isinstance(decision, Dispatch)
    assert len(decision.indexes) == min(size, len(arrivals))


@given(arrivals=st.lists(TIMES, min_size=1, max_size=30), age=st.floats(0.0, 100.0))
def test_young_and_few_are_held_until_the_oldest_is_of_age(
    arrivals: list[float], age: float
) -> None:
    """Fewer than a batch wait for company, but the oldest no longer than its age."""
    queue = waiting(arrivals)
    due = Seconds(queue[0].arrived_at + age)
    policy = SizeOrAge(len(queue) + 1, Seconds(age))
    if age > 0 and due > queue[0].arrived_at:
        assert policy.decide(queue, 0, queue[0].arrived_at) == HoldUntil(due)
    assert policy.decide(queue, 0, due) == Dispatch(tuple(item.index for item in queue))
    full = SizeOrAge(len(queue), Seconds(age))
    assert isinstance(full.decide(queue, 0, queue[0].arrived_at), Dispatch)


@pytest.mark.parametrize(
    ("build", "field_name"),
    [
        (lambda: FixedWindow(0), "size"),
        (lambda: SizeOrAge(0, Seconds(1.0)), "size_max"),
        (lambda: SizeOrAge(1, Seconds(-1.0)), "age_max"),
        (lambda: SizeOrAge(1, Seconds(float("inf"))), "age_max"),
    ],
)
def test_nonsense_is_refused(build: Callable[[], object], field_name: str) -> None:
    """The refusal names the field, the value and what is accepted."""
    with pytest.raises(ValueError, match=f"^{field_name} is .*accepted is"):
        build()
