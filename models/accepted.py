"""What a field accepts, in words, read from the JSON schema of its record."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

KEY_ERROR: Final = "[key]"
"""What pydantic appends to a location when the key itself is refused."""

PLAIN: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def accepted_words(model: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """Return what the field at `location` accepts, such as `a whole number from 1 to 7`."""
    return _words(_schema_at(model, location))


def accepted_keys(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the mapping at `location` accepts."""
    return list(_schema_at(model, location).get("properties", {}))


def accepted_names(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the words that the field at `location` accepts; empty where it is not a word."""
    schema = _schema_at(model, location)
    return [
        str(name) for name in schema.get("enum", [schema["const"]] if "const" in schema else [])
    ]


def _schema_at(model: type[BaseModel], location: tuple[str | int, ...]) -> Schema:
    root: Schema = model.model_json_schema()
    here = root
    # A refused key is reported below the key itself: (..., key, "[key]").
    is_key = location[-1:] == (KEY_ERROR,)
    for step in location[:-2] if is_key else location:
        here = _next(_resolved(here, root), step)
    if is_key:
        return {"type": "string", **_resolved(here, root).get("propertyNames", {})}
    return _resolved(here, root)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference; what stands beside it (a description, a bound) is kept."""
    if "$ref" not in schema:
        return schema
    target: Schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _next(schema: Schema, step: str | int) -> Schema:
    if isinstance(step, int):
        return dict(schema.get("items", {}))
    if "discriminator" in schema:
        return {"$ref": schema["discriminator"]["mapping"][step]}
    properties = schema.get("properties", {})
    found = properties[step] if step in properties else schema.get("additionalProperties", {})
    return dict(found) if isinstance(found, dict) else {}


def _words(schema: Schema) -> str:
    if "pattern" in schema and "description" in schema:
        return str(schema["description"])
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "discriminator" in schema:
        tag = schema["discriminator"]["propertyName"]
        return f"a mapping with {tag} one of {', '.join(schema['discriminator']['mapping'])}"
    if "anyOf" in schema:
        return " or ".join(_words(choice) for choice in schema["anyOf"])
    return _words_of_type(schema)


def _words_of_type(schema: Schema) -> str:
    match schema.get("type"):
        case "array":
            span = _span(schema, "minItems", "maxItems")
            return f"a list{span} items" if span else "a list"
        case "string":
            span = _span(schema, "minLength", "maxLength")
            return f"text{span} characters" if span else "text"
        case "object" | None:
            keys = ", ".join(schema.get("properties", {}))
            return f"a mapping with {keys}" if keys else "a mapping"
        case str() as plain:
            return " ".join([PLAIN[plain], " and ".join(_bounds(schema))]).rstrip()
    return "another value"


def _span(schema: Schema, least: str, most: str) -> str:
    match schema.get(least), schema.get(most):
        case None, None:
            return ""
        case None, int(top):
            return f" of at most {top}"
        case low, None:
            return f" of at least {low}"
        case low, top:
            return f" of {low} to {top}"
    return ""


def _bounds(schema: Schema) -> Iterator[str]:
    low, top = schema.get("minimum"), schema.get("maximum")
    if low is not None and top is not None:
        yield f"from {_number(low)} to {_number(top)}"
        return
    for key, sign in BOUND_SIGNS.items():
        if key in schema:
            yield f"{sign} {_number(schema[key])}"


BOUND_SIGNS: Final = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.12g}"
