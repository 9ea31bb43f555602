"""Open the database that a URL names: SQLite in a file, or PostgreSQL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coe_twin.coe_core.errors import CoeError
from coe_twin.real_driver.errors import RepositoryFailed
from coe_twin.real_driver.schema import migrate

BUSY_TIMEOUT_S: Final = 30.0
"""How long a statement waits for another process that writes to the same file [s]."""

CONNECT_TIMEOUT_S: Final = 10.0
COMMAND_TIMEOUT_S: Final = 30.0

ACCEPTED: Final = (
    "accepted is sqlite:///FILE, sqlite:////FILE with an absolute path,"
    " or postgresql://USER@HOST:PORT/DATABASE"
)
DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


async def open_database(text: str) -> AsyncEngine:
    """Return an engine for the database at the URL `text`, with the newest schema.

    Raises:
        UnknownSchema: a newer coe-twin wrote the database.
        RepositoryFailed: the URL is not accepted, or the database cannot be opened.
    """
    url = database_url(text)
    with one_line(shown(url)):
        if url.get_backend_name() == "sqlite":
            create_file(Path(url.database or ""))
        await anyio.to_thread.run_sync(migrate, engine_for(url))
    return engine_for(url)


def database_url(text: str) -> URL:
    """Return `text` as a URL that names its asynchronous driver.

    Raises:
        RepositoryFailed: it is no URL of a database that is supported.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise RepositoryFailed(f"the database's URL cannot be read: {ACCEPTED}") from None
    if url.drivername not in DRIVERS:
        raise RepositoryFailed(f"{shown(url)}: {ACCEPTED}")
    if url.get_backend_name() == "sqlite" and not _names_a_file(url):
        raise RepositoryFailed(f"{shown(url)}: {ACCEPTED}")
    return url.set(drivername=DRIVERS[url.drivername])


def _names_a_file(url: URL) -> bool:
    is_plain = url.host is None and not url.query
    return is_plain and not (url.database or ":memory:").startswith((":memory:", "file:"))


def shown(url: URL) -> str:
    """Return `url` as a person knows it, without its password and its options."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def create_file(path: Path) -> None:
    """Create the file, and its folder, for this user alone; what exists is left as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def engine_for(url: URL) -> AsyncEngine:
    """Return a new engine for a URL that names its driver."""
    if url.get_backend_name() == "postgresql":
        limits = {"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S}
        return create_async_engine(
            url, isolation_level="READ COMMITTED", pool_pre_ping=True, connect_args=limits
        )
    # Writers of one file take turns, so a second connection would only wait at its lock.
    engine = create_async_engine(
        url, pool_size=1, max_overflow=0, connect_args={"timeout": BUSY_TIMEOUT_S}
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _: object) -> None:  # noqa: ANN401 - any driver's connection
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@contextmanager
def one_line(subject: str) -> Iterator[None]:
    """Raise what a database raises as one line about `subject`.

    Raises:
        RepositoryFailed: the block raised an error that is not the core's.
    """
    try:
        yield
    except CoeError:
        raise
    # Drivers raise errors of their own, of the socket and of the file system.
    except Exception as error:
        raise RepositoryFailed(_one_line(f"{subject}: {_reason(error)}")) from error


def _one_line(text: str) -> str:
    first = text.splitlines()[0]
    return "".join(letter if letter.isprintable() else "?" for letter in first)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error if isinstance(error, SQLAlchemyError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.filename}: {cause.strerror}" if cause.filename else cause.strerror
    return str(cause).strip() or type(cause).__name__
