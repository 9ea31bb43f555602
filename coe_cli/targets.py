"""Files that a command writes: whole or not at all, and refused before the work begins."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from coe_twin.models.errors import InvalidInput

STDOUT: Final = Path("-")
"""Stands for standard output."""


def require_writable(
    targets: Iterable[Path], source: Path, source_is: str = "the scenario"
) -> None:
    """Pass if every one of `targets` can be written and none is `source` or another target.

    Raises:
        InvalidInput: one cannot.
    """
    seen = {source.resolve(): source_is}
    for target in targets:
        if target == STDOUT:
            continue
        place = target.resolve()
        if place in seen:
            raise InvalidInput(f"this is also {seen[place]}", file=target)
        seen[place] = "another target"
        _probe(target)


def write(target: Path, text: str) -> None:
    """Write `text` to `target`; a reader sees what was there before, or all of it.

    Raises:
        InvalidInput: it cannot be written.
    """
    place = target.resolve()
    try:
        if place.exists() and not place.is_file():  # a device or a pipe cannot be replaced
            place.write_text(text, encoding="utf-8")
        else:
            _replace(place, text)
    except OSError as error:
        raise _unwritable(target, error) from None


def suffixed(file: Path, suffix: str) -> Path:
    """Return the file beside `file` whose name ends in `suffix` in place of its own ending."""
    return file.with_name(file.stem + suffix)


def _replace(place: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{place.name[:100]}.", dir=place.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        temporary.chmod(_mode(place))
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _probe(target: Path) -> None:
    """Write and remove a file beside `target`: permissions alone do not tell of a full disk."""
    place = target.resolve()
    try:
        if place.is_dir():
            raise InvalidInput("this is a directory, accepted is a file", file=target)
        if place.exists() and not os.access(place, os.W_OK):
            raise InvalidInput("cannot be written: Permission denied", file=target)
        if not place.exists() or place.is_file():
            with tempfile.NamedTemporaryFile(prefix=f".{place.name[:100]}.", dir=place.parent):
                pass
    except (OSError, ValueError) as error:
        raise _unwritable(target, error) from None


def _mode(place: Path) -> int:
    """Return the permissions of what is there, or of a new file."""
    if place.exists():
        return place.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unwritable(target: Path, error: OSError | ValueError) -> InvalidInput:
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidInput(f"cannot be written: {reason}", file=target)
