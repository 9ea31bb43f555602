"""Parts that are installed only where they are wanted."""

from importlib.util import find_spec
from typing import Final

from models.errors import InvalidInput

REAL: Final = ("openstack", "sqlalchemy", "alembic", "aiosqlite", "anyio")


def require_real() -> None:
    """Pass if what a real cloud needs is installed.

    Raises:
        InvalidInput: it is not; the text says how to get it.
    """
    missing = [name for name in REAL if find_spec(name) is None]
    if missing:
        raise InvalidInput(f"a real cloud needs {', '.join(missing)}: pip install 'coe-twin[real]'")
