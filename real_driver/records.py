"""Records as JSON documents, and back without loss.

A document names its schema. One of an older schema is brought up to date; one of a newer is
refused, because what it means is not known here. Documents of every schema that was ever written
are kept in tests/data/records.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, Final, TypeVar

from coe_twin.coe_core.choice import Choice, Direct, OneStack, Shards
from coe_twin.coe_core.cluster import (
    Cluster,
    ClusterTemplate,
    NodeGroup,
    Operation,
    Place,
    Role,
    Verb,
)
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema

SCHEMA: Final = 2

Document = dict[str, Any]
"""What `json` made of a text: its values are looked at by the records that they become."""

Record = TypeVar("Record", Cluster, Operation)


def document_of(record: Cluster | Operation) -> dict[str, Json]:
    """Return `record` as a document.

    Raises:
        InvalidRequest: a number in it is infinite or not a number, which JSON has no word for.
    """
    return {"schema": SCHEMA} | _fields(record)


def _fields(record: Any) -> dict[str, Json]:  # noqa: ANN401 - any dataclass
    return {each.name: _json(each.name, getattr(record, each.name)) for each in fields(record)}


def _json(name: str, value: object) -> Json:
    match value:
        case float() if not isfinite(value):
            raise InvalidRequest(f"{name}: {value} cannot be stored, accepted is a finite number")
        case None | str() | int() | float():
            return value
        case frozenset():
            return sorted(value)
        case tuple() | list():
            return [_json(name, each) for each in value]
        case Mapping():
            return {key: _json(key, each) for key, each in value.items()}
        case OneStack() | Shards() | Direct():
            return {"kind": CHOICES[type(value)]} | _fields(value)
    assert is_dataclass(value), f"{name}: {value!r} is of a type that no record has"
    return _fields(value)


def cluster_of(document: Document, version: int) -> Cluster:
    """Return the cluster in `document`, in the version that its column says.

    Raises:
        UnknownSchema: a newer coe-twin wrote the document.
        RepositoryFailed: it is not a cluster.
    """
    return _read(
        document,
        lambda values: Cluster(**_converted(values) | {"version": version}),
        OLDER_CLUSTERS,
    )


def operation_of(document: Document) -> Operation:
    """Return the operation in `document`.

    Raises:
        UnknownSchema: a newer coe-twin wrote the document.
        RepositoryFailed: it is not an operation.
    """
    return _read(document, _operation, OLDER_OPERATIONS)


def _read(
    document: Document,
    build: Callable[[Document], Record],
    older: Mapping[int, Callable[[Document], Document]],
) -> Record:
    try:
        values = dict(document)
        schema = values.pop("schema")
        while schema in older:
            values, schema = older[schema](values), schema + 1
        if schema != SCHEMA:
            raise UnknownSchema(
                f"record {values.get('id')}: its schema is {schema}, this version of coe-twin"
                f" knows {SCHEMA}: use a newer coe-twin"
            )
        return build(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RepositoryFailed(f"a stored record is damaged: {error!r}") from error


def _operation(values: Document) -> Operation:
    given = {name: value for name, value in values.items() if value is not None}
    return Operation(**_converted(given))


def _converted(values: Document) -> Document:
    return {name: CONVERTED.get(name, _as_it_is)(value) for name, value in values.items()}


def _as_it_is(value: object) -> object:
    return value


def _node_group(values: Document) -> NodeGroup:
    return NodeGroup(**_converted(values))


def _choice(values: Document | None) -> Choice | None:
    if values is None:
        return None
    kind = {name: choice for choice, name in CHOICES.items()}[values["kind"]]
    return kind(**{name: value for name, value in values.items() if name != "kind"})


CHOICES: Final[dict[type[Choice], str]] = {
    OneStack: "stack",
    Shards: "sharded",
    Direct: "direct",
}
"""The words of plans and scenarios."""

CONVERTED: Final[dict[str, Callable[[Any], object]]] = {
    "node_group": _node_group,
    "node_groups": lambda groups: tuple(map(_node_group, groups)),
    "place": lambda values: None if values is None else Place(**values),
    "provisioner": _choice,
    "removed": frozenset,
    "role": Role,
    "status": ClusterStatus,
    "taints": tuple,
    "template": lambda values: ClusterTemplate(**values),
    "verb": Verb,
    "zones": tuple,
}
"""The fields whose values are not what JSON makes of them."""


def _cluster_of_1(values: Document) -> Document:
    """Two fields held the groups, which took flavor and image from the template."""
    template = values["template"]
    flavors = {"masters": template["master_flavor"], "workers": template["flavor"]}
    groups = [
        {
            **values[field],
            "flavor": flavor,
            "image": template["image"],
            "volume_size": template["docker_volume_size"],
        }
        for field, flavor in flavors.items()
    ]
    kept = {name: value for name, value in values.items() if name not in flavors}
    return {**kept, "node_groups": groups}


def _operation_of_1(values: Document) -> Document:
    """The wanted group was called `workers`; a resize takes no more of it than its size."""
    kept = {name: value for name, value in values.items() if name != "workers"}
    group = values.get("workers")
    return {**kept, "node_group": group and {**group, "flavor": "", "image": ""}}


OLDER_CLUSTERS: Final = {1: _cluster_of_1}
OLDER_OPERATIONS: Final = {1: _operation_of_1}
"""What brings a document of a schema up to the next one."""
