"""What SimRuntime promises beyond the seam: services, closing, deadlock, cancelled waits."""

from collections.abc import Coroutine
from typing import Any

import pytest

from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cancellation import Cancelled
from coe_twin.sim_driver.groups import SimTaskGroup
from coe_twin.sim_driver.runtime import Deadlock, SimRuntime
from coe_twin.sim_driver.task import NO_TRACE

LONG = Seconds(1000.0)


async def nothing() -> None:
    pass


async def linger(runtime: SimRuntime, log: list[str], name: str) -> None:
    try:
        await runtime.sleep(LONG)
    finally:
        log.append(name)


async def nest(runtime: SimRuntime, log: list[str], name: str, *, joins: bool) -> None:
    try:
        async with runtime.task_group() as group:
            group.start(linger(runtime, log, f"{name}1"))
            group.start(linger(runtime, log, f"{name}2"))
            if not joins:
                await linger(runtime, log, f"{name} body")
    finally:
        log.append(name)


def test_services_are_closed_in_the_order_of_their_start() -> None:
    """At the end of a run each service ends after its own children, before later services."""
    runtime, log = SimRuntime(), list[str]()
    runtime.serve(linger(runtime, log, "a"))
    runtime.serve(nest(runtime, log, "b", joins=True))
    runtime.serve(nest(runtime, log, "c", joins=False))
    runtime.serve(linger(runtime, log, "d"))
    runtime.run(runtime.sleep(Seconds(1.0)))
    assert log == ["a", "b1", "b2", "b", "c body", "c1", "c2", "c", "d"]


def test_a_service_that_cannot_be_closed_stops_no_other() -> None:
    """All are closed, and then the error of the first that went wrong is raised."""
    runtime, log = SimRuntime(), list[str]()

    async def stubborn() -> None:
        try:
            await runtime.sleep(LONG)
        finally:
            await runtime.sleep(LONG)

    runtime.serve(stubborn())
    runtime.serve(linger(runtime, log, "a"))
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        runtime.run(runtime.sleep(Seconds(1.0)))
    assert log == ["a"]


def test_a_service_that_fails_ends_the_run() -> None:
    """A failure in the simulated world is a bug, so it is not to be caught by the core."""
    runtime, log = SimRuntime(), list[str]()

    async def broken() -> None:
        await runtime.sleep(Seconds(1.0))
        raise KeyError("bug")

    runtime.serve(broken())
    with pytest.raises(KeyError, match="bug"):
        runtime.run(linger(runtime, log, "main"))
    assert log == ["main"]
    assert runtime.now() == 1.0


def test_a_run_that_cannot_end_is_a_deadlock() -> None:
    """To wait for what nobody will do is an error that says when the world stood still."""
    runtime = SimRuntime()

    async def main() -> None:
        await runtime.sleep(Seconds(2.0))
        await runtime.event().wait()

    with pytest.raises(Deadlock, match="after 2 s"):
        runtime.run(main())


@pytest.mark.parametrize("is_entered", [True, False])
def test_a_group_that_is_not_open_starts_nothing(*, is_entered: bool) -> None:
    """A child cannot be started before the block of its group, or after it."""
    runtime = SimRuntime()

    async def main() -> None:
        group = runtime.task_group()
        if is_entered:
            async with group:
                pass
        with pytest.raises(RuntimeError, match="not open"):
            group.start(nothing())

    runtime.run(main())


def test_a_child_that_is_cancelled_before_its_first_step_takes_none() -> None:
    """A group that fails at once runs nothing of the children it has just started."""
    runtime, log = SimRuntime(), list[str]()

    async def child() -> None:
        log.append("ran")

    async def main() -> None:
        with pytest.raises(KeyError):
            await _start_and_fail(runtime.task_group(), child())

    runtime.run(main())
    assert log == []


async def _start_and_fail(group: SimTaskGroup, work: Coroutine[Any, Any, None]) -> None:
    async with group:
        group.start(work)
        raise KeyError


def test_a_task_cannot_interrupt_itself() -> None:
    """The running task has no wait that could be interrupted."""
    runtime = SimRuntime()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="itself"):
            runtime.running().interrupt("me")

    runtime.run(main())


def test_a_wait_that_is_given_up_leaves_a_dead_timer() -> None:
    """Who is interrupted in a sleep sleeps anew for the whole of the next delay."""
    runtime, log = SimRuntime(), list[float]()

    async def sleeper() -> None:
        try:
            await runtime.sleep(Seconds(5.0))
        except Cancelled:
            await runtime.sleep(Seconds(10.0))
            log.append(runtime.now())
            raise

    async def main() -> None:
        task = runtime.spawn(sleeper(), lambda _task, _error: None)
        await runtime.sleep(Seconds(1.0))
        task.interrupt("test")
        await runtime.sleep(Seconds(20.0))
        with pytest.raises(RuntimeError, match="was cancelled"):
            task.result()

    runtime.run(main())
    assert log == [11.0]


def test_outside_of_tasks_nothing_can_be_awaited() -> None:
    """An await that no SimTask drives says what is missing."""
    with pytest.raises(RuntimeError, match="no task is running"):
        SimRuntime().sleep(Seconds(1.0)).send(None)


def test_a_path_goes_on_through_starts_events_and_joins() -> None:
    """A task is on the path of its starter, of who set its event, of its group's last child."""
    runtime, traces = SimRuntime(), list[int]()
    event = runtime.event()

    async def waiter() -> None:
        traces.append(runtime.running().trace)
        await event.wait()
        traces.append(runtime.running().trace)

    async def setter() -> None:
        await runtime.sleep(Seconds(1.0))
        runtime.running().trace = 8
        event.set()
        await runtime.sleep(Seconds(1.0))

    async def main() -> None:
        assert runtime.running().trace == NO_TRACE
        runtime.running().trace = 7
        async with runtime.task_group() as group:
            group.start(waiter())
            group.start(setter())
        traces.append(runtime.running().trace)

    runtime.run(main())
    assert traces == [7, 8, 8]
