"""Parts that are installed only where they are wanted."""

from importlib.util import find_spec
from typing import Final

from coe_twin.models.errors import InvalidInput

REAL: Final = ("openstack", "sqlalchemy", "alembic", "aiosqlite", "anyio")


def require_posterior() -> None:
    """Pass if what samples a posterior distribution is installed.

    Raises:
        InvalidInput: it is not; the text says how to get it.
    """
    if find_spec("emcee") is None:
        raise InvalidInput("it needs emcee: pip install 'coe-twin[posterior]'", field="--posterior")


def require_real() -> None:
    """Pass if what a real cloud needs is installed.

    Raises:
        InvalidInput: it is not; the text says how to get it.
    """
    missing = [name for name in REAL if find_spec(name) is None]
    if missing:
        raise InvalidInput(f"a real cloud needs {', '.join(missing)}: pip install 'coe-twin[real]'")
