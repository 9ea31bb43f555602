"""From plain data to a record, and from pydantic's findings to one line that helps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from coe_twin.coe_core.documents import Json
from coe_twin.models.accepted import KEY_ERROR, accepted_keys, accepted_names, accepted_words
from coe_twin.models.errors import ABSENT, InvalidInput, join_fields, shown
from coe_twin.models.near_names import unknown_name

Model = TypeVar("Model", bound=BaseModel)
Location: TypeAlias = tuple[str | int, ...]

WITHOUT_VALUE: Final = frozenset({"missing", "extra_forbidden", "value_error"})
"""Findings that are about a key, or whose text shows the values itself."""

CONSEQUENCE: Final = "default_factory_not_called"
"""A finding that only follows from another one."""


@dataclass(frozen=True, slots=True)
class LineIndex:
    """Where each value of a file stands; lines count from 1."""

    lines: Mapping[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int | None:
        """Return the line of the value, or of the nearest thing around it that has one."""
        for length in range(len(location), -1, -1):
            if (line := self.lines.get(location[:length])) is not None:
                return line
        return None


NO_LINES: Final = LineIndex()


def validated(
    model: type[Model], document: Json, *, file: str | Path = "", lines: LineIndex = NO_LINES
) -> Model:
    """Return `document` as a `model`.

    Raises:
        InvalidInput: it is none; the line is about the first finding and counts the others.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        findings = _ordered(error.errors(include_url=False))
    raise _refusal(model, document, findings, file=file, lines=lines) from None


def _ordered(findings: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drop what only follows from a deeper finding; an unknown key explains a missing one."""
    places = [finding["loc"] for finding in findings]
    causes = [
        finding
        for finding in findings
        if finding["type"] != CONSEQUENCE and not _has_deeper(finding["loc"], places)
    ]
    return sorted(causes, key=lambda finding: finding["type"] != "extra_forbidden")


def _has_deeper(place: Location, places: list[Location]) -> bool:
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


def _refusal(
    model: type[BaseModel],
    document: Json,
    findings: list[ErrorDetails],
    *,
    file: str | Path,
    lines: LineIndex,
) -> InvalidInput:
    finding = findings[0]
    location = _location_in(document, finding["loc"])
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return InvalidInput(
        _problem(model, finding) + more,
        file=file,
        line=lines.line(location),
        field=join_fields(*location),
        value=ABSENT if _hides_value(finding) else finding["input"],
    )


def _hides_value(finding: ErrorDetails) -> bool:
    return finding["type"] in WITHOUT_VALUE or finding["loc"][-1:] == (KEY_ERROR,)


def _problem(model: type[BaseModel], finding: ErrorDetails) -> str:
    location = finding["loc"]
    match finding["type"]:
        case "missing":
            return f"is missing; accepted is {accepted_words(model, location)}"
        case "extra_forbidden":
            given = str(location[-1])
            return f"unknown key; {unknown_name(given, accepted_keys(model, location[:-1]))}"
        case "value_error":
            return str(finding["ctx"]["error"])
        case "union_tag_invalid":
            kinds = [kind.strip(" '") for kind in finding["ctx"]["expected_tags"].split(",")]
            tag = str(finding["ctx"]["tag"])
            return f"kind {shown(tag)} is unknown; {unknown_name(tag, kinds)}"
        case "literal_error" if isinstance(finding["input"], str):
            return unknown_name(finding["input"], accepted_names(model, location))
        case _:
            return f"accepted is {accepted_words(model, location)}"


def _location_in(document: Json, location: Location) -> Location:
    """Return `location` without the steps that pydantic adds: tags of unions, `[key]`."""
    steps: list[str | int] = []
    here: Json = document
    for position, step in enumerate(location):
        is_last = position == len(location) - 1
        if step == KEY_ERROR or (isinstance(here, dict) and step not in here and not is_last):
            continue
        steps.append(step)
        here = _step_into(here, step)
    return tuple(steps)


def _step_into(here: Json, step: str | int) -> Json:
    if isinstance(here, dict) and isinstance(step, str):
        return here.get(step)
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return None
