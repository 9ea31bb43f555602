"""What a repository in a database must do beyond the contract: start, end, share, be upset."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.conformance.records import cluster, operation
from coe_twin.coe_core.errors import CoeError, LeaseHeld, StaleVersion
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.database import database_url, engine_for
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema
from coe_twin.real_driver.repository import SqlRepository
from coe_twin.real_driver.schema import MIGRATIONS
from coe_twin.real_driver.tables import METADATA
from tests.conformance.postgresql import URL_VARIABLE
from tests.conformance.repositories import Databases, Files

PROCESSES = 3
WRONG = "guess"  # not the password of any server

ADD = """
import sys, anyio
from coe_twin.coe_core.conformance.records import cluster
from coe_twin.real_driver.repository import SqlRepository

async def add(url, number):
    async with SqlRepository.opened(url) as repository:
        await repository.add(cluster(number))

print("ready", flush=True)
sys.stdin.readline()
anyio.run(add, sys.argv[1], int(sys.argv[2]))
"""
"""Opens the database at an URL when it is told to, and adds a cluster."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if request.param == "sqlite":
        yield anyio.run(Files(tmp_path).fresh)
        return
    databases = Databases(request.getfixturevalue("postgresql_url"))
    yield anyio.run(databases.fresh)
    anyio.run(databases.drop)


async def ask(url: str, question: Callable[[Connection], Any]) -> Any:  # noqa: ANN401
    """Return what `question` finds in the database, whose schema is left alone."""
    engine = engine_for(database_url(url))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(question)
    finally:
        await engine.dispose()


async def migrated(url: str) -> None:
    """Bring the database to the newest schema."""
    async with SqlRepository.opened(url):
        pass


def test_the_migrations_make_the_tables(url: str) -> None:
    """The newest schema is what the statements are written for; a second opening changes none."""

    def differences(connection: Connection) -> Any:  # noqa: ANN401
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, METADATA)

    for _ in range(2):
        anyio.run(migrated, url)
        assert anyio.run(ask, url, differences) == []


def test_a_migration_can_be_taken_back(url: str) -> None:
    """The oldest schema is an empty database, from which the newest can be made again."""

    def downgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    anyio.run(migrated, url)
    anyio.run(ask, url, downgrade)
    anyio.run(migrated, url)


def test_a_newer_schema_is_refused(url: str) -> None:
    """A database of a later version is neither read nor changed."""

    def advance(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    def version(connection: Connection) -> Any:  # noqa: ANN401
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()

    anyio.run(migrated, url)
    anyio.run(ask, url, advance)
    with pytest.raises(UnknownSchema, match=r"schema 9999, .* newer than 0001") as caught:
        anyio.run(migrated, url)
    assert str(caught.value).isprintable()
    assert anyio.run(ask, url, version) == "9999"


@pytest.mark.slow
def test_processes_that_open_a_new_database_together_all_succeed(url: str) -> None:
    """One of them makes the tables, the others wait for it."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", ADD, url, str(number)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(PROCESSES)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            _, said = process.communicate()
            assert process.returncode == 0, said

    async def listed() -> set[ClusterId]:
        async with SqlRepository.opened(url) as repository:
            return {each.id for each in await repository.clusters()}

    assert anyio.run(listed) == {cluster(number).id for number in range(PROCESSES)}


def test_a_migration_waits_for_that_of_another_process(tmp_path: Path) -> None:
    """What another process has begun to make is not made a second time."""
    model, late = tmp_path / "model.db", tmp_path / "late.db"
    anyio.run(migrated, f"sqlite:///{model}")
    with closing(sqlite3.connect(model)) as connection:
        statements = [each for each in connection.iterdump() if not each.startswith("BEGIN")]
    with closing(sqlite3.connect(late, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        opening = Thread(target=anyio.run, args=(migrated, f"sqlite:///{late}"))
        opening.start()
        opening.join(timeout=0.5)
        assert opening.is_alive()
        for statement in statements:  # the last is COMMIT
            other.execute(statement)
        opening.join()
    anyio.run(migrated, f"sqlite:///{late}")


def test_several_new_databases_can_be_opened_at_once(tmp_path: Path) -> None:
    """Tasks of one process do not disturb each other's migration."""

    async def scene() -> None:
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(migrated, f"sqlite:///{tmp_path / str(number)}.db")

    anyio.run(scene)


def test_the_columns_say_what_the_record_says(url: str) -> None:
    """Whoever asks the database by name, project, status or version is told the newest."""

    def columns(connection: Connection) -> Any:  # noqa: ANN401
        row = connection.exec_driver_sql("SELECT id, name, project, status, version FROM clusters")
        return tuple(row.one())

    async def scene() -> None:
        async with SqlRepository.opened(url) as repository:
            first = await repository.add(cluster())
            assert await ask(url, columns) == told(first)
            moved = replace(
                first,
                name="staging",
                project=ProjectId("chemistry"),
                status=ClusterStatus.DELETE_FAILED,
            )
            saved = await repository.save(moved)
            assert await ask(url, columns) == told(saved)
            taken = await repository.take(first.id, "ann", Seconds(1))
            assert await ask(url, columns) == told(taken)

    def told(record: Cluster) -> tuple[object, ...]:
        return record.id, record.name, record.project, record.status.value, record.version

    anyio.run(scene)


def test_leases_end_by_the_wall_clock(url: str) -> None:
    """Without a clock of its own, a repository takes the time of the machine."""

    async def scene() -> None:
        async with SqlRepository.opened(url) as one, SqlRepository.opened(url) as other:
            await one.add(cluster())
            await one.take(cluster().id, "ann", Seconds(0.2))
            with pytest.raises(LeaseHeld):
                await other.take(cluster().id, "bob", Seconds(60))
            await anyio.sleep(0.25)
            await other.take(cluster().id, "bob", Seconds(60))

    anyio.run(scene)


def test_many_tasks_write_at_once(url: str) -> None:
    """More writers than connections wait for each other, and none is refused."""

    async def scene() -> None:
        async with SqlRepository.opened(url) as repository:

            async def live(number: int) -> None:
                record = await repository.add(cluster(number))
                await repository.write_operation(operation(number, record))
                await repository.save(record)

            async with anyio.create_task_group() as group:
                for number in range(60):
                    group.start_soon(live, number)
            stored = await repository.clusters()
        assert {(each.id, each.version) for each in stored} == {
            (cluster(number).id, 42) for number in range(60)
        }

    anyio.run(scene)


def test_two_processes_count_without_loss(url: str) -> None:
    """Whoever meets a stale version reads anew; no change is overwritten unseen."""

    async def scene() -> None:
        async with SqlRepository.opened(url) as one, SqlRepository.opened(url) as other:
            first = await one.add(cluster())

            async def count(repository: SqlRepository) -> None:
                saved = 0
                while saved < 20:
                    with suppress(StaleVersion):
                        await repository.save(await repository.get(first.id))
                        saved += 1

            async with anyio.create_task_group() as group:
                for repository in (one, other, one, other):
                    group.start_soon(count, repository)
            assert (await one.get(first.id)).version == first.version + 80

    anyio.run(scene)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13])
def test_a_cancelled_save_is_done_or_not_begun(url: str, steps: int) -> None:
    """Wherever a caller is cancelled, the record is whole and the repository goes on."""

    async def scene() -> None:
        async with SqlRepository.opened(url) as repository:
            record = await repository.add(cluster())
            returned: list[Cluster] = []

            async def save() -> None:
                returned.append(await repository.save(replace(record, status_reason="new")))

            async with anyio.create_task_group() as group:
                group.start_soon(save)
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            stored = await repository.get(record.id)
            assert stored == (returned[0] if returned else record)
            await repository.save(stored)

    anyio.run(scene)


def test_who_is_cancelled_already_writes_nothing(url: str) -> None:
    """A verb is a point of cancellation, as every wait is."""

    async def scene() -> None:
        async with SqlRepository.opened(url) as repository:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await repository.add(cluster())
            assert await repository.clusters() == ()

    anyio.run(scene)


def test_a_database_that_goes_away_is_one_line(url: str) -> None:
    """Each verb says in one line that the table is gone, and keeps the statement to itself."""

    def destroy(connection: Connection) -> None:
        connection.exec_driver_sql("DROP TABLE clusters")

    async def scene() -> None:
        async with SqlRepository.opened(url) as repository:
            await ask(url, destroy)
            verbs: list[Callable[[], Awaitable[Any]]] = [
                repository.clusters,
                lambda: repository.add(cluster()),
                lambda: repository.take(cluster().id, "ann", Seconds(1)),
            ]
            for verb in verbs:
                with pytest.raises(RepositoryFailed, match="clusters") as caught:
                    await verb()
                assert str(caught.value).isprintable()
                assert "SELECT" not in str(caught.value)

    anyio.run(scene)


def refusal(server: URL) -> str:
    """Return the line with which a server is refused."""
    with pytest.raises(RepositoryFailed) as caught:
        anyio.run(migrated, server.render_as_string(hide_password=False))
    return str(caught.value)


def test_an_unknown_database_is_refused_in_one_line(postgresql_url: str) -> None:
    """The line shows the server's words, and which database was meant."""
    line = refusal(make_url(postgresql_url).set(database="nowhere"))
    assert line.startswith("postgresql://")
    assert line.endswith('/nowhere: database "nowhere" does not exist')


@pytest.mark.skipif(URL_VARIABLE in os.environ, reason="this server may ask for no password")
def test_a_wrong_password_is_refused_in_one_line(postgresql_url: str) -> None:
    """The line shows the server's words, and no password."""
    line = refusal(make_url(postgresql_url).set(password=WRONG))
    assert line.endswith('password authentication failed for user "coe"')
    assert WRONG not in line


def test_every_refusal_is_an_error_of_the_core() -> None:
    """Whoever catches what coe-twin raises on purpose catches these."""
    assert issubclass(RepositoryFailed, CoeError)
    assert issubclass(UnknownSchema, CoeError)
