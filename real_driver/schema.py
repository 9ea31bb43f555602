"""Bring the schema of a database up to what this version of coe-twin knows."""

import asyncio
from pathlib import Path
from threading import Lock
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from coe_twin.real_driver.errors import UnknownSchema

MIGRATIONS: Final = Path(__file__).with_name("migrations")

ONE_AT_A_TIME: Final = Lock()
"""Alembic keeps the migration under way in variables of its modules."""

LOCK_STATEMENTS: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(4023117320201)",  # any number of our own
}
"""Begin a transaction, once no other process is migrating this database."""


def migrate(engine: AsyncEngine) -> None:
    """Apply the migrations that the database lacks, then close the engine.

    Call it from a worker thread: the engine runs on an event loop of its own here.

    Raises:
        UnknownSchema: the database has a schema that is not among the migrations.
    """
    with ONE_AT_A_TIME:
        asyncio.run(_migrate(engine))


async def _migrate(engine: AsyncEngine) -> None:
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(LOCK_STATEMENTS[engine.dialect.name])
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    _require_known(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, "head")


def _require_known(connection: Connection, migrations: ScriptDirectory) -> None:
    known = {migration.revision for migration in migrations.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise UnknownSchema(
            f"the database has schema {', '.join(sorted(unknown))}, this version of coe-twin"
            f" knows none newer than {migrations.get_current_head()}: use a newer coe-twin"
        )
