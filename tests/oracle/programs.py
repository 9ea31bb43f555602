"""Small random programs of tasks, and what they log.

Delays are small whole numbers, so that a program has many ties: the order within an instant is
what two runtimes most easily disagree on.
"""

from dataclasses import dataclass
from typing import Protocol

from hypothesis import strategies as st

from coe_twin.coe_core.errors import DeadlineExceeded
from coe_twin.coe_core.ports.runtime import Event, Runtime, Semaphore
from coe_twin.coe_core.units import Seconds

EVENTS = 4
SEMAPHORES = 2
PATIENCE = Seconds(1000.0)
"""Longer than any program takes that waits for what can still happen [s]."""


class Boom(Exception):
    """A failure on purpose."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Sleep for `delay` [s]."""

    delay: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for an event."""

    event: int


@dataclass(frozen=True, slots=True)
class Set:
    """Set an event."""

    event: int


@dataclass(frozen=True, slots=True)
class Call:
    """Ask the service for work of `demand` [s]."""

    demand: int


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise Boom."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Run `body` with a permit."""

    semaphore: int
    body: "Program"


@dataclass(frozen=True, slots=True)
class Limit:
    """Run `body` under a deadline of `limit` [s] and go on after it."""

    limit: int
    body: "Program"


@dataclass(frozen=True, slots=True)
class Catch:
    """Run `body` and go on after its failure."""

    body: "Program"


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Run `body` and sleep for `delay` [s] in the end, come what may."""

    body: "Program"
    delay: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Run `children` beside `body`."""

    children: "tuple[Program, ...]"
    body: "Program"


Step = Sleep | Wait | Set | Call | Fail | Hold | Limit | Catch | CleanUp | Fork
Program = tuple[Step, ...]


def _only(step: Step) -> Program:
    return (step,)


def _chain(steps: list[Step], end: Program) -> Program:
    return (*steps, *end)


DELAYS = st.integers(0, 3)
BUSY = st.one_of(
    st.builds(Sleep, DELAYS),
    st.builds(Call, DELAYS),
    st.builds(Set, st.integers(0, EVENTS - 1)),
    st.builds(Limit, st.integers(1, 4), st.builds(Wait, st.integers(0, EVENTS - 1)).map(_only)),
)
"""Steps that end by themselves."""


def bodies(depth: int, size_max: int) -> st.SearchStrategy[Program]:
    """Return programs of 1 to `size_max` steps with blocks `depth` deep."""
    steps: st.SearchStrategy[Step] = BUSY if depth == 0 else st.one_of(BUSY, blocks(depth))
    ends = st.sampled_from([(), (), (), (Fail(),), (Wait(1),)])
    return st.builds(_chain, st.lists(steps, min_size=1, max_size=size_max), ends)


def blocks(depth: int) -> st.SearchStrategy[Step]:
    """Return steps that hold programs with blocks `depth` - 1 deep."""
    body = bodies(depth - 1, 3)
    return st.one_of(
        forks(depth),
        st.builds(Hold, st.integers(0, SEMAPHORES - 1), body),
        st.builds(Limit, st.integers(1, 4), body),
        st.builds(Catch, body),
        st.builds(CleanUp, body, DELAYS),
    )


def forks(depth: int) -> st.SearchStrategy[Step]:
    """Return groups whose failure does not reach what is around them."""
    body = bodies(depth - 1, 3)
    children = st.lists(body, min_size=2, max_size=4).map(tuple)
    return st.builds(Fork, children, body).map(_only).map(Catch)


PROGRAMS = st.lists(forks(2), min_size=1, max_size=3).map(tuple)


class Service(Protocol):
    """What programs call."""

    async def work(self, demand: int) -> int:
        """Return `demand` after some time.

        Raises:
            Boom: the demand is not to the service's taste.
        """


class Interpreter:
    """Runs a program on a runtime.

    Attributes:
        log: instant [s], path of the task, and what it did.
    """

    def __init__(self, runtime: Runtime, service: Service) -> None:
        self.log: list[tuple[float, str, str]] = []
        self._runtime = runtime
        self._service = service
        self._events: list[Event] = [runtime.event() for _ in range(EVENTS)]
        self._semaphores: list[Semaphore] = [
            runtime.semaphore(1 + number) for number in range(SEMAPHORES)
        ]

    async def main(self, program: Program) -> None:
        """Run all of `program`."""
        try:
            async with self._runtime.deadline(PATIENCE):
                await self._run(program, "main")
        except (Boom, DeadlineExceeded) as error:
            self._note("main", type(error).__name__)

    def _note(self, path: str, what: str) -> None:
        self.log.append((self._runtime.now(), path, what))

    async def _run(self, program: Program, path: str) -> None:
        for number, step in enumerate(program):
            here = f"{path}.{number}"
            self._note(here, "begins")
            try:
                await self._do(step, here)
            finally:
                self._note(here, "ends")

    async def _do(self, step: Step, path: str) -> None:
        match step:
            case Sleep(delay):
                await self._runtime.sleep(Seconds(float(delay)))
            case Wait(event):
                await self._events[event].wait()
            case Set(event):
                self._events[event].set()
            case Call(demand):
                self._note(path, str(await self._service.work(demand)))
            case Fail():
                raise Boom
            case _:
                await self._do_block(step, path)

    async def _do_block(self, step: Hold | Limit | Catch | CleanUp | Fork, path: str) -> None:
        match step:
            case Hold(semaphore, body):
                await self._hold(self._semaphores[semaphore], body, path)
            case Limit(limit, body):
                await self._limit(Seconds(float(limit)), body, path)
            case Catch(body):
                try:
                    await self._run(body, path)
                except (Boom, DeadlineExceeded) as error:
                    self._note(path, type(error).__name__)
            case CleanUp(body, delay):
                try:
                    await self._run(body, path)
                finally:
                    await self._runtime.sleep(Seconds(float(delay)))
            case Fork(children, body):
                async with self._runtime.task_group() as group:
                    for number, child in enumerate(children):
                        group.start(self._run(child, f"{path}/{number}"))
                    await self._run(body, path)

    async def _hold(self, semaphore: Semaphore, body: Program, path: str) -> None:
        await semaphore.acquire()
        try:
            await self._run(body, path)
        finally:
            semaphore.release()

    async def _limit(self, limit: Seconds, body: Program, path: str) -> None:
        try:
            async with self._runtime.deadline(limit):
                await self._run(body, path)
        except DeadlineExceeded:
            self._note(path, "expired")
