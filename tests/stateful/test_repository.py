"""Random programs on a database and on the repository in memory: both say the same."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from coe_twin.coe_core.conformance.records import cluster, operation
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.repository import SqlRepository
from tests.conformance.repositories import Clock

EXAMPLES = 25
"""Each opens a database of its own; a program is short, so a failing one is not made shorter."""
NAMES = count()

Step = Callable[[ClusterRepository], Awaitable[Any]]

numbers = st.integers(0, 1)
holders = st.sampled_from(["ann", "bob"])
spans = st.sampled_from([10.0, 60.0, float("inf")]).map(Seconds)
reasons = st.sampled_from(["", "No valid host was found", "é"])


def named(verb: str, *arguments: object) -> Step:
    """Return the step that calls `verb`, which shows itself in a failing program."""

    async def step(repository: ClusterRepository) -> object:
        return await getattr(repository, verb)(*arguments)

    step.__qualname__ = f"{verb}{arguments}"
    return step


def saving(number: int, reason: str, behind: int) -> Step:
    """Return the step that saves a record `behind` versions behind what is stored."""

    async def step(repository: ClusterRepository) -> object:
        stored = await repository.get(cluster(number).id)
        changed = replace(stored, status_reason=reason, version=stored.version - behind)
        return await repository.save(changed)

    step.__qualname__ = f"save({number}, {reason!r}, {behind} behind)"
    return step


def writing(number: int, of: int, failure: str) -> Step:
    """Return the step that writes an operation; each belongs to one cluster for good."""
    intent = replace(operation(2 * number + of, cluster(of)), failure=failure)
    return named("write_operation", intent)


KNOWN = [cluster(number).id for number in range(2)]

ids = st.sampled_from(KNOWN)
steps = st.one_of(
    st.builds(named, st.just("add"), numbers.map(cluster)),
    st.builds(named, st.sampled_from(["get", "remove", "operations"]), ids),
    st.builds(named, st.just("clusters")),
    st.builds(saving, numbers, reasons, st.integers(-1, 2).map(lambda number: max(number, 0))),
    st.builds(writing, numbers, numbers, reasons),
    st.builds(named, st.just("take"), ids, holders, spans),
    st.builds(named, st.just("renew"), ids, holders, spans),
    st.builds(named, st.just("release"), ids, holders),
    st.sampled_from([5.0, 30.0, 61.0]),
)


FIRST: Final[list[Step | float]] = [named("add", cluster(number)) for number in (1, 0)]
LAST: Final[list[Step | float]] = [
    named("clusters"),
    *(named("operations", each) for each in KNOWN),
    *(named("take", each, "cyd", Seconds(1.0)) for each in KNOWN),
]


async def outcome(step: Step, repository: ClusterRepository) -> tuple[type[Any], object]:
    """Return what a step came to: what it returned, or what it raised."""
    try:
        result = await step(repository)
    except CoeError as error:
        return type(error), str(error)
    return type(result), result


async def compare(url: str, program: list[Step | float]) -> None:
    """Run the program on both repositories, side by side; all they say is the same."""
    clock = Clock()
    model = MemoryRepository(clock)
    async with SqlRepository.opened(url, clock) as repository:
        for step in [*FIRST, *program, *LAST]:
            if isinstance(step, float):
                await clock.advance(Seconds(step))
                continue
            note(step.__qualname__)
            assert await outcome(step, repository) == await outcome(step, model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repositories")


@settings(max_examples=EXAMPLES, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(program=st.lists(steps, min_size=10, max_size=30))
def test_a_database_says_what_memory_says(folder: Path, program: list[Step | float]) -> None:
    """No program tells the two apart, by records, order, refusals or their texts."""
    anyio.run(compare, f"sqlite:///{folder / str(next(NAMES))}.db", program)
