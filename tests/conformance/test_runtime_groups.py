"""Contract rules of the runtime: task groups and their children."""

# ruff: noqa: PT012 - what raises is a whole block

from collections.abc import Generator
from contextvars import ContextVar

import pytest

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds
from tests.conformance.worlds import LONG, STEP, World, on_every_runtime

pytestmark = on_every_runtime

COLOUR = ContextVar("colour", default="none")


class Boom(Exception):
    pass


async def linger(runtime: Runtime, log: list[str], name: str) -> None:
    try:
        await runtime.sleep(LONG)
        log.append(f"{name} was never cancelled")
    finally:
        log.append(name)


async def fail(runtime: Runtime, error: BaseException) -> None:
    await runtime.sleep(STEP)
    raise error


@pytest.mark.rule("R204")
def test_a_group_waits_for_all_its_children(world: World) -> None:
    """Nothing outlives the block, be it a child that a child started."""
    log: list[str] = []

    async def late(runtime: Runtime) -> None:
        await runtime.sleep(Seconds(2 * STEP))
        log.append("late")

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:

            async def early() -> None:
                await runtime.sleep(STEP)
                group.start(late(runtime))
                log.append("early")

            group.start(early())
            log.append("body")
        log.append("left")

    world.play(scene)
    assert log == ["body", "early", "late", "left"]


@pytest.mark.rule("R205")
def test_a_failure_cancels_the_siblings_in_order(world: World) -> None:
    """Siblings end in the order of their start, and then the first failure is raised as it is."""
    log: list[str] = []
    first = Boom("first")
    first.__context__ = cause = KeyError()

    async def fail_again(runtime: Runtime) -> None:
        try:
            await linger(runtime, log, "c")
        finally:
            raise Boom("second")

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(Boom) as caught:
            async with runtime.task_group() as group:
                group.start(linger(runtime, log, "a"))
                group.start(fail(runtime, first))
                group.start(linger(runtime, log, "b"))
                group.start(fail_again(runtime))
                group.start(linger(runtime, log, "d"))
        log.append("raised")
        assert caught.value is first
        assert caught.value.__context__ is cause

    world.play(scene)
    assert log == ["a", "b", "c", "d", "raised"]


@pytest.mark.rule("R205")
def test_a_failure_cancels_through_nested_groups(world: World) -> None:
    """A cancelled child ends after its own children, which are cancelled in order, too."""
    log: list[str] = []

    async def nest(runtime: Runtime) -> None:
        try:
            async with runtime.task_group() as group:
                for name in "abc":
                    group.start(linger(runtime, log, name))
        finally:
            log.append("nest")

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(Boom):
            async with runtime.task_group() as group:
                group.start(nest(runtime))
                group.start(fail(runtime, Boom()))
        log.append("raised")

    world.play(scene)
    assert log == ["a", "b", "c", "nest", "raised"]


@pytest.mark.rule("R206")
def test_a_failure_cancels_the_body(world: World) -> None:
    """The body does not go on beside a group that has failed."""
    log: list[str] = []

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(Boom):
            async with runtime.task_group() as group:
                group.start(fail(runtime, Boom()))
                await linger(runtime, log, "body")
        await runtime.sleep(STEP)  # the cancellation is over

    world.play(scene)
    assert log == ["body"]


@pytest.mark.rule("R207")
def test_a_failing_body_cancels_the_children(world: World) -> None:
    """The children end in order, and then the body's exception is raised, whatever they raise."""
    log: list[str] = []
    error = Boom("body")

    async def fail_too(runtime: Runtime) -> None:
        try:
            await linger(runtime, log, "b")
        finally:
            raise Boom("child")

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(Boom) as caught:
            async with runtime.task_group() as group:
                group.start(linger(runtime, log, "a"))
                group.start(fail_too(runtime))
                group.start(linger(runtime, log, "c"))
                await runtime.sleep(STEP)
                raise error
        log.append("raised")
        assert caught.value is error

    world.play(scene)
    assert log == ["a", "b", "c", "raised"]


@pytest.mark.rule("R208")
def test_cancellation_is_no_exception(world: World) -> None:
    """`except Exception` does not see it, `finally` does, and nothing after the block runs."""
    log: list[str] = []

    async def stubborn(runtime: Runtime) -> None:
        try:
            await runtime.sleep(LONG)
        except Exception:  # noqa: BLE001 - what must not work
            log.append("swallowed")
        finally:
            log.append("finally")
        log.append("went on")

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(Boom):
            async with runtime.task_group() as group:
                group.start(stubborn(runtime))
                group.start(fail(runtime, Boom()))

    world.play(scene)
    assert log == ["finally"]


@pytest.mark.rule("R215")
def test_context_is_inherited_and_private(world: World) -> None:
    """A child starts with its starter's variables of that moment and keeps its own changes."""
    log: list[str] = []

    async def child(runtime: Runtime, name: str) -> None:
        inherited = COLOUR.get()
        COLOUR.set(name)
        await runtime.sleep(Seconds(0.0))
        log.append(f"{inherited} {COLOUR.get()}")

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            COLOUR.set("red")
            group.start(child(runtime, "a"))
            COLOUR.set("green")
            group.start(child(runtime, "b"))
            COLOUR.set("blue")
        log.append(COLOUR.get())

    world.play(scene)
    assert log == ["red a", "green b", "blue"]
    assert COLOUR.get() == "none"


@pytest.mark.rule("R216")
def test_a_result_is_there_at_the_end(world: World) -> None:
    """A task has no result until it ends, and then it has what its coroutine returned."""

    async def answer(runtime: Runtime, value: str | None) -> str | None:
        await runtime.sleep(STEP)
        return value

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            tasks = [group.start(answer(runtime, value)) for value in ("a", None)]
            for task in tasks:
                with pytest.raises(RuntimeError):
                    task.result()
        assert [task.result() for task in tasks] == ["a", None]

    world.play(scene)


@pytest.mark.rule("R217")
def test_a_foreign_awaitable_is_refused(world: World) -> None:
    """Who awaits what the runtime does not know gets a RuntimeError that shows it."""

    class Foreign:
        def __await__(self) -> Generator["Foreign", None, None]:
            yield self

        def __repr__(self) -> str:
            return "<a lock of another library>"

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(RuntimeError, match="<a lock of another library>"):
            await Foreign()
        await runtime.sleep(STEP)  # the task goes on

    world.play(scene)


@pytest.mark.rule("R218")
def test_a_broken_run_closes_what_is_unfinished(world: World) -> None:
    """When a task ends the run, the others' `finally` blocks run in the order of their start."""
    log: list[str] = []

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            group.start(linger(runtime, log, "a"))
            group.start(linger(runtime, log, "b"))
            group.start(fail(runtime, SystemExit()))
            group.start(linger(runtime, log, "c"))

    with pytest.raises(SystemExit):
        world.play(scene)
    assert log == ["a", "b", "c"]


@pytest.mark.rule("R219")
def test_siblings_run_in_the_order_of_their_start(world: World) -> None:
    """At one instant order is that of the start, for sleeps and deadlines alike."""
    log: list[str] = []

    async def sleeper(runtime: Runtime, name: str) -> None:
        log.append(name)
        await runtime.sleep(STEP)
        log.append(f"{name} slept")

    async def hurried(runtime: Runtime, name: str) -> None:
        log.append(name)
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(STEP):
                await runtime.sleep(LONG)
        log.append(f"{name} expired")

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            group.start(sleeper(runtime, "a"))
            group.start(hurried(runtime, "b"))
            group.start(sleeper(runtime, "c"))

    world.play(scene)
    assert log == ["a", "b", "c", "a slept", "b expired", "c slept"]
