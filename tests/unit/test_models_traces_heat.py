from collections import Counter
from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.heat import heat_spans
from coe_twin.models.traces.span import Span, Status
from tests.unit.recorded import at, event, fields_of

BEGIN, END = "CREATE_IN_PROGRESS", "CREATE_COMPLETE"


def recorded(name: str) -> tuple[Span, ...]:
    fields = fields_of(name)
    found = heat_spans(fields["events"], fields["resources"])
    assert found.flags == ()
    return found.spans


def one_of(spans: tuple[Span, ...], path: str, phase: str) -> Span:
    [found] = [span for span in spans if (span.path, span.phase) == (path, phase)]
    return found


def test_a_real_stack_becomes_a_span_per_resource_and_action() -> None:
    """Two nodes of four resources, in a group; one of them is removed."""
    spans = recorded("resized.json")
    count = Counter(span.phase for span in spans)
    assert count["heat:OS::Nova::Server:CREATE"] == 2
    assert count["heat:OS::Nova::Server:DELETE"] == 1
    assert count["heat:node.yaml:CREATE"] == 2
    assert count["heat:OS::Heat::Stack:CREATE"] == 1
    assert {span.cluster for span in spans} == {"trace-signal"}
    assert all(span.status is Status.COMPLETE for span in spans)


def test_a_span_says_where_its_resource_is_and_how_long_it_took() -> None:
    """The path leads through the resources that nested stacks are for, not through their names."""
    spans = recorded("resized.json")
    server = one_of(spans, "trace-signal/group/0/server", "heat:OS::Nova::Server:CREATE")
    assert server.duration_s == 78.0
    assert server.started.resolution_s == 1.0
    assert server.physical_id == "00000000-0000-4000-8000-000000000018"


def test_a_nested_stack_is_told_apart_by_what_it_is_for() -> None:
    """Its own time, the time of the resource, and the time of the root are three things."""
    spans = recorded("resized.json")
    nested = "heat:OS::Heat::Stack(node.yaml):CREATE"
    assert one_of(spans, "trace-signal/group/0", nested).duration_s == 85.0
    assert one_of(spans, "trace-signal/group/0", "heat:node.yaml:CREATE").duration_s == 87.0
    assert one_of(spans, "trace-signal", "heat:OS::Heat::Stack:CREATE").duration_s == 96.0


def test_a_signal_is_an_instant() -> None:
    """Heat notes when it came; the status that it notes with it is the resource's."""
    events = [event(1, "SIGNAL_COMPLETE"), event(5, "SIGNAL_FAILED", id="e2")]
    spans = heat_spans(events).spans
    assert [(span.started, span.ended) for span in spans] == [(at(1), at(1)), (at(5), at(5))]
    assert {span.status for span in spans} == {Status.COMPLETE}


def test_a_failure_keeps_its_reason() -> None:
    """The wait condition of a node that never signalled ran out."""
    spans = recorded("failed.json")
    joined = one_of(spans, "trace-wait/group/0/joined", "heat:OS::Heat::WaitCondition:CREATE")
    assert joined.status is Status.FAILED
    assert joined.reason == "WaitConditionTimeout: resources.joined: 0 of 1 received"


def test_either_order_gives_the_same_spans() -> None:
    """Heat lists the newest first unless it is asked otherwise."""
    fields = fields_of("resized.json")
    forth = heat_spans(fields["events"], fields["resources"])
    back = heat_spans(fields["events"][::-1], fields["resources"])
    assert set(back.spans) == set(forth.spans)


def test_an_event_that_is_there_twice_counts_once() -> None:
    """Pages may overlap when events come in between."""
    events = fields_of("failed.json")["events"]
    assert heat_spans(events + events) == heat_spans(events)


def test_without_a_zone_a_stamp_is_in_utc() -> None:
    """Older Heats leave the Z out."""
    events = [event(1, BEGIN, event_time="2026-01-31T12:00:01"), event(3, END)]
    [span] = heat_spans(events).spans
    assert (span.started, span.ended) == (at(1), at(3))


def test_a_missing_end_is_no_end() -> None:
    """What is still being made, and what was begun anew without an end."""
    events = [event(1, BEGIN), event(4, BEGIN), event(9, END)]
    spans = heat_spans(events).spans
    assert {(span.started, span.ended) for span in spans} == {(at(1), None), (at(4), at(9))}
    assert [span.status for span in spans if span.ended is None] == [Status.IN_PROGRESS]


def test_actions_on_one_resource_do_not_mix() -> None:
    """The end of an update ends no create."""
    events = [event(1, BEGIN), event(2, "UPDATE_IN_PROGRESS"), event(5, "UPDATE_COMPLETE")]
    spans = heat_spans(events).spans
    assert {(span.action, span.ended) for span in spans} == {("CREATE", None), ("UPDATE", at(5))}


def test_an_end_without_a_start_is_flagged_and_makes_no_span() -> None:
    """Heat drops the oldest events of a large stack."""
    found = heat_spans([event(1, END), event(500, BEGIN)])
    assert [(span.started, span.ended) for span in found.spans] == [(at(500), None)]
    [flag] = found.flags
    assert flag.startswith("heat: ends without a start")
    assert flag.endswith("1, the first is root/server")


def test_an_end_shortly_before_its_begin_shows_a_clock_that_went_back() -> None:
    """Heat sorts by its stamps; the span is negative, and nothing is put right."""
    [span] = heat_spans([event(7, END), event(10, BEGIN)]).spans
    assert span.duration_s == -3.0


def test_within_one_second_the_order_does_not_matter() -> None:
    """Heat cannot tell which came first, so neither is lost."""
    found = heat_spans([event(7, END), event(7, BEGIN)])
    assert [span.duration_s for span in found.spans] == [0.0]
    assert found.flags == ()


def test_a_status_that_is_not_known_is_flagged() -> None:
    """A later Heat may have more; the rest of the stack is still read."""
    found = heat_spans([event(1, BEGIN), event(2, "CREATE_PONDERING"), event(3, END)])
    assert [span.duration_s for span in found.spans] == [2.0]
    assert found.flags == (
        "heat: events of a status that is not known, left out: 1, the first is CREATE_PONDERING",
    )


def test_a_type_that_heat_does_not_tell_is_flagged() -> None:
    """A resource that is no longer listed has a name, but no type."""
    found = heat_spans([event(1, BEGIN, resource_type=None), event(2, END, resource_type=None)])
    assert [span.phase for span in found.spans] == ["heat:unknown:CREATE"]
    assert found.flags == (
        "heat: resources of a type that Heat does not tell: 1, the first is root/server",
    )


def test_what_is_being_made_has_the_id_that_the_list_of_resources_gives() -> None:
    """An event of a resource in the making has a name in place of the id."""
    begin = event(1, BEGIN, physical_resource_id="root-server-abc", resource_type=None)
    listed = event(0, BEGIN, physical_resource_id="made-id")
    [span] = heat_spans([begin], [listed]).spans
    assert (span.physical_id, span.kind) == ("made-id", "OS::Nova::Server")


def test_a_nested_stack_that_is_being_made_is_found_by_its_name() -> None:
    """Its id is not yet in the event of the resource that it is for."""
    names = {"resource_name": "group", "physical_resource_id": "root-group-abc"}
    events = [event(1, BEGIN, **names), event(2, BEGIN, stack="root-group-abc")]
    paths = {span.path for span in heat_spans(events).spans}
    assert paths == {"root/group", "root/group/server"}


def test_stacks_that_own_each_other_have_an_end() -> None:
    """No real Heat says so, but a file may."""
    events = [
        event(1, BEGIN, stack="a", physical_resource_id="b-id"),
        event(1, BEGIN, stack="b", physical_resource_id="a-id"),
    ]
    assert {span.path for span in heat_spans(events).spans} == {
        "b/server/server",
        "a/server/server",
    }


WRONG: list[tuple[Any, str]] = [
    (None, "events = null: accepted is a list"),
    ([3], r"events\[0\] = 3: accepted is an object"),
    ([event(1, BEGIN, event_time=5)], r"events\[0\].event_time = 5: accepted is text"),
    (
        [event(1, BEGIN, event_time="noon")],
        r"events\[0\].event_time = \"noon\": accepted is a date",
    ),
    ([event(1, BEGIN, links=[])], r"events\[0\].links = \[\]: accepted are links"),
    ([event(1, BEGIN, links=[{"rel": "stack", "href": "/nowhere"}])], r"events\[0\].links"),
    ([event(1, BEGIN, links=[{"rel": "stack"}])], r"events\[0\].links\[0\].href: is missing"),
    ([event(1, BEGIN) | {"resource_status": None}], r"events\[0\].resource_status = null"),
    ([{}], r"events\[0\].resource_name: is missing"),
]


@pytest.mark.parametrize(("events", "text"), WRONG)
def test_documents_of_another_shape_are_refused_by_field(events: object, text: str) -> None:
    """The path leads to what is wrong."""
    with pytest.raises(InvalidInput, match=text):
        heat_spans(events)


def test_resources_of_another_shape_are_refused_by_field() -> None:
    """The same for the second document."""
    with pytest.raises(InvalidInput, match=r"resources\[0\].resource_name: is missing"):
        heat_spans([], [{}])
