"""Builders for Heat Orchestration Templates; a template is a plain dict, as Heat takes it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from coe_twin.coe_core.documents import Json

VERSION: Final = "2015-10-15"
"""The template version of Heat's Liberty release; Mitaka and all later releases take it."""


def get_param(name: str, *path: Json) -> Json:
    """Return a reference to a parameter, or to what `path` leads to inside it."""
    return {"get_param": [name, *path] if path else name}


def get_resource(name: str) -> Json:
    """Return a reference to the id of a resource."""
    return {"get_resource": name}


def get_attr(name: str, *path: Json) -> Json:
    """Return a reference to an attribute of a resource."""
    return {"get_attr": [name, *path]}


def str_replace(template: str, params: Mapping[str, Json]) -> Json:
    """Return `template` with each key of `params` replaced by its value."""
    return {"str_replace": {"template": template, "params": dict(params)}}


def list_join(delimiter: str, items: Iterable[Json]) -> Json:
    """Return `items` joined to one string."""
    return {"list_join": [delimiter, list(items)]}


def resource(
    type_: str, properties: Mapping[str, Json] | None = None, depends_on: Iterable[str] = ()
) -> Json:
    """Return the definition of a resource."""
    definition: dict[str, Json] = {"type": type_}
    if waited_for := list(depends_on):
        definition["depends_on"] = [*waited_for]
    if properties:
        definition["properties"] = dict(properties)
    return definition


def group(count: Json, member: Json, removed: Json = None, depends_on: Iterable[str] = ()) -> Json:
    """Return an `OS::Heat::ResourceGroup` of `count` times `member`.

    `removed` lists the names of members that are retired for good.
    """
    properties: dict[str, Json] = {"count": count, "resource_def": member}
    if removed is not None:
        properties["removal_policies"] = [{"resource_list": removed}]
    return resource("OS::Heat::ResourceGroup", properties, depends_on)


TAG_KEY: Final = "coe_tag"
"""The key of the mark where a service has metadata in place of tags."""


def tagged(properties: Mapping[str, Json]) -> dict[str, Json]:
    """Return `properties` of a resource together with the mark of its cluster.

    Heat has `tags` on Neutron's resources and on servers since Pike. It sets them by a second
    call; an engine that dies between the two leaves a thing without them, see `marked_port`
    and `marked_server`.
    """
    return {**properties, "tags": [get_param("cluster_tag")]}


def marked_port(properties: Mapping[str, Json]) -> dict[str, Json]:
    """Return `properties` of a port with a mark that goes with its create, and with tags."""
    return {**tagged(properties), "value_specs": {"description": get_param("cluster_tag")}}


def marked_server(properties: Mapping[str, Json]) -> dict[str, Json]:
    """Return `properties` of a server with a mark that goes with its create, and with tags."""
    return {**tagged(properties), "metadata": {TAG_KEY: get_param("cluster_tag")}}


def parameters_in(value: Json) -> Iterator[str]:
    """Yield the name of every parameter that `value` refers to, in order, with repeats."""
    if isinstance(value, list):
        for item in value:
            yield from parameters_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "get_param":
                yield str(item[0]) if isinstance(item, list) else str(item)
            yield from parameters_in(item)


def template(
    description: str,
    declarations: Mapping[str, Json],
    resources: Mapping[str, Json],
    outputs: Mapping[str, Json],
) -> dict[str, Json]:
    """Return a template that declares exactly the parameters that it uses.

    Heat refuses a value for a parameter that is not declared, so callers go by
    `declared_in`.

    Raises:
        KeyError: a parameter is used that `declarations` does not know.
    """
    body: dict[str, Json] = {
        "resources": dict(resources),
        "outputs": {name: {"value": value} for name, value in outputs.items()},
    }
    used = dict.fromkeys(parameters_in(body))
    return {
        "heat_template_version": VERSION,
        "description": description,
        "parameters": {name: declarations[name] for name in used},
        **body,
    }


def declared_in(template_: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of the parameters that a template of ours declares."""
    declared = template_["parameters"]
    assert isinstance(declared, dict), "a template of ours has a parameter section"
    return tuple(declared)


def as_text(value: Json) -> str:
    """Return the value of a parameter as a stack shows it: digits, commas, or JSON.

    Source: heat, heat/engine/parameters.py, `__str__` of the classes of parameters. Keys of
    a map are sorted here, so that equal maps have equal texts.
    """
    match value:
        case list():
            return ",".join(as_text(item) for item in value)
        case dict():
            return json.dumps(value, sort_keys=True)
        case _:
            return str(value)
