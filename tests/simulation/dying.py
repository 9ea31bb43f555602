"""A repository whose user dies at one of its calls, before or after its effect."""

from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from coe_twin.coe_core.cluster import Cluster, Operation
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.ports.repository import ClusterRepository, Unreadable
from coe_twin.coe_core.units import Seconds

T = TypeVar("T")

NO_CALL = 0


class Crash(Exception):
    """The end of a process; the core catches no such thing."""


class DyingRepository:
    """`ClusterRepository` around another; `total` counts the calls, `last` is the fatal one."""

    def __init__(self, inner: ClusterRepository, last: int, *, is_answer_lost: bool) -> None:
        self._inner = inner
        self._last = last
        self._is_answer_lost = is_answer_lost
        self.total = 0

    async def add(self, cluster: Cluster) -> Cluster:
        return await self._call(self._inner.add(cluster))

    async def get(self, cluster: ClusterId) -> Cluster:
        return await self._call(self._inner.get(cluster))

    async def save(self, cluster: Cluster) -> Cluster:
        return await self._call(self._inner.save(cluster))

    async def remove(self, cluster: ClusterId) -> None:
        await self._call(self._inner.remove(cluster))

    async def clusters(self) -> tuple[Cluster, ...]:
        return await self._call(self._inner.clusters())

    async def unreadable(self) -> tuple[Unreadable, ...]:
        return await self._call(self._inner.unreadable())

    async def write_operation(self, operation: Operation) -> None:
        await self._call(self._inner.write_operation(operation))

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        return await self._call(self._inner.operations(cluster))

    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        return await self._call(self._inner.take(cluster, holder, ttl))

    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        await self._call(self._inner.renew(cluster, holder, ttl))

    async def release(self, cluster: ClusterId, holder: str) -> None:
        await self._call(self._inner.release(cluster, holder))

    async def _call(self, work: Awaitable[T]) -> T:
        self.total += 1
        is_last = self.total == self._last
        if is_last and not self._is_answer_lost:
            _forget(work)
            raise Crash
        if is_last:
            with suppress(CoeError):  # a refusal is an answer, too
                await work
            raise Crash
        return await work


def _forget(work: object) -> None:
    """Close a coroutine that is not to be run, so that nobody warns of it."""
    close = getattr(work, "close", None)
    assert close is not None, "every verb is a coroutine"
    close()
