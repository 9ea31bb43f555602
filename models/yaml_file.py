"""YAML files, read into plain data with a line number for each value.

Strict on purpose: what a reader could overlook (a second document, an anchor, a tag, a key
given twice, an infinite number) is refused, so a file means what it shows.
"""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import ABSENT, InvalidInput, join_fields
from coe_twin.models.text_file import read_text
from coe_twin.models.validation import LineIndex, Location, Model, validated

DEPTH_MAX: Final = 50
VALUES_MAX: Final = 20_000
"""Far more than a scenario has; a hostile file of 1 MiB would be read for a minute."""

MERGE_TAG: Final = "tag:yaml.org,2002:merge"

Result = TypeVar("Result")


def validate(model: type[Model], path: Path) -> Model:
    """Return the file `path` as a `model`.

    Raises:
        InvalidInput: the file cannot be read, or is no such record.
    """
    document, lines = load(path)
    return validated(model, document, file=path, lines=lines)


def load(path: Path) -> tuple[dict[str, Json], LineIndex]:
    """Return the mapping in the file `path` and the line of each value in it.

    Raises:
        InvalidInput: the file cannot be read, or is not one plain YAML mapping.
    """
    text = read_text(path)
    try:
        _guarded(lambda: _check_events(_yaml().parse(text)))
        return _guarded(lambda: _Reader().read(text))
    except InvalidInput as error:
        raise error.within(file=path, line=error.line) from None


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _guarded(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except InvalidInput:
        raise
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InvalidInput(f"not YAML: {error.problem or error.context}", line=line) from None
    # The parser answers odd bytes with many kinds of exception; all of them are the file's fault.
    except Exception as error:  # noqa: BLE001
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InvalidInput(f"not YAML: {reason}") from None


def _check_events(events: Iterable[Event]) -> None:
    """Refuse what is gone once values are built, before anything can recurse or multiply."""
    depth = documents = 0
    for count, event in enumerate(events):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        problem = _forbidden(event, depth, documents, count)
        if problem:
            raise InvalidInput(problem, line=event.start_mark.line + 1)


def _forbidden(event: Event, depth: int, documents: int, count: int) -> str | None:
    if getattr(event, "anchor", None) is not None:  # an alias has one, too
        return "anchors and aliases (& and *) are not accepted, write the value out"
    if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
        return "tags (!) are not accepted"
    if depth > DEPTH_MAX:
        return f"nested deeper than {DEPTH_MAX} levels, the most that is accepted"
    if documents > 1:
        return "a second document starts here, accepted is one"
    if count > VALUES_MAX:
        return f"more than {VALUES_MAX} values in a file are not accepted"
    return None


class _Reader:
    """Builds plain data from nodes and notes the line of each value."""

    def __init__(self) -> None:
        self._yaml = _yaml()
        self._lines: dict[Location, int] = {}

    def read(self, text: str) -> tuple[dict[str, Json], LineIndex]:
        root = self._yaml.compose(text)
        if not isinstance(root, MappingNode):
            raise InvalidInput("accepted is a mapping, `key: value` on each line", line=1)
        return self._mapping(root, ()), LineIndex(self._lines)

    def _value(self, node: Node, location: Location) -> Json:
        self._lines.setdefault(location, _line(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, location)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*location, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, location)

    def _mapping(self, node: MappingNode, location: Location) -> dict[str, Json]:
        self._lines.setdefault(location, _line(node))
        result: dict[str, Json] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, location)
            if key in result:
                raise _refused("this key is given twice", key_node, (*location, key))
            self._lines[*location, key] = _line(key_node)
            result[key] = self._value(value_node, (*location, key))
        return result

    def _key(self, node: Node, location: Location) -> str:
        if node.tag == MERGE_TAG:
            raise _refused("merge keys (<<) are not accepted", node, location)
        key = self._scalar(node, location) if isinstance(node, ScalarNode) else None
        if not isinstance(key, str):
            raise _refused("accepted as a key is text", node, location, key)
        return key

    def _scalar(self, node: Node, location: Location) -> Json:
        value: object = self._constructed(node, location)
        if isinstance(value, float) and not math.isfinite(value):
            raise _refused("accepted is a finite number", node, location, node.value)
        if isinstance(value, str) and not value.isascii():
            _require_unicode(value, node, location)
        if value is None or isinstance(value, (str, int, float, bool)):
            return value
        raise _refused("accepted is text or a number; put it in quotes", node, location, node.value)

    def _constructed(self, node: Node, location: Location) -> object:
        try:
            result: object = self._yaml.constructor.construct_object(node, deep=True)
        except (ValueError, OverflowError):
            message = "neither a number nor a date; put it in quotes if it is text"
            raise _refused(message, node, location, node.value) from None
        return result


def _require_unicode(value: str, node: Node, location: Location) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused("half a surrogate pair is not accepted", node, location, value) from None


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _refused(problem: str, node: Node, location: Location, value: object = ABSENT) -> InvalidInput:
    return InvalidInput(problem, line=_line(node), field=join_fields(*location), value=value)
