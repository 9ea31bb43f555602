"""Records as documents: nothing is lost, and what cannot be read is refused."""

from dataclasses import replace
from json import dumps, loads
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.choice import Direct, OneStack, Shards
from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, NodeGroup, Operation, Place, Role
from coe_twin.coe_core.conformance.records import cluster, operation
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema
from coe_twin.real_driver.records import Document, cluster_of, document_of, operation_of

texts = st.text(st.characters(exclude_categories=[]), max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
groups = st.builds(
    NodeGroup,
    zones=st.lists(texts, max_size=2).map(tuple),
    labels=st.dictionaries(texts, texts, max_size=2),
    taints=st.lists(texts, max_size=2).map(tuple),
    removed=st.frozensets(st.integers(min_value=0)),
)
choices = st.just(OneStack()) | st.builds(Shards, st.integers(1)) | st.just(Direct())
templates = st.builds(ClusterTemplate, labels=st.dictionaries(texts, texts))
clusters = st.builds(
    Cluster,
    template=templates,
    node_groups=st.lists(groups, max_size=3).map(tuple),
    provisioner=st.none() | choices,
    policies=st.dictionaries(texts, json),
    place=st.none() | st.builds(Place),
    create_timeout=finite,
)
operations = st.builds(
    Operation,
    asked_at=finite,
    ended_at=st.none() | finite,
    node_group=st.none() | groups,
)


def stored(document: dict[str, Json]) -> dict[str, Any]:
    """Return the document as a database gives it back."""
    result: dict[str, Any] = loads(dumps(document, allow_nan=False))
    return result


@given(record=clusters)
def test_a_cluster_reads_back(record: Cluster) -> None:
    """Every field of any cluster survives; the version is what its column says."""
    assert cluster_of(stored(document_of(record)), record.version) == record
    assert cluster_of(stored(document_of(record)), 7) == replace(record, version=7)


@given(record=operations)
def test_an_operation_reads_back(record: Operation) -> None:
    """Every field of any operation survives."""
    assert operation_of(stored(document_of(record))) == record


def test_the_same_record_is_the_same_text() -> None:
    """A set's order does not show, so documents can be compared."""
    many = frozenset(range(1000))
    retired = replace(cluster().first(Role.WORKER), removed=many)
    document = document_of(cluster().with_group(retired))
    assert '"removed": [0, 1, 2, 3,' in dumps(document)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_has_no_word_for_is_refused(number: float) -> None:
    """The line names the field; an endless timeout cannot be stored."""
    with pytest.raises(InvalidRequest, match=rf"create_timeout: {number} cannot be stored"):
        document_of(replace(cluster(), create_timeout=Seconds(number)))
    with pytest.raises(InvalidRequest, match="ended_at"):
        document_of(replace(operation(0, cluster()), ended_at=Seconds(number)))


def test_a_field_that_an_older_document_lacks_takes_its_default() -> None:
    """A database that was written before a field came is still read."""
    document = stored(document_of(cluster()))
    del document["status_reason"], document["template"]["keypair"], document["place"]
    del document["node_groups"][1]["removed"]
    record = cluster_of(document, 41)
    assert (record.status_reason, record.template.keypair) == ("", "")
    assert (record.node_groups[1].removed, record.place) == (frozenset(), None)
    intent = stored(document_of(operation(0, cluster())))
    del intent["node_group"]
    assert operation_of(intent).node_group is None


def test_a_document_of_a_newer_schema_is_refused() -> None:
    """What a newer version means by its fields is not guessed at."""
    for document in (document_of(cluster()), document_of(operation(0, cluster()))):
        newer = stored(document | {"schema": 3})
        with pytest.raises(UnknownSchema, match=r"-0: its schema is 3, .* knows 2"):
            cluster_of(newer, 1)
        with pytest.raises(UnknownSchema, match="use a newer coe-twin"):
            operation_of(newer)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "BORN"},
        {"template": None},
        {"template": {}},
        {"masters": {"role": "king"}},
        {"workers": []},
        {"unknown": 1},
    ],
)
def test_a_damaged_document_is_refused(changes: dict[str, Json]) -> None:
    """A record that makes no sense is an error of the repository, not of the caller's code."""
    with pytest.raises(RepositoryFailed, match="a stored record is damaged"):
        cluster_of(stored(document_of(cluster()) | changes), 1)


@pytest.mark.parametrize("document", [None, [], {}, {"id": "x"}, {"schema": 1}])
def test_what_is_no_document_is_refused(document: Document) -> None:
    """A row that another program wrote does not pass for a record."""
    with pytest.raises(RepositoryFailed, match="damaged"):
        operation_of(document)


def of_schema_1(record: Cluster) -> dict[str, Any]:
    """Return a document as it was before a cluster had a tuple of groups."""
    document = stored(document_of(record))
    masters, workers, *_more = document.pop("node_groups")
    for name in ("provisioner", "policies", "place", "revision"):
        del document[name]
    old = ("name", "role", "node_count", "removed")
    groups = {"masters": masters, "workers": workers}
    shapes = {field: {name: group[name] for name in old} for field, group in groups.items()}
    return {**document, **shapes, "schema": 1}


def test_a_document_of_schema_1_is_brought_up_to_date() -> None:
    """Each group has the flavor, image and volume that the template gave its role."""
    record = cluster_of(of_schema_1(cluster()), 41)
    master_group, node_group = record.node_groups
    template = record.template
    assert (master_group.flavor, node_group.flavor) == ("m1.medium", "m1.small")
    assert {group.image for group in record.node_groups} == {template.image}
    assert {group.volume_size for group in record.node_groups} == {template.docker_volume_size}
    assert (master_group.removed, node_group.node_count) == (frozenset({0}), 1000)
    assert (record.provisioner, record.place, record.revision) == (None, None, 1)
