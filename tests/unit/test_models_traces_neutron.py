from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.neutron import Around, neutron_spans
from coe_twin.models.traces.span import Status
from tests.unit.recorded import Fields, at

PORT: Fields = {
    "id": "port-1",
    "status": "ACTIVE",
    "device_id": "server-1",
    "created_at": "2026-01-31T12:00:01Z",
    "updated_at": "2026-01-31T12:00:05Z",
}


def test_a_port_lasts_from_its_create_to_its_last_change() -> None:
    """For a port that nobody touched since, that is when it came up."""
    [span] = neutron_spans([PORT], Around(paths={"port-1": "c0/port"}, cluster="c0")).spans
    assert (span.phase, span.path, span.cluster) == ("neutron:port", "c0/port", "c0")
    assert (span.started, span.ended) == (at(1), at(5))
    assert span.status is Status.COMPLETE


def test_a_change_after_the_server_was_up_is_not_when_the_port_came_up() -> None:
    """That instant is lost: flagged, and not taken from a later one."""
    found = neutron_spans([PORT], Around(up={"server-1": at(3)}))
    assert [span.ended for span in found.spans] == [None]
    assert found.flags == (
        "neutron: ports changed again after their server was up: 1, the first is port-1",
    )


@pytest.mark.parametrize("second", [4, 5, 60])
def test_stamps_that_whole_seconds_leave_open_prove_no_later_change(second: int) -> None:
    """Neutron's :05 and Nova's :04 may be one instant."""
    [span] = neutron_spans([PORT], Around(up={"server-1": at(second)})).spans
    assert span.ended == at(5)


def test_a_port_in_error_failed() -> None:
    """Neutron says so in its status alone."""
    [span] = neutron_spans([PORT | {"status": "ERROR"}]).spans
    assert (span.status, span.reason) == (Status.FAILED, "ERROR")


def test_a_port_without_a_time_is_flagged_and_left_out() -> None:
    """Where the extension is off, Neutron has none to tell."""
    found = neutron_spans([{"id": "port-1"}, PORT | {"id": "port-2", "created_at": None}])
    assert found.spans == ()
    assert found.flags == ("neutron: ports without a time, left out: 2, the first is port-1",)


WRONG: list[tuple[Any, str]] = [
    ("ports", 'ports = "ports": accepted is a list'),
    ([{}], r"ports\[0\].id: is missing"),
    ([PORT | {"created_at": "yesterday, at a quarter past"}], r"ports\[0\].created_at"),
    ([PORT | {"updated_at": 7}], r"ports\[0\].updated_at = 7"),
]


@pytest.mark.parametrize(("ports", "text"), WRONG)
def test_documents_of_another_shape_are_refused_by_field(ports: object, text: str) -> None:
    """The path leads to what is wrong."""
    with pytest.raises(InvalidInput, match=text):
        neutron_spans(ports)
