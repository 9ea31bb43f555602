"""Migrations of the repository's schema, applied by `real_driver.schema` when it is opened.

Each revision is a file in `versions/`, `r0001_...` and so on. It states the tables as they were
then, and never changes once it is released. There is no alembic.ini: to add a revision, write
the file and mend `real_driver.tables`; a test compares the two.
"""
