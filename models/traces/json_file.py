"""A file of JSON that another program wrote."""

import json
from pathlib import Path
from typing import Final

from coe_twin.models.errors import InvalidInput
from coe_twin.models.text_file import opened

BYTES_MAX: Final = 256 * 1024 * 1024
"""The largest file that is read [B]; Rally writes some 2 KiB for an iteration."""


def read_json(path: Path) -> object:
    """Return what the file at `path` holds.

    Raises:
        InvalidInput: it cannot be read, is larger than 256 MiB, or is no JSON.
    """
    with opened(path) as stream:
        content = stream.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise InvalidInput("the file is larger than 256 MiB, the most that is accepted", file=path)
    try:
        return parse_json(content)
    except InvalidInput as error:
        raise error.within(file=path, line=error.line) from None


def parse_json(content: bytes) -> object:
    """Return what `content` says.

    Raises:
        InvalidInput: it is no JSON in UTF-8.
    """
    try:
        parsed: object = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidInput("accepted is UTF-8 text", line=line) from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"no JSON: {error.msg}", line=error.lineno) from None
    except (RecursionError, ValueError):  # ValueError: an int of thousands of digits
        raise InvalidInput("no JSON: nested too deeply, or a number is too long") from None
    return parsed
