from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.nova import nova_spans
from coe_twin.models.traces.span import Status
from tests.unit.recorded import Fields, at, fields_of


def step(name: str, begin: str, end: str | None, result: str | None = "Success") -> Fields:
    return {"event": name, "start_time": begin, "finish_time": end, "result": result}


def action(*steps: Fields, **fields: object) -> Fields:
    return {
        "action": "create",
        "instance_uuid": "server-1",
        "request_id": "req-1",
        "start_time": "2026-01-31T12:00:00.000000",
        "message": None,
        "events": list(steps),
    } | fields


BUILD = step("compute__do_build", "2026-01-31T12:00:02.000000", "2026-01-31T12:00:09.000000")


def test_a_real_boot_has_an_action_and_the_steps_in_it() -> None:
    """From the request to the end of the build, and the build alone."""
    spans = nova_spans(fields_of("failed.json")["actions"]).spans
    assert {span.phase: span.duration_s for span in spans} == {
        "nova:server:create": 6.0,
        "nova:server:create:compute__do_build_and_run_instance": 4.0,
    }


def test_a_server_goes_by_the_path_of_its_resource() -> None:
    """So what Heat and what Nova say of one server can be laid side by side."""
    spans = nova_spans([action(BUILD)], {"server-1": "c0/0/server"}, "c0").spans
    assert {(span.path, span.cluster) for span in spans} == {("c0/0/server", "c0")}
    assert {span.path for span in nova_spans([action(BUILD)]).spans} == {"server-1"}


def test_an_action_ends_with_its_last_step() -> None:
    """Whatever the order in which Nova lists them."""
    first = step("schedule", "2026-01-31T12:00:00.500000", "2026-01-31T12:00:01.250000")
    [whole, *_] = nova_spans([action(BUILD, first)]).spans
    assert (whole.started, whole.ended) == (at(0, 1e-6), at(9, 1e-6))


def test_digits_that_the_store_does_not_keep_are_no_resolution() -> None:
    """On MySQL Nova writes six zeros."""
    spans = nova_spans([action(BUILD)]).spans
    assert {span.started.resolution_s for span in spans} == {1.0}


def test_a_step_without_an_end_leaves_the_action_without_one() -> None:
    """Nova is still at it, or its service died."""
    open_step = step("compute__do_build", "2026-01-31T12:00:02.000000", None, None)
    spans = nova_spans([action(BUILD, open_step)]).spans
    assert [span.ended is None for span in spans] == [True, False, True]
    assert [span.status for span in spans if span.ended is None] == [Status.IN_PROGRESS] * 2


def test_an_action_fails_with_its_last_step() -> None:
    """A step that failed and was made good on another host is no failure of the whole."""
    failed = step("build", "2026-01-31T12:00:01", "2026-01-31T12:00:02", "Error")
    later = step("build", "2026-01-31T12:00:03", "2026-01-31T12:00:04")
    assert nova_spans([action(failed, later)]).spans[0].status is Status.COMPLETE
    [whole, part] = nova_spans([action(failed, message="Error")]).spans
    assert (whole.status, part.status, whole.reason) == (Status.FAILED, Status.FAILED, "Error")


@pytest.mark.parametrize("fields", [{"events": []}, {"events": None}])
def test_an_action_without_events_has_no_end_and_is_flagged(fields: Fields) -> None:
    """A policy may hide them."""
    found = nova_spans([action(**fields)])
    assert [span.ended for span in found.spans] == [None]
    assert found.flags == (
        "nova: actions without events, so without an end: 1, the first is create of server-1",
    )


WRONG: list[tuple[Any, str]] = [
    ({}, "actions = {}: accepted is a list"),
    ([{"action": "create"}], r"actions\[0\].instance_uuid: is missing"),
    ([action(start_time="soon")], r"actions\[0\].start_time = \"soon\""),
    ([action(events=3)], r"actions\[0\].events = 3: accepted is a list"),
    ([action(BUILD, {})], r"actions\[0\].events\[1\].event: is missing"),
    (
        [action(BUILD | {"finish_time": "never, and not before"})],
        r"actions\[0\].events\[0\].finish_time",
    ),
]


@pytest.mark.parametrize(("actions", "text"), WRONG)
def test_documents_of_another_shape_are_refused_by_field(actions: object, text: str) -> None:
    """The path leads to what is wrong."""
    with pytest.raises(InvalidInput, match=text):
        nova_spans(actions)
