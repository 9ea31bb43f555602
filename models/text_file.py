"""Read a small text file that somebody names."""

from pathlib import Path
from typing import Final

from coe_twin.models.errors import InvalidInput

BYTES_MAX: Final = 1024 * 1024


def read_text(path: Path) -> str:
    """Return the text of `path`, without a byte order mark.

    Raises:
        InvalidInput: it cannot be read, is larger than 1 MiB, or is not UTF-8.
    """
    content = _read(path)
    if len(content) > BYTES_MAX:
        raise InvalidInput("the file is larger than 1 MiB, the most that is accepted", file=path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidInput("accepted is UTF-8 text", file=path, line=line) from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise InvalidInput("no such file", file=path) from None
    except IsADirectoryError:
        raise InvalidInput("this is a directory, accepted is a file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"cannot be read: {reason}", file=path) from None
