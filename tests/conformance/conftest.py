"""What the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.conformance.postgresql import NoPostgresql, postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the URL of a running PostgreSQL; without one, the tests that ask for it are skipped."""
    try:
        with postgresql() as url:
            yield url
    except NoPostgresql as reason:
        pytest.skip(f"PostgreSQL: {reason}")
