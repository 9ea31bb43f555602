"""Records as documents: nothing is lost, and what cannot be read is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, NodeGroup, Operation
from coe_twin.coe_core.conformance.records import cluster, operation
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.units import Seconds
from coe_twin.real_driver.errors import RepositoryFailed, UnknownSchema
from coe_twin.real_driver.records import Document, cluster_of, document_of, operation_of

texts = st.text(st.characters(exclude_categories=[]), max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
groups = st.builds(NodeGroup, removed=st.frozensets(st.integers(min_value=0)))
templates = st.builds(ClusterTemplate, labels=st.dictionaries(texts, texts))
clusters = st.builds(
    Cluster, template=templates, masters=groups, workers=groups, create_timeout=finite
)
operations = st.builds(
    Operation,
    asked_at=finite,
    ended_at=st.none() | finite,
    workers=st.none() | groups,
)


def stored(document: dict[str, Json]) -> dict[str, Any]:
    """Return the document as a database gives it back."""
    result: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
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
    retired = replace(cluster().workers, removed=many)
    document = document_of(replace(cluster(), workers=retired))
    assert '"removed": [0, 1, 2, 3,' in json.dumps(document)


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
    del document["status_reason"], document["template"]["keypair"], document["workers"]["removed"]
    record = cluster_of(document, 41)
    assert (record.status_reason, record.template.keypair) == ("", "")
    assert record.workers.removed == frozenset()
    intent = stored(document_of(operation(0, cluster())))
    del intent["workers"]
    assert operation_of(intent).workers is None


def test_a_document_of_a_newer_schema_is_refused() -> None:
    """What a newer version means by its fields is not guessed at."""
    for document in (document_of(cluster()), document_of(operation(0, cluster()))):
        newer = stored(document | {"schema": 2})
        with pytest.raises(UnknownSchema, match=r"-0: its schema is 2, .* knows 1"):
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
