import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.rally import CHAINED, rally_spans
from coe_twin.models.traces.span import Span, Spans, Status
from tests.unit.recorded import FOLDER, Fields

CREATE = "rally:MagnumClusters.create_and_list_clusters"
BOOT = "rally:NovaServers.boot_and_delete_server"
BEGAN = 1769860800.0


def read(name: str) -> Spans:
    return rally_spans(json.loads((FOLDER / name).read_text(encoding="utf-8")))


def by_phase(found: Spans, phase: str) -> list[Span]:
    return [span for span in found.spans if span.phase == phase]


def result(**fields: object) -> Fields:
    return {
        "timestamp": BEGAN,
        "duration": 5.0,
        "idle_duration": 0.0,
        "error": [],
        "atomic_actions": {},
    } | fields


def old(*results: object) -> list[Fields]:
    return [{"key": {"name": "A.b", "pos": 0, "kw": {}}, "sla": [], "result": list(results)}]


def report(*results: object) -> Fields:
    workload = {"scenario": {"A.b": {}}, "data": list(results)}
    return {"tasks": [{"subtasks": [{"workloads": [workload]}]}]}


def test_a_report_has_its_iterations_and_its_atomic_actions() -> None:
    """Each iteration is a cluster of its own; an action in an action goes by both names."""
    found = read("rally-report.json")
    assert Counter(span.phase for span in found.spans) == {
        CREATE: 3,
        f"{CREATE}:magnum.create_cluster": 3,
        f"{CREATE}:magnum.create_cluster:magnum.get_cluster": 2,
        f"{CREATE}:magnum.list_clusters": 2,
    }
    name = "MagnumClusters.create_and_list_clusters[0]"
    assert {span.cluster for span in found.spans} == {f"{name}/{number}" for number in range(3)}
    assert found.flags == ()


def test_a_report_keeps_the_times_of_atomic_actions() -> None:
    """They are in the file, so nothing is derived."""
    first = by_phase(read("rally-report.json"), f"{CREATE}:magnum.list_clusters")[1]
    assert first.started.at == datetime.fromtimestamp(BEGAN + 72.5, UTC)
    assert first.duration_s == 0.5


def test_actions_of_one_name_in_an_iteration_can_be_told_apart() -> None:
    """A begin and its end must find each other in the log."""
    polls = by_phase(
        read("rally-report.json"), f"{CREATE}:magnum.create_cluster:magnum.get_cluster"
    )
    paths = [span.path.rpartition("/")[2] for span in polls]
    assert paths == ["0", "0#2"]


def test_an_iteration_lasts_its_idle_time_too() -> None:
    """Rally leaves it out of `duration`; the clock does not."""
    durations = [span.duration_s for span in by_phase(read("rally-report.json"), CREATE)]
    assert durations == [60.5, 72.5, 69.75]


def test_a_failed_iteration_and_its_failed_action_say_so() -> None:
    """The type and the text of the error, not its traceback."""
    found = read("rally-report.json")
    failed = [span for span in found.spans if span.status is Status.FAILED]
    assert [span.phase for span in failed] == [CREATE, f"{CREATE}:magnum.create_cluster"]
    assert failed[0].reason == (
        "GetResourceErrorStatus: Resource <Cluster> has CREATE_FAILED status."
    )


def test_the_older_format_has_durations_only_and_that_is_flagged() -> None:
    """One action after the other, as Rally itself reads it; the file does not say so."""
    found = read("rally-results.json")
    assert found.flags == (CHAINED,)
    deletes = by_phase(found, f"{BOOT}:nova.delete_server")
    assert [span.started.at.timestamp() - BEGAN for span in deletes] == [10.0]
    assert [span.duration_s for span in by_phase(found, BOOT)] == [16.0, 24.0]


def test_the_older_format_counts_actions_of_one_name() -> None:
    """`nova.boot_server (2)` is the same phase as `nova.boot_server`; the last one failed."""
    boots = by_phase(read("rally-results.json"), f"{BOOT}:nova.boot_server")
    assert [span.duration_s for span in boots] == [10.0, 4.0, 20.0]
    assert [span.status for span in boots] == [Status.COMPLETE, Status.COMPLETE, Status.FAILED]
    assert boots[2].path.endswith("/1#2")


def test_an_action_that_was_cut_off_has_no_end() -> None:
    """And in the older format nothing is known of what came after it."""
    [_, cut] = rally_spans(old(result(atomic_actions={"a": None, "b": 1.0}))).spans
    assert (cut.action, cut.ended, cut.status) == ("a", None, Status.IN_PROGRESS)
    [_, cut] = rally_spans(
        report(result(atomic_actions=[{"name": "a", "started_at": BEGAN}]))
    ).spans
    assert (cut.action, cut.ended) == ("a", None)


def test_an_action_that_never_began_is_no_span() -> None:
    """Rally lists it with a begin of null."""
    actions: list[Fields] = [{"name": "a", "started_at": None, "children": []}]
    assert len(rally_spans(report(result(atomic_actions=actions))).spans) == 1


def test_an_iteration_without_a_time_is_flagged_and_left_out() -> None:
    """Rally gives none to an iteration that it timed out."""
    found = rally_spans(old(result(timestamp=None), result()))
    assert [span.path for span in found.spans] == ["A.b[0]/1"]
    assert found.flags == ("rally: iterations without a time, left out: 1, the first is A.b[0]/0",)


def test_workloads_of_one_scenario_are_kept_apart() -> None:
    """A task may run a scenario twice, on other arguments."""
    paths = [span.path for span in rally_spans(old(result()) + old(result())).spans]
    assert paths == ["A.b[0]/0", "A.b[1]/0"]


def test_nested_actions_may_be_deeper_than_python_calls() -> None:
    """A file must not be able to end the process."""
    actions: list[Fields] = []
    for _ in range(3000):
        actions = [{"name": "a", "started_at": BEGAN, "finished_at": BEGAN, "children": actions}]
    assert len(rally_spans(report(result(atomic_actions=actions))).spans) == 3001


WRONG: list[tuple[Any, str]] = [
    (None, "accepted is Rally's list of results"),
    ({"task": []}, "accepted is Rally's list of results"),
    ([{}], r"\[0\].key: is missing"),
    ([{"key": {"name": "A.b"}}], r"\[0\].result = null: accepted is a list"),
    ({"tasks": [{"subtasks": [{}]}]}, r"tasks\[0\].subtasks\[0\].workloads = null"),
    ({"tasks": [{"subtasks": [{"workloads": [{"scenario": {}}]}]}]}, r"scenario = \[\]"),
    (report({"duration": "long"}), r"workloads\[0\].data\[0\].duration = \"long\""),
    (report(result(timestamp=1e300)), r"data\[0\].timestamp = 1e\+300"),
    (report(result(timestamp=float("nan"))), r"data\[0\].timestamp"),
    (report(result(duration=1e300)), r"data\[0\].duration"),
    (report(result(error="broken")), r"data\[0\].error = \"broken\": accepted is a list"),
    (report(result(atomic_actions=3)), r"data\[0\].atomic_actions = 3: accepted is a list"),
    (report(result(atomic_actions=[{}])), r"atomic_actions\[0\].name: is missing"),
    (
        report(result(atomic_actions=[{"name": "a", "children": [{"name": 1}]}])),
        r"atomic_actions\[0\].children\[0\].name = 1",
    ),
    (old(result(atomic_actions={"a": True})), r"\[0\].result\[0\].atomic_actions.a = true"),
    (old(result(atomic_actions={"a": 10**400})), r"atomic_actions.a"),
]


@pytest.mark.parametrize(("results", "text"), WRONG)
def test_results_of_another_shape_are_refused_by_field(results: object, text: str) -> None:
    """The path leads to what is wrong, in either format."""
    with pytest.raises(InvalidInput, match=text):
        rally_spans(results)
