import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.decorators.fault_plan import (
    ANY_VERB,
    USUAL,
    Attempted,
    DrawnFaults,
    Fault,
    FaultPlan,
    ListedFaults,
    NoFaults,
    Outage,
    Until,
)
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.decorators.measured import CUT_SHORT, Call, Measured
from coe_twin.coe_core.errors import DeadlineExceeded, NotFound, RpcTimeout, Unreachable
from coe_twin.coe_core.ids import PortId, Tag
from coe_twin.coe_core.ports.cloud import CloudDriver, Named
from coe_twin.coe_core.units import Seconds
from coe_twin.models.randomness import CounterDraws
from coe_twin.sim_driver.runtime import SimRuntime

T = TypeVar("T")
VERBS = sorted(
    name
    for name, member in inspect.getmembers(CloudDriver, inspect.isfunction)
    if not name.startswith("_")
)
TAG = Tag("t")
SECOND = Seconds(1.0)


class AnyCloud:
    """Answers each verb with its name and arguments, after a second."""

    def __init__(self, runtime: SimRuntime) -> None:
        self._runtime = runtime
        self.done: list[str] = []

    def __getattr__(self, verb: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def answer(*arguments: object) -> tuple[str, tuple[object, ...]]:
            await self._runtime.sleep(SECOND)
            self.done.append(verb)
            if arguments == ("gone",):
                raise NotFound("gone")
            return verb, arguments

        return answer


class Spec:
    """Stands for a spec, of which only the name counts."""

    name = "spec"


def arguments_of(verb: str) -> list[Any]:
    """Return something for each parameter of a verb."""
    parameters = list(inspect.signature(getattr(CloudDriver, verb)).parameters)[1:]
    return [Spec() if name == "spec" else f"<{name}>" for name in parameters]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_goes_through_one_method(verb: str) -> None:
    """Name and arguments of each verb arrive as they were, and its answer comes back."""
    runtime = SimRuntime()
    calls: list[tuple[str, str]] = []

    class Watched(Around):
        async def call(self, verb: str, subject: str, work: Callable[[], Awaitable[T]]) -> T:
            calls.append((verb, subject))
            return await super().call(verb, subject, work)

    arguments = arguments_of(verb)
    answer = runtime.run(getattr(Watched(AnyCloud(runtime)), verb)(*arguments))
    first = arguments[0] if arguments else ""
    assert calls == [(verb, getattr(first, "name", first))]
    has_answer = inspect.signature(getattr(CloudDriver, verb)).return_annotation is not None
    assert answer == ((verb, tuple(arguments)) if has_answer else None)


def measured(runtime: SimRuntime) -> Measured:
    return Measured(AnyCloud(runtime), runtime)


def faulty(runtime: SimRuntime, plan: FaultPlan) -> tuple[Faulty, AnyCloud]:
    inner = AnyCloud(runtime)
    return Faulty(inner, plan, runtime), inner


def test_calls_are_measured() -> None:
    """A call is kept with its times and what it raised, in the order of the ends."""
    runtime = SimRuntime()
    cloud = measured(runtime)

    async def scene() -> None:
        await cloud.list_ports(TAG)
        with pytest.raises(NotFound):
            await cloud.delete_port(PortId("gone"))
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(Seconds(0.5)):
                await cloud.list_images()

    runtime.run(scene())
    assert cloud.calls == [
        Call(verb="list_ports", subject="t", started_at=Seconds(0.0), ended_at=Seconds(1.0)),
        Call(
            verb="delete_port",
            subject="gone",
            started_at=Seconds(1.0),
            ended_at=Seconds(2.0),
            failure="NotFound",
        ),
        Call(
            verb="list_images",
            subject="",
            started_at=Seconds(2.0),
            ended_at=Seconds(2.5),
            failure=CUT_SHORT,
        ),
    ]


def test_calls_at_once_are_counted() -> None:
    """The most calls of a verb under way at once are told, and 0 for one never called."""
    runtime = SimRuntime()
    cloud = measured(runtime)

    async def scene() -> None:
        async with runtime.task_group() as group:
            for _ in range(3):
                group.start(cloud.list_ports(TAG))
            group.start(cloud.list_images())
        await cloud.list_ports(TAG)

    runtime.run(scene())
    assert cloud.in_flight_max("list_ports") == 3
    assert cloud.in_flight_max("list_images") == 1
    assert cloud.in_flight_max("list_networks") == 0


def test_a_call_fails_before_or_after_its_effect() -> None:
    """A refused call has no effect; one whose answer is lost has; both raise."""
    runtime = SimRuntime()
    plan = ListedFaults(
        {
            ("list_ports", 1): Fault(error=Unreachable),
            ("list_ports", 2): Fault(error=RpcTimeout, is_answer_lost=True),
            ("list_ports", 3): Fault(delay=Seconds(5.0)),
        }
    )
    cloud, inner = faulty(runtime, plan)

    async def scene() -> None:
        with pytest.raises(Unreachable, match="t: Unreachable"):
            await cloud.list_ports(TAG)
        assert (inner.done, runtime.now()) == ([], 0.0)
        with pytest.raises(RpcTimeout):
            await cloud.list_ports(TAG)
        assert (inner.done, runtime.now()) == (["list_ports"], 1.0)
        await cloud.list_ports(TAG)
        assert (inner.done, runtime.now()) == (["list_ports"] * 2, 7.0)
        await cloud.list_ports(TAG)

    runtime.run(scene())
    assert cloud.total == 4
    assert [call.number for call in cloud.struck] == [1, 2, 3]


def test_a_listed_fault_may_count_all_calls() -> None:
    """ANY_VERB counts the calls of all verbs together, from 1."""
    runtime = SimRuntime()
    cloud, inner = faulty(runtime, ListedFaults({(ANY_VERB, 2): Fault(error=Unreachable)}))

    async def scene() -> tuple[Named, ...]:
        await cloud.list_ports(TAG)
        with pytest.raises(Unreachable):
            await cloud.list_images()
        return await cloud.list_images()

    runtime.run(scene())
    assert inner.done == ["list_ports", "list_images"]


def attempted(verb: str = "list_ports", number: int = 1, at: float = 0.0) -> Attempted:
    """Return a call."""
    return Attempted(verb=verb, subject="", number=number, total=number, at=Seconds(at))


def test_an_outage_has_a_beginning_and_an_end() -> None:
    """It strikes its verbs from its begin on, and no more at its end."""
    fault = Fault(error=Unreachable)
    plan = Outage(
        begins_at=Seconds(10.0),
        ends_at=Seconds(30.0),
        verbs=frozenset({"list_ports"}),
        what=fault,
    )
    struck = [at for at in (9.9, 10.0, 29.9, 30.0) if plan.fault(attempted(at=at)) is fault]
    assert struck == [10.0, 29.9]
    assert plan.fault(attempted("list_images", at=15.0)) is None


def test_a_plan_may_end() -> None:
    """Until its end it is the plan inside, and from then on nothing goes wrong."""
    plan = Until(Seconds(5.0), ListedFaults({("list_ports", 1): Fault(error=Unreachable)}))
    assert plan.fault(attempted(at=4.9)) == Fault(error=Unreachable)
    assert plan.fault(attempted(at=5.0)) is None
    assert plan.fault(attempted(number=2, at=4.9)) is None


def test_no_faults_are_none() -> None:
    """Nothing goes wrong without a plan for it."""
    plan: FaultPlan = NoFaults()
    assert [plan.fault(attempted(verb)) for verb in VERBS] == [None] * len(VERBS)


def test_drawn_faults_are_a_function_of_their_draws() -> None:
    """The same draws strike the same calls, others do not."""
    runs = [struck_calls(seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def struck_calls(seed: int) -> list[tuple[str, int]]:
    """Return which of many calls a drawn plan strikes."""
    plan = DrawnFaults(draws=CounterDraws(seed, 0), sites=USUAL)
    return [(v, n) for v in VERBS for n in range(1, 41) if plan.fault(attempted(v, n)) is not None]


def test_drawn_faults_have_two_stages() -> None:
    """About a quarter of all sites are armed; an armed one strikes about a quarter of its calls."""
    sites = {"only": Fault(error=Unreachable)}
    calls = range(1, 101)
    strikes = [
        sum(plan.fault(attempted(verb, number)) is not None for number in calls)
        for verb in VERBS
        for plan in (DrawnFaults(draws=CounterDraws(3, run), sites=sites) for run in range(20))
    ]
    armed = [count for count in strikes if count]
    assert 0.2 < len(armed) / len(strikes) < 0.3
    assert 0.23 < sum(armed) / (len(armed) * len(calls)) < 0.27


@pytest.mark.parametrize(("arming", "firing", "expected"), [(0.0, 1.0, 0), (1.0, 1.0, 40)])
def test_a_probability_may_be_certain(arming: float, firing: float, expected: int) -> None:
    """What is never armed never strikes; what is armed and always fires always does."""
    plan = DrawnFaults(draws=CounterDraws(1, 0), sites=USUAL, arming=arming, firing=firing)
    struck = [number for number in range(40) if plan.fault(attempted(number=number + 1))]
    assert len(struck) == expected
