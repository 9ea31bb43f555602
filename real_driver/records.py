"""Records as JSON documents, and back without loss.

A document names its schema. A field that an older document lacks takes its default; a document of
a newer schema is refused, because what it means is not known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, Final, TypeVar

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, NodeGroup, Operation, Role, Verb
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema

SCHEMA: Final = 1

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
        case Mapping():
            return {key: _json(key, each) for key, each in value.items()}
    assert is_dataclass(value), f"{name}: {value!r} is of a type that no record has"
    return _fields(value)


def cluster_of(document: Document, version: int) -> Cluster:
    """Return the cluster in `document`, in the version that its column says.

    Raises:
        UnknownSchema: a newer coe-twin wrote the document.
        RepositoryFailed: it is not a cluster.
    """
    return _read(document, lambda values: Cluster(**_converted(values) | {"version": version}))


def operation_of(document: Document) -> Operation:
    """Return the operation in `document`.

    Raises:
        UnknownSchema: a newer coe-twin wrote the document.
        RepositoryFailed: it is not an operation.
    """
    return _read(document, _operation)


def _read(document: Document, build: Callable[[Document], Record]) -> Record:
    try:
        values = dict(document)
        schema = values.pop("schema")
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


CONVERTED: Final[dict[str, Callable[[Any], object]]] = {
    "masters": _node_group,
    "removed": frozenset,
    "role": Role,
    "status": ClusterStatus,
    "template": lambda values: ClusterTemplate(**values),
    "verb": Verb,
    "workers": _node_group,
}
"""The fields whose values are not what JSON makes of them."""
