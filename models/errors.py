"""How a bad file is refused: one clear line, never a traceback."""

import json
from pathlib import Path
from typing import Final

from coe_twin.coe_core.errors import CoeError

SHOWN_LENGTH_MAX: Final = 60


class _Absent:
    """No value; None is a value."""


ABSENT: Final = _Absent()


class InvalidInput(CoeError):
    """Input that a person can mend.

    The text is one line: file and line as far as known, field, value, then what is wrong or
    what is accepted.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path = "",
        line: int | None = None,
        field: str = "",
        value: object = ABSENT,
    ) -> None:
        self.problem = problem
        self.file = str(file)
        self.line = line
        self.field = field
        self.value = value
        super().__init__(_one_line(problem, _place(self.file, line), field, value))

    def within(
        self, *, file: str | Path = "", line: int | None = None, field: str = ""
    ) -> "InvalidInput":
        """Return this error with its place filled in and its field put under `field`.

        An error that names its file already is about that file, and stays as it is.
        """
        if self.file:
            return self
        return InvalidInput(
            self.problem,
            file=file,
            line=line,
            field=join_fields(field, self.field),
            value=self.value,
        )


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"


def _one_line(problem: str, place: str, field: str, value: object) -> str:
    subject = field if value is ABSENT else " = ".join(filter(None, (field, shown(value))))
    return ": ".join(printable(part) for part in (place, subject, problem) if part)


def join_fields(*parts: str | int) -> str:
    """Return a path such as `rows[0].nodes` from its parts."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part:
            path += f".{part}" if path and not part.startswith("[") else part
    return path


def shown(value: object) -> str:
    """Return `value` as YAML would write it, shortened to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (RecursionError, ValueError):  # nested too deeply, or an int of thousands of digits
        text = f"a value of type {type(value).__name__}"
    if len(text) <= SHOWN_LENGTH_MAX:
        return text
    return f"{text[:SHOWN_LENGTH_MAX]}... ({len(text)} characters)"


def printable(text: str) -> str:
    """Return `text` with every character that a terminal would act on written as an escape."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )
