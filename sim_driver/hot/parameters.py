"""A template's parameters: their declarations, and the values that a stack gives them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate

PSEUDO: Final = frozenset({"OS::stack_name", "OS::stack_id", "OS::project_id"})
"""Parameters that every template has without declaring them."""

_FALSE: Final = frozenset({"0", "f", "false", "n", "no", "off"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter."""

    type: str
    has_default: bool
    default: Json

    def converted(self, value: Json) -> Json:
        """Return `value` as Heat hands it to the template.

        Raises:
            ValueError: the text is no number or no JSON.
        """
        if not isinstance(value, str):
            return value
        match self.type:
            case "number":
                return _number(value)
            case "comma_delimited_list":
                return [part.strip() for part in value.split(",")] if value else []
            case "json":
                document: Json = json.loads(value)
                return document
            case "boolean":
                return value.lower() not in _FALSE
        return value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def declared(section: Mapping[str, Json]) -> dict[str, Parameter]:
    """Return the parameters of a template's `parameters` section.

    Raises:
        InvalidTemplate: a declaration is no map or has no type.
    """
    return {name: _declared(name, body) for name, body in section.items()}


def _declared(name: str, body: Json) -> Parameter:
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise InvalidTemplate(name, "invalid template: the parameter has no type")
    return Parameter(str(body["type"]), "default" in body, body.get("default"))


def bind(known: Mapping[str, Parameter], given: Mapping[str, Json]) -> dict[str, Json]:
    """Return the value of every parameter: given, or its default.

    Raises:
        InvalidTemplate: a parameter is given that is not declared, or one without a default
            is missing, or a value is not of its type; it names the parameter.
    """
    for name in given:
        if name not in known and name not in PSEUDO:
            raise InvalidTemplate(name, "invalid template: no such parameter is declared")
    bound = {name: given[name] for name in given if name in PSEUDO}
    for name, parameter in known.items():
        if name not in given and not parameter.has_default:
            raise InvalidTemplate(name, "invalid template: the parameter was not provided")
        value = given.get(name, parameter.default)
        try:
            bound[name] = parameter.converted(value)
        except ValueError:
            text = f"invalid template: {value!r} is no {parameter.type}"
            raise InvalidTemplate(name, text) from None
    return bound
