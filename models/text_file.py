"""Read a small text file that somebody names."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

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
    with opened(path) as stream:
        return stream.read(BYTES_MAX + 1)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file `path` to be read in the block.

    Raises:
        InvalidInput: it cannot be read, or is no regular file: a pipe may never end, and one
            that nobody writes to would be waited for without a word.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise InvalidInput("accepted is a regular file, not a pipe or device", file=path)
            yield stream
    except FileNotFoundError:
        raise InvalidInput("no such file", file=path) from None
    except IsADirectoryError:
        raise InvalidInput("this is a directory, accepted is a file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"cannot be read: {reason}", file=path) from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
