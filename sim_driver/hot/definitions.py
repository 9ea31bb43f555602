"""The resources and outputs of a template as written, each reference checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate
from coe_twin.sim_driver.hot import types
from coe_twin.sim_driver.hot.parameters import PSEUDO
from coe_twin.sim_driver.hot.references import references


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A resource as the template has it; `needs` names the resources that it refers to."""

    name: str
    type: str
    properties: Mapping[str, Json]
    needs: tuple[str, ...]


def invalid(where: str, what: str) -> InvalidTemplate:
    """Return the error that `what` is wrong with `where`."""
    return InvalidTemplate(where, f"invalid template: {what}")


def section(template: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return a section of a template; one that is absent or empty is an empty map.

    Raises:
        InvalidTemplate: it is no map.
    """
    body = template.get(name)
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise invalid(name, "the section is no map")
    return body


def definitions(
    template: Mapping[str, Json], parameters: Collection[str]
) -> tuple[Definition, ...]:
    """Return the resources in the order of writing.

    Raises:
        InvalidTemplate: a definition is malformed or refers to what is not there.
    """
    bodies = section(template, "resources")
    return tuple(_definition(name, body, bodies, parameters) for name, body in bodies.items())


def outputs(
    template: Mapping[str, Json], resources: Collection[str], parameters: Collection[str]
) -> dict[str, Json]:
    """Return the expression of each output.

    Raises:
        InvalidTemplate: an output has no value or refers to what is not there.
    """
    values: dict[str, Json] = {}
    for name, body in section(template, "outputs").items():
        if not isinstance(body, dict) or "value" not in body:
            raise invalid(name, "the output has no value")
        names_in(body["value"], name, resources, parameters)
        values[name] = body["value"]
    return values


def names_in(
    value: Json, where: str, resources: Collection[str], parameters: Collection[str]
) -> tuple[str, ...]:
    """Return the resources that `value` refers to, each once, in order.

    Raises:
        InvalidTemplate: it refers to what is not there; the text names `where` and the name.
    """
    found: dict[str, None] = {}
    for reference in references(value, where):
        if reference.is_parameter:
            if reference.name not in parameters and reference.name not in PSEUDO:
                raise invalid(where, f"there is no parameter {reference.name!r}")
        elif reference.name not in resources:
            raise invalid(where, f"there is no resource {reference.name!r}")
        else:
            found[reference.name] = None
    return tuple(found)


def _definition(
    name: str, body: Json, resources: Collection[str], parameters: Collection[str]
) -> Definition:
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise invalid(name, "the resource has no type")
    if "condition" in body:
        raise invalid(name, "conditions are not supported")
    properties = section(body, "properties")
    needs = names_in(properties, name, resources, parameters)
    return Definition(
        name=name,
        type=str(body["type"]),
        properties=properties,
        needs=tuple(dict.fromkeys((*needs, *_depends_on(name, body, resources)))),
    )


def _depends_on(name: str, body: Mapping[str, Json], resources: Collection[str]) -> list[str]:
    stated = body.get("depends_on") or []
    listed = stated if isinstance(stated, list) else [stated]
    for other in listed:
        if other not in resources:
            raise invalid(name, f"depends_on: there is no resource {other!r}")
    return [str(other) for other in listed]


def signals(definition: Definition, by_name: Mapping[str, Definition]) -> tuple[str, ...]:
    """Return the wait condition handles whose URLs the user data of a server carries.

    Looked for in the user data itself and in the SoftwareConfigs that it is made of, not in
    parameters: a handle of the parent that reaches a nested server is not seen.
    """
    if definition.type != types.SERVER:
        return ()
    seen: dict[str, None] = {}
    ahead = _user_data_needs(definition)
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen[name] = None
        if by_name[name].type in (types.MULTIPART_MIME, types.SOFTWARE_CONFIG):
            ahead.extend(by_name[name].needs)
    return tuple(name for name in by_name if name in seen and _is_handle(by_name[name]))


def _user_data_needs(server: Definition) -> list[str]:
    found = references(server.properties.get("user_data"), server.name)
    return [reference.name for reference in found if not reference.is_parameter]


def _is_handle(definition: Definition) -> bool:
    return definition.type == types.WAIT_CONDITION_HANDLE
