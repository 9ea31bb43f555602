"""The tables of the repository, as the newest migration leaves them.

A record is a JSON document, beside columns for what statements ask about. The version and the
lease have their columns alone, so that one statement can compare and set them.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Double, Integer, MetaData, Table, Text

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
"""The order of insertion; SQLite counts up columns of the type INTEGER alone."""

CLUSTERS: Final = Table(
    "clusters",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lease_holder", Text),
    Column("lease_ends_at", Double),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("cluster", Text, nullable=False, index=True),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)
