"""The values of a template's expressions: parameters, text functions, references.

Source: heat/engine/hot/functions.py for `get_param`, whose path may hold functions and gives
"" where it leads nowhere; the rest follows the HOT specification from memory. Functions that
are not known here are left as they stand, with what is inside them resolved; `references`
refuses those that matter.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate

Lookup: TypeAlias = Callable[[str, tuple[Json, ...]], Json]
"""Gives what `get_attr: [name, path ...]` stands for, or with no path, `get_resource: name`."""

INDEX: Final = "%index%"


def unknown(name: str, path: tuple[Json, ...]) -> Json:
    """Return None for every reference: nothing is there yet."""
    del name, path
    return None


def resolve(
    value: Json,
    parameters: Mapping[str, Json],
    lookup: Lookup = unknown,
    index: int | None = None,
) -> Json:
    """Return `value` with its functions replaced by what they stand for.

    With an `index`, `%index%` is replaced too, after everything else, as in Heat.

    Raises:
        InvalidTemplate: a parameter has no value.
    """
    resolved = _resolve(value, parameters, lookup)
    return resolved if index is None else substitute(resolved, str(index))


def substitute(value: Json, index: str, placeholder: str = INDEX) -> Json:
    """Return `value` with `placeholder` in each text replaced by `index`."""
    if isinstance(value, str):
        return value.replace(placeholder, index)
    if isinstance(value, list):
        return [substitute(item, index, placeholder) for item in value]
    if isinstance(value, dict):
        return {key: substitute(item, index, placeholder) for key, item in value.items()}
    return value


def _resolve(value: Json, parameters: Mapping[str, Json], lookup: Lookup) -> Json:
    if isinstance(value, list):
        return [_resolve(item, parameters, lookup) for item in value]
    if not isinstance(value, dict):
        return value
    inner: dict[str, Json] = {k: _resolve(v, parameters, lookup) for k, v in value.items()}
    return _call(inner, parameters, lookup) if len(inner) == 1 else inner


def _call(inner: dict[str, Json], parameters: Mapping[str, Json], lookup: Lookup) -> Json:
    """Return what a map with one key stands for: itself, unless its key is a function."""
    result: Json = inner
    match inner:
        case {"get_param": argument}:
            result = _parameter(argument, parameters)
        case {"get_resource": str(name)}:
            result = lookup(name, ())
        case {"get_attr": [str(name), *path]}:
            result = lookup(name, tuple(path))
        case {"str_replace": {"template": template, "params": dict(params)}}:
            result = _replaced(template, params)
        case {"list_join": [delimiter, *lists]}:
            result = _joined(delimiter, lists)
    return result


def _parameter(argument: Json, parameters: Mapping[str, Json]) -> Json:
    name, *path = argument if isinstance(argument, list) else [argument]
    try:
        value = parameters[str(name)]
    except KeyError:
        raise InvalidTemplate(str(name), "invalid template: the parameter has no value") from None
    for step in path:
        value = _inside(value, step)
    return value


def _inside(value: Json, step: Json) -> Json:
    """Return what is under `step`; as in Heat, the empty text if there is nothing."""
    if isinstance(value, dict):
        return value.get(str(step), "")
    if isinstance(value, list) and str(step).isdecimal() and int(str(step)) < len(value):
        return value[int(str(step))]
    return ""


def _text(value: Json) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _replaced(template: Json, params: Mapping[str, Json]) -> str:
    """Return the text after one pass, in which the longer of two keys goes first."""
    keys = sorted((key for key in params if key), key=len, reverse=True)
    if not keys:
        return _text(template)
    pattern = "|".join(re.escape(key) for key in keys)
    return re.sub(pattern, lambda found: _text(params[found.group()]), _text(template))


def _joined(delimiter: Json, lists: list[Json]) -> str:
    items = (item for part in lists if isinstance(part, list) for item in part)
    return _text(delimiter).join(_text(item) for item in items)
