"""Contract rules of the runtime: events and semaphores."""

# ruff: noqa: PT012 - what raises is a whole block

import pytest

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.runtime import Event, Runtime, Semaphore
from coe_twin.coe_core.units import Seconds
from tests.conformance.worlds import LONG, STEP, World, on_every_runtime

pytestmark = on_every_runtime


class Boom(Exception):
    pass


async def hold(runtime: Runtime, semaphore: Semaphore, log: list[str], name: str) -> None:
    await semaphore.acquire()
    try:
        log.append(name)
        await runtime.sleep(STEP)
    finally:
        semaphore.release()


async def fail_after(event: Event) -> None:
    await event.wait()
    raise Boom


@pytest.mark.rule("R212")
def test_an_event_wakes_its_waiters_in_the_order_of_waiting(world: World) -> None:
    """Whoever came first goes on first, whenever it was started."""
    log: list[str] = []

    async def waiter(runtime: Runtime, event: Event, name: str, steps: int) -> None:
        await runtime.sleep(Seconds(steps * STEP))
        await event.wait()
        log.append(name)

    async def scene(runtime: Runtime) -> None:
        event = runtime.event()
        async with runtime.task_group() as group:
            for name, steps in (("a", 3), ("b", 1), ("c", 2)):
                group.start(waiter(runtime, event, name, steps))
            await runtime.sleep(Seconds(6 * STEP))
            log.append("set")
            event.set()

    world.play(scene)
    assert log == ["set", "b", "c", "a"]


@pytest.mark.rule("R212")
def test_a_set_event_stays_set(world: World) -> None:
    """Nobody waits for an event that is set, and to set it again changes nothing."""

    async def scene(runtime: Runtime) -> None:
        event = runtime.event()
        assert not event.is_set()
        for _ in range(2):
            event.set()
            assert event.is_set()
            async with runtime.deadline(LONG):
                await event.wait()

    assert world.play(scene) < LONG


@pytest.mark.rule("R212")
def test_an_event_forgets_a_cancelled_waiter(world: World) -> None:
    """A waiter that is cancelled at the instant of the set ends once; the others wake."""
    log: list[str] = []

    async def waiter(event: Event, name: str) -> None:
        try:
            await event.wait()
            log.append(f"{name} woke")
        finally:
            log.append(f"{name} ended")

    async def doomed(runtime: Runtime, start: Event, event: Event) -> None:
        with pytest.raises(Boom):
            async with runtime.task_group() as group:
                group.start(waiter(event, "a"))
                group.start(fail_after(start))

    async def set_after(start: Event, event: Event) -> None:
        await start.wait()
        event.set()

    async def scene(runtime: Runtime) -> None:
        start, event = runtime.event(), runtime.event()
        async with runtime.task_group() as group:
            group.start(doomed(runtime, start, event))
            await runtime.sleep(STEP)
            group.start(waiter(event, "b"))
            group.start(set_after(start, event))
            await runtime.sleep(STEP)
            start.set()

    world.play(scene)
    assert sorted(log) == ["a ended", "b ended", "b woke"]


@pytest.mark.rule("R213")
def test_a_semaphore_serves_in_the_order_of_asking(world: World) -> None:
    """Whoever asked first gets the next permit, whenever it was started."""
    log: list[str] = []

    async def ask(runtime: Runtime, semaphore: Semaphore, name: str, steps: int) -> None:
        await runtime.sleep(Seconds(steps * STEP))
        await hold(runtime, semaphore, log, name)

    async def scene(runtime: Runtime) -> None:
        semaphore = runtime.semaphore(1)
        await semaphore.acquire()
        async with runtime.task_group() as group:
            for name, steps in (("a", 3), ("b", 1), ("c", 2)):
                group.start(ask(runtime, semaphore, name, steps))
            await runtime.sleep(Seconds(6 * STEP))
            semaphore.release()

    world.play(scene)
    assert log == ["b", "c", "a"]


@pytest.mark.rule("R213")
def test_a_semaphore_lets_nobody_jump_the_line(world: World) -> None:
    """Who gives a permit back and asks again at once comes after those who wait."""
    log: list[str] = []

    async def scene(runtime: Runtime) -> None:
        semaphore = runtime.semaphore(1)
        await semaphore.acquire()
        async with runtime.task_group() as group:
            group.start(hold(runtime, semaphore, log, "waiter"))
            await runtime.sleep(STEP)
            semaphore.release()
            await hold(runtime, semaphore, log, "holder")

    world.play(scene)
    assert log == ["waiter", "holder"]


@pytest.mark.rule("R213")
def test_a_semaphore_has_as_many_permits_as_it_says(world: World) -> None:
    """No more than the permits are held at once, and all of them are; none is refused."""
    held: list[str] = []
    counts: list[int] = []

    async def worker(runtime: Runtime, semaphore: Semaphore) -> None:
        await semaphore.acquire()
        held.append("permit")
        counts.append(len(held))
        await runtime.sleep(STEP)
        held.pop()
        semaphore.release()

    async def scene(runtime: Runtime) -> None:
        semaphore = runtime.semaphore(2)
        async with runtime.task_group() as group:
            for _ in range(5):
                group.start(worker(runtime, semaphore))
        with pytest.raises(ValueError, match="permits"):
            runtime.semaphore(0)

    world.play(scene)
    assert len(counts) == 5
    assert max(counts) == 2


@pytest.mark.rule("R214")
def test_a_cancelled_waiter_leaves_the_line(world: World) -> None:
    """A permit never goes to who has stopped waiting for it."""
    log: list[str] = []

    async def hurried(runtime: Runtime, semaphore: Semaphore) -> None:
        with pytest.raises(DeadlineExceeded):
            async with runtime.deadline(STEP):
                await semaphore.acquire()

    async def scene(runtime: Runtime) -> None:
        semaphore = runtime.semaphore(1)
        await semaphore.acquire()
        async with runtime.task_group() as group:
            group.start(hurried(runtime, semaphore))
            group.start(hold(runtime, semaphore, log, "next"))
            await runtime.sleep(Seconds(3 * STEP))
            semaphore.release()
        async with runtime.deadline(LONG):
            await semaphore.acquire()

    assert world.play(scene) < LONG
    assert log == ["next"]


@pytest.mark.rule("R214")
@pytest.mark.parametrize("release_first", [True, False])
def test_a_permit_given_to_a_cancelled_waiter_is_passed_on(
    world: World, *, release_first: bool
) -> None:
    """A waiter that is cancelled at the instant of the release keeps no permit."""
    log: list[str] = []

    async def doomed(runtime: Runtime, start: Event, semaphore: Semaphore) -> None:
        with pytest.raises(Boom):
            async with runtime.task_group() as group:
                group.start(hold(runtime, semaphore, [], "doomed"))
                group.start(fail_after(start))

    async def release_after(start: Event, semaphore: Semaphore) -> None:
        await start.wait()
        semaphore.release()

    async def scene(runtime: Runtime) -> None:
        start, semaphore = runtime.event(), runtime.semaphore(1)
        await semaphore.acquire()
        async with runtime.task_group() as group:
            if release_first:
                group.start(release_after(start, semaphore))
            group.start(doomed(runtime, start, semaphore))
            await runtime.sleep(STEP)
            group.start(hold(runtime, semaphore, log, "next"))
            if not release_first:
                group.start(release_after(start, semaphore))
            await runtime.sleep(STEP)
            start.set()

    world.play(scene)
    assert log == ["next"]
