"""The repositories on which each contract rule is held."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import create_async_engine

from coe_twin.coe_core.conformance.repository_under_test import RepositoryUnderTest
from coe_twin.coe_core.conformance.rules import NotSupported, Scene
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.database import database_url
from coe_twin.real_driver.repository import SqlRepository
from coe_twin.real_driver.runtime import AnyioRuntime
from tests.conformance.worlds import RunnableRuntime

NOON = 1.8e9
"""When a scene begins by the clock of the leases [s since 1970]."""


class Subject(RepositoryUnderTest, Protocol):
    """A repository under test on a runtime with an entry."""

    @property
    def runtime(self) -> RunnableRuntime: ...


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    async def advance(self, delay: Seconds) -> None:
        self.now += delay


class MemorySubject:
    """A repository in memory; another class can be put under test in its place."""

    is_persistent = False

    def __init__(
        self, runtime: RunnableRuntime, kind: type[MemoryRepository] = MemoryRepository
    ) -> None:
        self.runtime = runtime
        self._kind = kind
        self._clock = Clock()
        self.advance = self._clock.advance

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ClusterRepository]:
        yield self._kind(self._clock)

    def reopen(self) -> AbstractAsyncContextManager[ClusterRepository]:
        raise AssertionError("a repository in memory cannot be opened again")


class SqlSubject:
    """A repository in a database; `fresh` makes an empty database and returns its URL."""

    is_persistent = True

    def __init__(self, fresh: Callable[[], Awaitable[str]]) -> None:
        self.runtime = AnyioRuntime()
        self._fresh = fresh
        self._url = ""
        self._clock = Clock()
        self.advance = self._clock.advance

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ClusterRepository]:
        self._url = await self._fresh()
        async with self.reopen() as repository:
            yield repository

    def reopen(self) -> AbstractAsyncContextManager[ClusterRepository]:
        return SqlRepository.opened(self._url, self._clock)


class Files:
    """Makes empty databases of SQLite in a folder, by their paths."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / f"{number}" / "coe.db" for number in count())

    async def fresh(self) -> str:
        return f"sqlite:///{next(self._paths)}"


class Databases:
    """Makes empty databases in a PostgreSQL; there is one at a time."""

    def __init__(self, server: str) -> None:
        self._server = database_url(server)
        self._name = f"coe_twin_test_{os.getpid()}"

    async def fresh(self) -> str:
        await self._run(f"DROP DATABASE IF EXISTS {self._name}", f"CREATE DATABASE {self._name}")
        return self._server.set(database=self._name).render_as_string(hide_password=False)

    async def drop(self) -> None:
        await self._run(f"DROP DATABASE IF EXISTS {self._name}")

    async def _run(self, *statements: str) -> None:
        engine = create_async_engine(self._server, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
        await engine.dispose()


def play(scene: Scene[RepositoryUnderTest], subject: Subject) -> NotSupported | None:
    """Run `scene` to its end; return what the subject lacks for it."""
    try:
        subject.runtime.run(scene.play(subject))
    except NotSupported as lack:
        return lack
    return None
