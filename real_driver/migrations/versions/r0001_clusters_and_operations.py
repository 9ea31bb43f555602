"""Clusters with their leases, and operations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "clusters",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("lease_holder", sa.Text()),
        sa.Column("lease_ends_at", sa.Double()),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_clusters"),
        sa.UniqueConstraint("id", name="uq_clusters_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "operations",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_operations"),
        sa.UniqueConstraint("id", name="uq_operations_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operations_cluster", "operations", ["cluster"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("operations")
    op.drop_table("clusters")
