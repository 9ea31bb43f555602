"""What Alembic runs around the revisions: the caller hands over a connection."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
