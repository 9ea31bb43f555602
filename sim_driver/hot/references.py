"""What a part of a template refers to, and whether its intrinsic functions are well formed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate

UNSUPPORTED: Final = frozenset({"if", "repeat", "yaql"})
"""Functions that could change the graph or a count, and that the twin does not evaluate."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a resource or of a parameter, by its name."""

    is_parameter: bool
    name: str


def references(value: Json, where: str) -> Iterator[Reference]:
    """Yield what `value` refers to, at any depth, in order, with repeats.

    Raises:
        InvalidTemplate: an intrinsic function is malformed or not supported; it names `where`.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item, where)
    elif isinstance(value, dict):
        if len(value) == 1:
            yield from _of_function(*next(iter(value.items())), where)
        for item in value.values():
            yield from references(item, where)


def _of_function(name: str, argument: Json, where: str) -> Iterator[Reference]:
    if name in UNSUPPORTED:
        raise InvalidTemplate(where, f"invalid template: function {name!r} is not supported")
    if name == "get_param":
        yield Reference(is_parameter=True, name=_first_name(name, argument, where))
    elif name == "get_attr":
        if not isinstance(argument, list):
            raise _malformed(name, argument, where)
        yield Reference(is_parameter=False, name=_first_name(name, argument, where))
    elif name == "get_resource":
        if not isinstance(argument, str):
            raise _malformed(name, argument, where)
        yield Reference(is_parameter=False, name=argument)
    elif not _is_text_function_well_formed(name, argument):
        raise _malformed(name, argument, where)


def _first_name(function: str, argument: Json, where: str) -> str:
    """Return the name in `name` or in `[name, path ...]`."""
    first = argument[0] if isinstance(argument, list) and argument else argument
    if not isinstance(first, str):
        raise _malformed(function, argument, where)
    return first


def _is_text_function_well_formed(name: str, argument: Json) -> bool:
    if name == "str_replace":
        return (
            isinstance(argument, dict)
            and "template" in argument
            and isinstance(argument.get("params"), dict)
        )
    if name == "list_join":
        return isinstance(argument, list) and len(argument) > 1 and isinstance(argument[0], str)
    return True


def _malformed(function: str, argument: Json, where: str) -> InvalidTemplate:
    return InvalidTemplate(where, f"invalid template: {function} of {argument!r}")
