"""The suite itself under test: rules that no wrong runtime can fail are decoration."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cancellation import Deadline
from coe_twin.sim_driver.groups import SimTaskGroup
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.sync import SimEvent, SimSemaphore
from coe_twin.sim_driver.task import SimTask
from tests.conformance import test_runtime as time
from tests.conformance import test_runtime_groups as children
from tests.conformance import test_runtime_sync as sync
from tests.conformance import wrong_groups as groups
from tests.conformance import wrong_runtimes as wrong
from tests.conformance.rules import documented, rules_of
from tests.conformance.worlds import STEP, World
from tests.conformance.wrong_groups import OnDone

T = TypeVar("T")

FAILURES = (AssertionError, pytest.fail.Exception, CoeError, ExceptionGroup)
"""How a test fails; any other error would be a slip in the wrong runtime."""

Test = Callable[[World], None]
"""A test of a rule, all of whose other arguments are bound."""


def bind(test: Callable[..., None], **arguments: object) -> Test:
    """Return `test` with its parameters; it keeps its marks."""

    def bound(world: World) -> None:
        test(world, **arguments)

    bound.pytestmark = test.pytestmark  # type: ignore[attr-defined]  # where pytest keeps marks
    return bound


outer_deadline = bind(time.test_the_outer_deadline_raises_at_the_outer_block, inner_limit=STEP)
given_first = bind(sync.test_a_permit_given_to_a_cancelled_waiter_is_passed_on, release_first=True)
cancelled_first = bind(
    sync.test_a_permit_given_to_a_cancelled_waiter_is_passed_on, release_first=False
)

BITES: list[tuple[type, Test]] = [
    (wrong.StartsLate, time.test_the_clock_starts_at_zero_and_only_advances),
    (wrong.GoesBack, time.test_the_clock_starts_at_zero_and_only_advances),
    (wrong.SleepsTooShort, time.test_the_clock_starts_at_zero_and_only_advances),
    (wrong.DoesNotGiveWay, time.test_a_sleep_of_zero_gives_way),
    (wrong.SleepsNegative, time.test_impossible_durations_are_refused),
    (wrong.SleepsWhenNotANumber, time.test_impossible_durations_are_refused),
    (wrong.HasAnyLimit, time.test_impossible_durations_are_refused),
    (wrong.SwallowsTheDeadline, time.test_a_deadline_cancels_its_block),
    (wrong.ChecksTheLimitAtTheEnd, time.test_a_deadline_cancels_its_block),
    (wrong.ChecksTheLimitAtTheEnd, time.test_a_deadline_of_zero_expires_at_the_first_wait),
    (wrong.TakesHalfTheLimit, time.test_a_deadline_cancels_its_block),
    (wrong.ExpiresForGood, time.test_a_deadline_that_is_kept_changes_nothing),
    (groups.ForgetsACancellation, time.test_a_deadline_is_not_lost_on_a_failing_group),
    (wrong.TakesAnyCancellationForItsOwn, outer_deadline),
    (wrong.KeepsTheFirstLimit, time.test_the_inner_deadline_raises_at_the_inner_block),
    (wrong.RunsEveryTimer, time.test_a_kept_deadline_does_not_keep_the_run_alive),
    (groups.DoesNotWait, children.test_a_group_waits_for_all_its_children),
    (groups.LeavesSiblingsRunning, children.test_a_failure_cancels_the_siblings_in_order),
    (groups.CancelsInReverse, children.test_a_failure_cancels_the_siblings_in_order),
    (groups.CancelsInReverse, children.test_a_failure_cancels_through_nested_groups),
    (groups.RaisesBeforeSiblingsEnd, children.test_a_failure_cancels_through_nested_groups),
    (groups.RaisesTheLastFailure, children.test_a_failure_cancels_the_siblings_in_order),
    (groups.RaisesAGroup, children.test_a_failure_cancels_the_siblings_in_order),
    (groups.LetsTheBodyGoOn, children.test_a_failure_cancels_the_body),
    (groups.LeavesSiblingsRunning, children.test_a_failing_body_cancels_the_children),
    (groups.RaisesTheChildsError, children.test_a_failing_body_cancels_the_children),
    (groups.CancelsByException, children.test_cancellation_is_no_exception),
    (wrong.WakesInReverse, sync.test_an_event_wakes_its_waiters_in_the_order_of_waiting),
    (wrong.WakesOne, sync.test_an_event_wakes_its_waiters_in_the_order_of_waiting),
    (wrong.ForgetsThatItIsSet, sync.test_a_set_event_stays_set),
    (wrong.StopsAtTheCancelled, sync.test_an_event_forgets_a_cancelled_waiter),
    (wrong.LastInFirstOut, sync.test_a_semaphore_serves_in_the_order_of_asking),
    (wrong.LetsOthersJumpTheLine, sync.test_a_semaphore_lets_nobody_jump_the_line),
    (wrong.HasOneMore, sync.test_a_semaphore_has_as_many_permits_as_it_says),
    (wrong.StaysInLine, sync.test_a_cancelled_waiter_leaves_the_line),
    (wrong.GivesToTheCancelled, cancelled_first),
    (wrong.KeepsThePermitOfTheCancelled, given_first),
    (groups.SharesContexts, children.test_context_is_inherited_and_private),
    (groups.HasResultsEarly, children.test_a_result_is_there_at_the_end),
    (groups.LosesResults, children.test_a_result_is_there_at_the_end),
    (groups.SaysNotWhatWasAwaited, children.test_a_foreign_awaitable_is_refused),
    (wrong.ClosesInReverse, children.test_a_broken_run_closes_what_is_unfinished),
    (wrong.RunsTheLatestFirst, children.test_siblings_run_in_the_order_of_their_start),
    (wrong.ExpiresLate, children.test_siblings_run_in_the_order_of_their_start),
]


def runtime_with(part: type) -> type[SimRuntime]:
    """Return a runtime that has `part`, which may be a runtime, a group, a task, ..."""

    class Patched(SimRuntime):
        def task_group(self) -> SimTaskGroup:
            return part(self) if issubclass(part, SimTaskGroup) else super().task_group()

        def event(self) -> SimEvent:
            return part(self) if issubclass(part, SimEvent) else super().event()

        def semaphore(self, permits: int) -> SimSemaphore:
            if issubclass(part, SimSemaphore):
                return part(self, permits)
            return super().semaphore(permits)

        def deadline(self, limit: Seconds) -> Deadline:
            return part(self, limit) if issubclass(part, Deadline) else super().deadline(limit)

        def spawn(self, work: Coroutine[Any, Any, T], on_done: OnDone[T]) -> SimTask[T]:
            if not issubclass(part, SimTask):
                return super().spawn(work, on_done)
            task = part(self, work, on_done)
            self._unfinished[task] = None
            return task

    return part if issubclass(part, SimRuntime) else Patched


@pytest.mark.parametrize(
    ("part", "test"), BITES, ids=[f"{rules_of(test)[0]}-{part.__name__}" for part, test in BITES]
)
def test_a_wrong_runtime_fails(part: type, test: Test) -> None:
    """Each rule's test tells a runtime that breaks the rule from one that keeps it."""
    test(World(name="right", make=runtime_with(object)))
    with pytest.raises(FAILURES):
        test(World(name="wrong", make=runtime_with(part)))


def test_every_rule_has_a_wrong_runtime() -> None:
    """No rule is without a runtime that fails it."""
    assert {rule for _, test in BITES for rule in rules_of(test)} == set(documented(Runtime))
