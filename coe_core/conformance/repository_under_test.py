"""What the scenes of a repository need to know of it, and how they set rivals on it."""

from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds

Attempt = Coroutine[Any, Any, Cluster | None]


class RepositoryUnderTest(Protocol):
    """What the scenes need to know of an implementation."""

    @property
    def runtime(self) -> Runtime:
        """The runtime on which the scene runs."""

    @property
    def is_persistent(self) -> bool:
        """Whether `reopen` finds what was stored."""

    def open(self) -> AbstractAsyncContextManager[ClusterRepository]:
        """Open a new repository that holds nothing."""

    def reopen(self) -> AbstractAsyncContextManager[ClusterRepository]:
        """Open again what `open` opened last, as another process would; it may still be open."""

    async def advance(self, delay: Seconds) -> None:
        """Let the clock by which leases end go on by `delay` [s]."""


@asynccontextmanager
async def several(subject: RepositoryUnderTest) -> AsyncIterator[list[ClusterRepository]]:
    """Open a repository, and if it can be opened twice, also as another process would."""
    async with AsyncExitStack() as stack:
        repositories = [await stack.enter_async_context(subject.open())]
        if subject.is_persistent:
            repositories.append(await stack.enter_async_context(subject.reopen()))
        yield repositories


async def unless(refusal: type[CoeError], attempt: Awaitable[Cluster]) -> Cluster | None:
    """Return what `attempt` returns, None if it is refused."""
    try:
        return await attempt
    except refusal:
        return None


async def only_one(runtime: Runtime, attempts: list[Attempt]) -> Cluster:
    """Make all attempts at once; return what the one that succeeds returns."""
    async with runtime.task_group() as group:
        tasks = [group.start(attempt) for attempt in attempts]
    successes = [record for task in tasks if (record := task.result()) is not None]
    assert len(successes) == 1, f"{len(successes)} of {len(tasks)} succeeded"
    return successes[0]
