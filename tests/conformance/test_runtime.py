"""Contract rules of the runtime: time and deadlines."""

# ruff: noqa: PT012 - what raises is a whole block

import pytest

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds
from tests.conformance.worlds import LONG, STEP, World, on_every_runtime

pytestmark = on_every_runtime

ROUNDING = 1e-9
NAN = Seconds(float("nan"))
ENDLESS = Seconds(float("inf"))


@pytest.mark.rule("R201")
def test_the_clock_starts_at_zero_and_only_advances(world: World) -> None:
    """`now` is 0 at the start, and a sleep advances it by its delay or more."""

    async def scene(runtime: Runtime) -> None:
        assert 0 <= runtime.now() < LONG / 60
        for delay in (Seconds(0.0), STEP, Seconds(2 * STEP)):
            before = runtime.now()
            await runtime.sleep(delay)
            assert runtime.now() - before >= delay - ROUNDING

    world.play(scene)


@pytest.mark.rule("R202")
def test_a_sleep_of_zero_gives_way(world: World) -> None:
    """Whoever is due now runs before a `sleep(0)` returns, and nobody twice."""
    log: list[str] = []

    async def child(runtime: Runtime, name: str) -> None:
        log.append(name)
        await runtime.sleep(Seconds(0.0))
        log.append(f"{name} again")

    async def scene(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            for name in "abc":
                group.start(child(runtime, name))
            await runtime.sleep(Seconds(0.0))
            log.append("starter")

    world.play(scene)
    assert log == ["a", "b", "c", "starter", "a again", "b again", "c again"]


@pytest.mark.rule("R203")
def test_impossible_durations_are_refused(world: World) -> None:
    """A delay or a limit that is negative or not a number raises ValueError."""

    async def scene(runtime: Runtime) -> None:
        for wrong in (Seconds(-STEP), Seconds(-ENDLESS), NAN):
            with pytest.raises(ValueError, match="not a duration"):
                await runtime.sleep(wrong)
            with pytest.raises(ValueError, match="not a duration"):
                async with runtime.deadline(wrong):
                    pass

    world.play(scene)


@pytest.mark.rule("R209")
def test_a_deadline_cancels_its_block(world: World) -> None:
    """A block is cancelled after the limit, not before, and DeadlineExceeded is raised."""
    log: list[str] = []

    async def scene(runtime: Runtime) -> None:
        began = runtime.now()
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(STEP):
                try:
                    await runtime.sleep(LONG)
                finally:
                    log.append("cleaned up")
        assert STEP - ROUNDING <= runtime.now() - began < LONG
        assert log == ["cleaned up"]
        await runtime.sleep(STEP)  # the cancellation is over

    world.play(scene)


@pytest.mark.rule("R209")
def test_a_deadline_that_is_kept_changes_nothing(world: World) -> None:
    """A block that ends in time, or fails, ends as it would without a deadline."""

    async def scene(runtime: Runtime) -> None:
        for limit in (LONG, ENDLESS):
            async with runtime.deadline(limit):
                await runtime.sleep(STEP)
            with pytest.raises(KeyError):
                async with runtime.deadline(limit):
                    raise KeyError

    world.play(scene)


@pytest.mark.rule("R209")
def test_a_deadline_of_zero_expires_at_the_first_wait(world: World) -> None:
    """A limit of 0 lets nothing wait."""

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(Seconds(0.0)):
                await runtime.sleep(LONG)

    assert world.play(scene) < LONG


@pytest.mark.rule("R209")
def test_a_deadline_is_not_lost_on_a_failing_group(world: World) -> None:
    """Who handles a failure that was raised while the deadline expired is still cancelled."""
    log: list[str] = []

    async def end_slowly(runtime: Runtime) -> None:
        try:
            await runtime.sleep(LONG)
        finally:
            await runtime.sleep(Seconds(4 * STEP))

    async def fail(runtime: Runtime) -> None:
        async with runtime.task_group() as group:
            group.start(end_slowly(runtime))
            await runtime.sleep(STEP)
            raise KeyError

    async def scene(runtime: Runtime) -> None:
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(Seconds(2 * STEP)):
                try:
                    await fail(runtime)
                except KeyError:
                    log.append("handled")
                await runtime.sleep(LONG)
        await runtime.sleep(STEP)  # the cancellation is over

    assert world.play(scene) < LONG
    assert log == ["handled"]


@pytest.mark.rule("R210")
@pytest.mark.parametrize("inner_limit", [LONG, STEP])
def test_the_outer_deadline_raises_at_the_outer_block(world: World, inner_limit: Seconds) -> None:
    """Who catches the inner block's error does not catch the outer one's."""
    log: list[str] = []

    async def inner(runtime: Runtime) -> None:
        try:
            async with runtime.deadline(inner_limit):
                await runtime.sleep(LONG)
        except DeadlineExceeded:
            log.append("inner")

    async def scene(runtime: Runtime) -> None:
        try:
            async with runtime.deadline(STEP):
                await inner(runtime)
        except DeadlineExceeded:
            log.append("outer")

    world.play(scene)
    assert log == ["outer"]


@pytest.mark.rule("R210")
def test_the_inner_deadline_raises_at_the_inner_block(world: World) -> None:
    """An inner deadline that expires first leaves the outer block to go on."""
    log: list[str] = []

    async def scene(runtime: Runtime) -> None:
        async with runtime.deadline(LONG):
            try:
                async with runtime.deadline(STEP):
                    await runtime.sleep(LONG)
            except DeadlineExceeded:
                log.append("inner")
            await runtime.sleep(STEP)
            log.append("went on")

    world.play(scene)
    assert log == ["inner", "went on"]


@pytest.mark.rule("R211")
def test_a_kept_deadline_does_not_keep_the_run_alive(world: World) -> None:
    """The run ends with its main coroutine, not with the last timer that anybody set."""

    async def scene(runtime: Runtime) -> None:
        async with runtime.deadline(LONG):
            await runtime.sleep(STEP)
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(STEP):
                await runtime.sleep(LONG)

    assert world.play(scene) < LONG
