"""Where a database is, how its file is made, and how a bad URL is refused."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from coe_twin.real_driver.database import database_url, one_line, open_database
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema


def mode(path: Path) -> int:
    """Return the permissions of `path`."""
    return stat.S_IMODE(path.stat().st_mode)


async def opened(url: str, look: Callable[[AsyncEngine], Any] | None = None) -> None:
    """Open the database at `url`, look at it, and close it."""
    engine = await open_database(url)
    try:
        if look is not None:
            await look(engine)
    finally:
        await engine.dispose()


def refusal(url: str) -> str:
    """Return the line with which `url` is refused."""
    with pytest.raises(RepositoryFailed) as caught:
        anyio.run(opened, url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///coe.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///coe.db", "sqlite+aiosqlite"),
        ("postgresql://coe@db.example.org:5433/coe", "postgresql+asyncpg"),
        ("postgresql+asyncpg:///coe", "postgresql+asyncpg"),
    ],
)
def test_a_url_names_its_driver(url: str, driver: str) -> None:
    """The plain names mean the drivers that are shipped with; all else stays as it is."""
    assert database_url(url).drivername == driver
    assert database_url(url).database in ("coe.db", "coe")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "coe.db",
        "mysql://coe@localhost/coe",
        "postgresql+psycopg://coe@localhost/coe",
        "postgresql://coe@localhost:port/coe",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:coe.db?uri=true",
        "sqlite:///coe.db?cache=shared",
        "sqlite://localhost/coe.db",
    ],
)
def test_a_url_that_is_not_accepted_is_refused(url: str) -> None:
    """One line says what is accepted; nothing is created."""
    before = set(Path().iterdir())
    assert "accepted is sqlite:///FILE" in refusal(url)
    assert set(Path().iterdir()) == before


def test_a_refusal_keeps_the_password() -> None:
    """What a person reads in a log must not let others in."""
    for url in ("oracle://coe:s3cret@db/coe", "postgresql://coe:s3cret@127.0.0.1:1/coe"):
        line = refusal(url)
        assert "s3cret" not in line
        assert "coe:***@" in line


def test_nobody_listens(unused_port: int) -> None:
    """A server that is down is one line, with what the system says."""
    line = refusal(f"postgresql://coe@127.0.0.1:{unused_port}/coe")
    assert line.startswith(f"postgresql://coe@127.0.0.1:{unused_port}/coe: ")
    assert "Connect call failed" in line
    assert line.isprintable()


@pytest.fixture
def unused_port() -> int:
    return 1  # reserved, and below what a user can open


def test_the_file_is_for_this_user_alone(tmp_path: Path) -> None:
    """Neither the folder nor the file, nor what SQLite puts beside it, is open to others."""
    file = tmp_path / "new" / "state" / "coe.db"
    umask = os.umask(0)
    try:
        anyio.run(opened, f"sqlite:///{file}", _write)
    finally:
        os.umask(umask)
    assert mode(file.parent) == 0o700
    assert mode(file) == 0o600


async def _write(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE more (id INTEGER)")
        file = Path(str(engine.url.database))
        beside = [path for path in file.parent.iterdir() if path != file]
        assert {path.suffix for path in beside} == {".db-wal", ".db-shm"}
        assert {mode(path) for path in beside} == {0o600}


def test_what_exists_keeps_its_permissions(tmp_path: Path) -> None:
    """An administrator may have opened the file to a group on purpose."""
    file = tmp_path / "coe.db"
    file.touch()
    file.chmod(0o660)
    tmp_path.chmod(0o750)
    anyio.run(opened, f"sqlite:///{file}")
    assert (mode(file), mode(tmp_path)) == (0o660, 0o750)


def test_how_a_file_is_shared(tmp_path: Path) -> None:
    """Readers do not stop a writer, writers wait for each other, references are checked."""
    found: dict[str, Any] = {}

    async def look(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            for pragma in ("journal_mode", "busy_timeout", "foreign_keys"):
                result = await connection.exec_driver_sql(f"PRAGMA {pragma}")
                found[pragma] = result.scalar_one()

    anyio.run(opened, f"sqlite:///{tmp_path / 'coe.db'}", look)
    assert found == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1}


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The line names the path that is in the way, and why."""
    (tmp_path / "file").touch()
    assert refusal(f"sqlite:///{tmp_path}") == f"sqlite:///{tmp_path}: {tmp_path}: Is a directory"
    assert f"{tmp_path / 'file'}: " in refusal(f"sqlite:///{tmp_path / 'file' / 'coe.db'}")


@pytest.mark.skipif(os.geteuid() == 0, reason="to root every path is writable")
def test_a_path_of_others_is_refused(tmp_path: Path) -> None:
    """A folder in which nothing may be created is named."""
    tmp_path.chmod(0o500)
    assert "Permission denied" in refusal(f"sqlite:///{tmp_path / 'coe.db'}")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    """A file that is no database stays as it is."""
    file = tmp_path / "notes.txt"
    text = "buy milk\n" * 1000
    file.write_text(text, encoding="ascii")
    assert refusal(f"sqlite:///{file}") == f"sqlite:///{file}: file is not a database"
    assert file.read_text(encoding="ascii") == text


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A table of the same name that is not ours stays as it is, and no other comes beside it."""
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE operations (surgeon TEXT)")
    connection.close()
    assert "table operations already exists" in refusal(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert tables == [("operations",)]


def test_an_error_of_the_core_stays_as_it_is() -> None:
    """Only what a driver raises is worded anew, on one line of plain text."""
    with pytest.raises(UnknownSchema), one_line("here"):
        raise UnknownSchema("newer")
    with pytest.raises(RepositoryFailed, match=r"^here: a\?b$"), one_line("here"):
        raise ValueError("a\x1bb\nmore")
    with pytest.raises(RepositoryFailed, match=r"^here: KeyError$"), one_line("here"):
        raise KeyError
