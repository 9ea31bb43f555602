"""The repository in a database; several processes may work on it at once."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Self

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from sqlalchemy import Row, Table, Update, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from coe_twin.coe_core.cluster import Cluster, Operation
from coe_twin.coe_core.errors import (
    DuplicateCluster,
    LeaseHeld,
    LeaseLost,
    StaleVersion,
    UnknownCluster,
)
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.ports.repository import Unreadable
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.database import one_line, open_database, shown
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema
from coe_twin.real_driver.records import cluster_of, document_of, operation_of
from coe_twin.real_driver.tables import CLUSTERS, OPERATIONS

INSERTS: Final[dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


class SqlRepository:
    """`coe_core.ports.repository.ClusterRepository` on SQLite or PostgreSQL.

    Every verb is one transaction that begins with its one writing statement, so of two
    processes one is first and the other sees what it did. `clock` tells by which time leases
    end [s]; the processes' clocks must agree to well within a lease.
    """

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._insert = INSERTS[engine.dialect.name]

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, clock: Callable[[], float] = time.time) -> AsyncIterator[Self]:
        """Open the database at `url`, and close it at the end of the block.

        `clock` gives the time by which leases end [s since 1970].

        Raises:
            UnknownSchema: a newer coe-twin wrote the database.
            RepositoryFailed: the URL is not accepted, or the database cannot be opened.
        """
        engine = await open_database(url)
        try:
            yield cls(engine, clock)
        finally:
            with anyio.CancelScope(shield=True):
                await engine.dispose()

    async def add(self, cluster: Cluster) -> Cluster:
        """Store a new cluster, or raise DuplicateCluster."""
        values = {"id": cluster.id, "version": cluster.version} | _columns(cluster)
        statement = self._insert(CLUSTERS).values(values).on_conflict_do_nothing()
        async with self._transaction() as connection:
            result = await connection.execute(statement.inline())
        if result.rowcount != 1:
            raise DuplicateCluster(f"{cluster.id} is stored already")
        return cluster

    async def get(self, cluster: ClusterId) -> Cluster:
        """Return the record, or raise UnknownCluster."""
        async with self._transaction() as connection:
            return _record(await _row(connection, cluster))

    async def save(self, cluster: Cluster) -> Cluster:
        """Store `cluster`, or raise StaleVersion when somebody was faster."""
        saved = replace(cluster, version=cluster.version + 1)
        statement = (
            update(CLUSTERS)
            .where(CLUSTERS.c.id == cluster.id, CLUSTERS.c.version == cluster.version)
            .values({"version": saved.version} | _columns(saved))
        )
        async with self._transaction() as connection:
            if (await connection.execute(statement)).rowcount == 1:
                return saved
            stored = await _row(connection, cluster.id)
        raise StaleVersion(f"{cluster.id}: version {cluster.version}, not {stored.version}")

    async def remove(self, cluster: ClusterId) -> None:
        """Forget the cluster."""
        async with self._transaction() as connection:
            await connection.execute(delete(CLUSTERS).where(CLUSTERS.c.id == cluster))

    async def clusters(self) -> tuple[Cluster, ...]:
        """Return all records that can be read, in the order of insertion."""
        found = [_readable(row) for row in await self._rows()]
        return tuple(one for one in found if isinstance(one, Cluster))

    async def unreadable(self) -> tuple[Unreadable, ...]:
        """Return the records that cannot be read, in the order of insertion."""
        found = [_readable(row) for row in await self._rows()]
        return tuple(one for one in found if isinstance(one, Unreadable))

    async def _rows(self) -> Sequence[Row[Any]]:
        async with self._transaction() as connection:
            found = await connection.execute(select(CLUSTERS).order_by(CLUSTERS.c.number))
            return found.all()

    async def write_operation(self, operation: Operation) -> None:
        """Store or overwrite an operation."""
        values = {"cluster": operation.cluster, "document": document_of(operation)}
        statement = (
            self._insert(OPERATIONS)
            .values({"id": operation.id} | values)
            .on_conflict_do_update(index_elements=[OPERATIONS.c.id], set_=values)
        )
        async with self._transaction() as connection:
            await connection.execute(statement.inline())

    async def operations(self, cluster: ClusterId) -> tuple[Operation, ...]:
        """Return the operations of a cluster in the order of writing."""
        statement = select(OPERATIONS).where(OPERATIONS.c.cluster == cluster)
        async with self._transaction() as connection:
            rows = await connection.execute(statement.order_by(OPERATIONS.c.number))
            return tuple(operation_of(row.document) for row in rows)

    async def take(self, cluster: ClusterId, holder: str, ttl: Seconds) -> Cluster:
        """Take the lease, or raise LeaseHeld."""
        async with self._transaction() as connection:
            now = self._clock()
            is_free = or_(
                CLUSTERS.c.lease_holder.is_(None),
                CLUSTERS.c.lease_holder == holder,
                CLUSTERS.c.lease_ends_at <= now,
            )
            statement = update(CLUSTERS).where(CLUSTERS.c.id == cluster, is_free)
            lease = {"lease_holder": holder, "lease_ends_at": now + ttl}
            statement = statement.values(lease | {"version": CLUSTERS.c.version + 1})
            is_taken = (await connection.execute(statement)).rowcount == 1
            stored = await _row(connection, cluster)
        if not is_taken:
            raise LeaseHeld(cluster, *_lease(stored, now))
        return _record(stored)

    async def renew(self, cluster: ClusterId, holder: str, ttl: Seconds) -> None:
        """Prolong the lease, or raise LeaseLost."""
        async with self._transaction() as connection:
            statement = _of_holder(cluster, holder).values(lease_ends_at=self._clock() + ttl)
            result = await connection.execute(statement)
        if result.rowcount != 1:
            raise LeaseLost(f"{cluster}: {holder} holds its lease no longer")

    async def release(self, cluster: ClusterId, holder: str) -> None:
        """Free the lease of `holder`."""
        statement = _of_holder(cluster, holder).values(lease_holder=None, lease_ends_at=None)
        async with self._transaction() as connection:
            await connection.execute(statement)

    async def release_all(self, holder: str) -> None:
        """Free every lease of `holder`, which ends; also under a cancellation."""
        statement = update(CLUSTERS).where(CLUSTERS.c.lease_holder == holder)
        with anyio.CancelScope(shield=True):
            async with self._transaction() as connection:
                await connection.execute(statement.values(lease_holder=None, lease_ends_at=None))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        await checkpoint_if_cancelled()
        # What is begun is ended: a caller cancelled half-way would not know what is stored.
        with anyio.CancelScope(shield=True), one_line(shown(self._engine.url)):
            async with self._engine.begin() as connection:
                yield connection


def _columns(cluster: Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "project": cluster.project,
        "status": cluster.status.value,
        "document": document_of(cluster),
    }


def _record(row: Row[Any]) -> Cluster:
    return cluster_of(row.document, row.version)


def _readable(row: Row[Any]) -> Cluster | Unreadable:
    try:
        return _record(row)
    except (RepositoryFailed, UnknownSchema) as error:
        return Unreadable(ClusterId(row.id), str(error))


async def _row(connection: AsyncConnection, cluster: ClusterId) -> Row[Any]:
    result = await connection.execute(select(CLUSTERS).where(CLUSTERS.c.id == cluster))
    row = result.one_or_none()
    if row is None:
        raise UnknownCluster(cluster)
    return row


def _of_holder(cluster: ClusterId, holder: str) -> Update:
    return update(CLUSTERS).where(CLUSTERS.c.id == cluster, CLUSTERS.c.lease_holder == holder)


def _lease(row: Row[Any], now: float) -> tuple[str, float]:
    """Return who holds the lease and for how long [s]; it may have been freed this moment."""
    if row.lease_holder is None:
        return "another process", 0.0
    return row.lease_holder, max(0.0, row.lease_ends_at - now)
