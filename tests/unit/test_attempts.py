"""When the core tries again, and how long it waits before it does."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from coe_twin.coe_core.errors import (
    AlreadyExists,
    DriverError,
    NoValidHost,
    QuotaExceeded,
    Throttled,
    Unreachable,
)
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.lifecycle.attempts import attempts
from coe_twin.coe_core.policies.backoff import FixedDelay, NoRetry
from coe_twin.coe_core.ports.policies import BackoffPolicy
from coe_twin.coe_core.units import Seconds
from tests.unit.sites import PROJECT, Ground, context_of, plan

(CLUSTER,) = plan().clusters_of(0, PROJECT)
TWICE = FixedDelay(Seconds(10.0), 3)


@dataclass(slots=True)
class Tried:
    """When each attempt began [s], and what the log says of those that failed."""

    at: list[float]
    logged: list[tuple[str, str]]
    raised: DriverError | None = None


def tried(failures: Iterable[DriverError], backoff: BackoffPolicy) -> Tried:
    """Return what becomes of work that fails so often, and then ends well."""
    ground = Ground()
    context = replace(context_of(ground), backoff=backoff)
    left = list(failures)
    at: list[float] = []

    async def work() -> None:
        at.append(ground.runtime.now())
        if left:
            raise left.pop(0)

    async def scene() -> DriverError | None:
        try:
            await attempts(context, CLUSTER, work, "stream")
        except DriverError as error:
            return error
        return None

    raised = ground.run(scene)
    failed = [one for one in ground.log.events if one.kind is EventKind.ATTEMPT_FAILED]
    return Tried(at=at, logged=[(one.subject, one.detail) for one in failed], raised=raised)


def test_work_that_ends_well_is_done_once() -> None:
    """And leaves no word on the log."""
    assert tried([], TWICE) == Tried(at=[0.0], logged=[])


def test_what_may_pass_is_tried_again() -> None:
    """After the policy's pause, each failure with its cause on the log."""
    errors = [NoValidHost("s"), Unreachable("nova")]
    assert tried(errors, TWICE) == Tried(
        at=[0.0, 10.0, 20.0],
        logged=[("no valid host", "s: NoValidHost"), ("unreachable", "nova: Unreachable")],
    )


def test_the_policy_gives_up() -> None:
    """The last failure is raised, and logged like those before it."""
    errors = [Unreachable(str(number)) for number in range(5)]
    result = tried(errors, TWICE)
    assert result.raised is errors[2]
    assert (result.at, len(result.logged)) == ([0.0, 10.0, 20.0], 3)


def test_no_retry_is_no_retry() -> None:
    """Not even for what may pass."""
    error = Throttled("nova", retry_after_s=1.0)
    result = tried([error], NoRetry())
    assert (result.at, result.raised) == ([0.0], error)


@pytest.mark.parametrize("error", [QuotaExceeded("s"), AlreadyExists("s")])
def test_what_cannot_pass_is_not_tried_again(error: DriverError) -> None:
    """Whatever the policy would allow."""
    result = tried([error], TWICE)
    assert (result.at, result.raised) == ([0.0], error)
    assert result.logged == [(error.cause, str(error))]


@pytest.mark.parametrize(
    ("retry_after_s", "second_at"), [(None, 10.0), (0.0, 10.0), (4.0, 10.0), (25.0, 25.0)]
)
def test_a_service_is_left_alone_as_long_as_it_asks(
    retry_after_s: float | None, second_at: float
) -> None:
    """The pause is never less than the service's, and never less than the policy's."""
    result = tried([Throttled("nova", retry_after_s=retry_after_s)], TWICE)
    assert result.at == [0.0, second_at]


def test_a_pause_is_drawn_by_cluster_and_attempt() -> None:
    """So that clusters that fail together do not come back together, in every replay alike."""
    asked: list[tuple[int, float]] = []

    class Noted:
        def delay(self, attempt: int, uniform: float) -> Seconds | None:
            asked.append((attempt, uniform))
            return Seconds(1.0)

    tried([Unreachable("1"), Unreachable("2")], Noted())
    first = list(asked)
    tried([Unreachable("1"), Unreachable("2")], Noted())
    assert asked == first * 2
    assert [attempt for attempt, _ in first] == [1, 2]
    assert first[0][1] != first[1][1]
