from typing import Any

import pytest

from coe_twin.coe_core.errors import Forbidden, NotFound, ServiceFailed, Throttled
from coe_twin.models.traces.history import stack_spans
from coe_twin.models.traces.stack_tree import members_of
from coe_twin.real_driver.tracing import ACTIONS_MICROVERSION, stack_documents
from tests.unit import recorded_cloud
from tests.unit.recorded import Fields, documents_of, fields_of
from tests.unit.recorded_cloud import RecordedCloud

ROOT = "00000000-0000-4000-8000-000000000001"
GONE = "ports that are gone"


def recorded(*, is_deleted: bool = False) -> RecordedCloud:
    return RecordedCloud(fields_of("resized.json"), is_deleted=is_deleted)


def by_id(found: object) -> dict[str, Fields]:
    assert isinstance(found, list)
    return {one["id"]: one for one in found}


@pytest.mark.parametrize("stack", ["trace-signal", ROOT, f"trace-signal/{ROOT}"])
def test_a_stack_goes_by_its_name_and_by_its_id(stack: str) -> None:
    """And by both, as the driver names stacks."""
    documents = stack_documents(recorded().connection(), stack)
    assert documents.stack == {"stack_name": "trace-signal", "id": ROOT}


@pytest.mark.parametrize("page", [1, 7, 1000])
def test_what_is_collected_is_what_was_recorded(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of all lists, the node that was removed too, with the types of what is gone."""
    monkeypatch.setattr(recorded_cloud, "PAGE", page)
    cloud = recorded()
    documents = stack_documents(cloud.connection(), "trace-signal")
    assert by_id(documents.events) == by_id(cloud.fields["events"])
    assert documents.resources == cloud.fields["resources"]
    assert documents.actions == cloud.fields["actions"]
    assert by_id(documents.ports) == by_id(cloud.fields["ports"])
    assert len(documents.flags) == 1
    assert GONE in documents.flags[0]


def test_a_marker_that_heat_has_dropped_costs_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heat drops old events while it is asked; it then begins anew, and so must the reader."""
    cloud = recorded()
    answer = cloud.heat._answer
    markers: list[str] = []

    def forgetful(path: list[str], query: Fields) -> Fields | None:
        if path[-1] == "events" and "marker" in query:
            markers.append(query["marker"])
            if len(markers) == 2:
                return answer(path, {name: query[name] for name in query if name != "marker"})
        return answer(path, query)

    monkeypatch.setattr(cloud.heat, "_answer", forgetful)
    documents = stack_documents(cloud.connection(), "trace-signal")
    assert by_id(documents.events) == by_id(cloud.fields["events"])


def test_a_service_that_ignores_the_marker_is_not_asked_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same page again is the end."""
    monkeypatch.setattr(recorded_cloud, "PAGE", 1000)
    cloud = recorded()
    answer = cloud.heat._answer
    monkeypatch.setattr(
        cloud.heat,
        "_answer",
        lambda path, query: answer(path, {name: query[name] for name in query if name != "marker"}),
    )
    documents = stack_documents(cloud.connection(), "trace-signal")
    assert by_id(documents.events) == by_id(cloud.fields["events"])


def test_the_spans_are_those_of_the_recording() -> None:
    """The order in which Heat is asked changes nothing."""
    cloud = recorded()
    collected = stack_spans(stack_documents(cloud.connection(), "trace-signal"))
    expected = stack_spans(documents_of(cloud.fields))
    assert set(collected.spans) == set(expected.spans)


def test_a_deleted_stack_is_traced_by_its_id() -> None:
    """Its nested stacks by their owner, its types from single events; all else is as before."""
    cloud = recorded(is_deleted=True)
    collected = stack_spans(stack_documents(cloud.connection(), ROOT))
    live = stack_spans(stack_documents(recorded().connection(), "trace-signal"))
    assert {(span.path, span.phase) for span in collected.spans} == {
        (span.path, span.phase) for span in live.spans
    }


@pytest.mark.parametrize("stack", ["nope", "", "..", "trace-signal/nope", "a/b/c"])
def test_an_unknown_stack_is_not_found(stack: str) -> None:
    """One error, which says how else to ask."""
    with pytest.raises(NotFound, match="recorded shows no such stack; a deleted one goes by") as e:
        stack_documents(recorded().connection(), stack)
    assert e.value.resource == stack


def test_a_deleted_stack_has_no_name() -> None:
    """Heat gives the name to the next one."""
    with pytest.raises(NotFound):
        stack_documents(recorded(is_deleted=True).connection(), "trace-signal")


def test_nova_is_asked_in_a_microversion_that_shows_deleted_servers() -> None:
    """The newest of those that are understood, not the newest of the cloud."""
    cloud = recorded()
    stack_documents(cloud.connection(), "trace-signal")
    assert {version for *_, version in cloud.nova.asked} == {ACTIONS_MICROVERSION}
    assert {version for *_, version in cloud.heat.asked} == {None}


def test_a_list_that_links_to_no_next_page_is_asked_for_once() -> None:
    """A thousand servers would be a thousand questions more."""
    cloud = recorded()
    stack_documents(cloud.connection(), "trace-signal")
    lists = [path for path, *_ in cloud.nova.asked if path.endswith("os-instance-actions")]
    assert len(lists) == len(set(lists)) == 2


def test_servers_of_which_nova_tells_nothing_are_flagged() -> None:
    """Forgotten, or hidden by a policy: the rest of the trace stands."""
    for status in (404, 403):
        cloud = recorded()
        cloud.fields["actions"] = []
        cloud.nova.status_when_nothing = status
        documents = stack_documents(cloud.connection(), "trace-signal")
        assert documents.actions == []
        assert documents.flags[0].startswith("nova: servers whose actions are hidden or gone: 2,")


def forgets(cloud: RecordedCloud, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have Heat answer 404 to every path with `name` in it."""
    answer = cloud.heat._answer
    monkeypatch.setattr(
        cloud.heat, "_answer", lambda path, query: None if name in path else answer(path, query)
    )


def test_a_nested_stack_that_heat_has_forgotten_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heat drops deleted stacks after a while, the nested ones perhaps first."""
    cloud = recorded()
    removed = next(stack for stack in cloud.stack_of if cloud._status(stack.id).startswith("DEL"))
    forgets(cloud, monkeypatch, removed.id)
    documents = stack_documents(cloud.connection(), "trace-signal")
    assert documents.flags[0] == (
        f"heat: nested stacks that are gone: 1, the first is {removed.id}"
    )
    assert stack_spans(documents).spans


def test_a_type_that_heat_has_forgotten_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is still listed, but no longer shown."""
    cloud = recorded()
    listed = {(stack.id, one.resource_name) for stack, one in members_of(cloud.fields["resources"])}
    gone = next(
        one["id"]
        for stack, one in zip(cloud.stack_of, cloud.fields["events"], strict=True)
        if one["resource_name"] == "server" and (stack.id, "server") not in listed
    )
    forgets(cloud, monkeypatch, gone)
    flags = stack_spans(stack_documents(cloud.connection(), "trace-signal")).flags
    assert any(flag.startswith("heat: resources of a type that Heat does not") for flag in flags)


def test_an_answer_without_its_object_is_the_services_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no traceback."""
    cloud = recorded()
    answer = cloud.nova._answer
    monkeypatch.setattr(
        cloud.nova,
        "_answer",
        lambda path, query: {"a": 1} if path[-1].startswith("req-") else answer(path, query),
    )
    with pytest.raises(ServiceFailed, match="no object instanceAction"):
        stack_documents(cloud.connection(), "trace-signal")


def test_nova_is_not_asked_for_a_server_that_it_has_not_got() -> None:
    """Heat gives a name to what it is about to make."""
    cloud = recorded()
    fields = cloud.fields
    servers = [one["id"] for one in fields["events"] if one["resource_name"] == "server"]
    fields["events"] = [one for one in fields["events"] if one["id"] <= servers[0]]
    for one in fields["resources"]:
        one["physical_resource_id"] = ""
    cloud.stack_of = cloud.stack_of[: len(fields["events"])]
    documents = stack_documents(cloud.connection(), "trace-signal")
    spans = stack_spans(documents).spans
    assert [span.physical_id for span in spans if span.kind == "OS::Nova::Server"] == [""]
    assert cloud.nova.asked == []


def test_neutron_is_asked_for_no_more_than_times() -> None:
    """Neither addresses nor bindings leave the cloud."""
    cloud = recorded()
    stack_documents(cloud.connection(), "trace-signal")
    assert all("fixed_ips" not in query["fields"] for _, query, _ in cloud.neutron.asked)


def test_parameters_of_a_stack_are_not_kept() -> None:
    """They may hold passwords."""
    documents = stack_documents(recorded().connection(), "trace-signal")
    assert "hunter2" not in str(documents)


def test_what_a_service_refuses_comes_as_an_error_of_the_core() -> None:
    """With the stack as its resource."""
    for status, error in ((403, Forbidden), (500, ServiceFailed), (503, Throttled)):
        cloud = recorded()
        cloud.heat.status_when_nothing = status
        with pytest.raises(error) as caught:
            stack_documents(cloud.connection(), "nope")
        assert caught.value.resource == "nope"


@pytest.mark.parametrize("body", [{}, {"stacks": 3}, {"stacks": [3]}, {"stacks": [{"id": 7}]}])
def test_an_answer_of_another_shape_is_the_services_failure(
    body: Any,  # noqa: ANN401 - any JSON
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And no traceback."""
    cloud = recorded()
    answer = cloud.heat._answer
    monkeypatch.setattr(
        cloud.heat, "_answer", lambda path, query: answer(path, query) if path[1:] else body
    )
    with pytest.raises(ServiceFailed, match="stacks"):
        stack_documents(cloud.connection(), "trace-signal")
