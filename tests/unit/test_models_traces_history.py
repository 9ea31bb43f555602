import pytest

from coe_twin.coe_core.events import EventKind
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.durations import phase_durations
from coe_twin.models.traces.history import rally_trace, stack_spans, stack_trace
from tests.unit.recorded import Fields, documents_of, fields_of


def test_one_server_is_one_resource_whoever_tells_of_it() -> None:
    """Heat asks, Nova boots: both on the same path, and Nova within Heat."""
    spans = stack_spans(documents_of(fields_of("failed.json"))).spans
    own = {span.phase: span for span in spans if span.path == "trace-wait/group/0/server"}
    heat, nova = own["heat:OS::Nova::Server:CREATE"], own["nova:server:create"]
    assert heat.physical_id == nova.physical_id
    assert heat.ended
    assert nova.ended
    assert heat.started.at <= nova.started.at < nova.ended.at < heat.ended.at


def test_a_real_failure_is_in_the_log_with_its_reason() -> None:
    """A node never signalled: its wait condition ran out, and all around it failed."""
    made, _ = stack_trace(documents_of(fields_of("failed.json")), "here")
    failed = [event for event in made.events if event.kind is EventKind.ATTEMPT_FAILED]
    assert len(failed) == 6
    assert failed[0].subject == "heat:OS::Heat::WaitCondition:CREATE"
    assert failed[0].detail.endswith("WaitConditionTimeout: resources.joined: 0 of 1 received")
    assert failed[-1].detail.startswith("trace-wait: Resource CREATE failed")


def test_a_real_trace_is_whole() -> None:
    """Every phase that began ended, and the header knows whose it is."""
    made, spans = stack_trace(documents_of(fields_of("resized.json")), "here")
    assert (made.source, made.stack, made.cloud) == ("heat", "trace-signal", "here")
    assert made.flags == ()
    assert made.resolution_s == 1.0
    assert {event.cluster for event in made.events} == {"trace-signal"}
    assert phase_durations(spans.spans).whole_s == made.events[-1].at == 976.0


def test_what_could_not_be_had_stays_flagged() -> None:
    """The collector's flags come first."""
    fields = fields_of("failed.json") | {"flags": ["neutron: ports that are gone: 1"]}
    made, _ = stack_trace(documents_of(fields), "here")
    assert made.flags == ("neutron: ports that are gone: 1",)


def ahead(fields: Fields, stamp: str) -> tuple[str, ...]:
    """Return the flags when Nova's action on the server began at `stamp`."""
    fields["actions"][0]["start_time"] = stamp
    return stack_spans(documents_of(fields)).flags


def test_a_service_that_begins_before_heat_asked_shows_clocks_that_differ() -> None:
    """Heat asked at 03:19:23; a second is left open by the stamps."""
    fields = fields_of("failed.json")
    assert ahead(fields, "2026-11-21T03:19:22.000000") == ()
    [flag] = ahead(fields, "2026-11-21T03:19:20.000000")
    assert flag == (
        "nova: begins before Heat asked, so clocks differ by at least 2 s: "
        "1, the first is trace-wait/group/0/server"
    )


def test_a_stack_of_which_heat_shows_no_event_is_refused() -> None:
    """There is nothing to trace, and the text says of what."""
    empty = fields_of("failed.json") | {"events": [], "actions": [], "ports": []}
    with pytest.raises(InvalidInput, match="trace-wait: nothing with a time"):
        stack_trace(documents_of(empty), "here")


def test_a_stack_without_a_name_is_refused() -> None:
    """The document is checked like all others."""
    with pytest.raises(InvalidInput, match=r"stack.id: is missing"):
        stack_trace(documents_of(fields_of("failed.json") | {"stack": {"stack_name": "a"}}), "here")


def test_a_trace_of_rally_goes_by_the_name_that_it_is_given() -> None:
    """Rally's older format names no task."""
    result = {"timestamp": 0.0, "duration": 1.5}
    made, spans = rally_trace([{"key": {"name": "A.b"}, "result": [result]}], "results.json")
    assert (made.source, made.stack, made.cloud) == ("rally", "results.json", "")
    assert made.resolution_s == 1e-6
    assert [event.at for event in made.events] == [0.0, 1.5]
    assert phase_durations(spans.spans).whole_s == 1.5
