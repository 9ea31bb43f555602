"""Any spans make a log that reads back; any document is read, or refused in one line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coe_twin.coe_core.events import EventKind
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.durations import phase_durations
from coe_twin.models.traces.history import rally_trace, stack_trace
from coe_twin.models.traces.instants import MICROSECONDS, WHOLE_SECONDS, Instant
from coe_twin.models.traces.log import trace
from coe_twin.models.traces.span import Span, Spans, Status
from coe_twin.models.traces.trace_file import read_trace, trace_lines
from tests.unit.recorded import FOLDER, documents_of

# The same folder serves all examples of a test: each overwrites the one file in it.
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

any_text = st.text(st.characters(exclude_categories=[]), max_size=8)
instants = st.builds(
    Instant,
    st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([WHOLE_SECONDS, MICROSECONDS]),
)
spans = st.builds(
    Span,
    source=st.sampled_from(["heat", "nova", "rally"]),
    kind=any_text,
    action=any_text,
    cluster=any_text,
    path=any_text,
    physical_id=any_text,
    started=instants,
    ended=st.none() | instants,
    status=st.sampled_from(Status),
    reason=any_text,
)


@one_folder
@given(found=st.lists(spans, min_size=1, max_size=4), stack=any_text)
def test_a_trace_of_any_spans_reads_back(tmp_path: Path, found: list[Span], stack: str) -> None:
    """Whatever the texts hold and whenever it was, to the microsecond."""
    made = trace(Spans(tuple(found)), source="rally", stack=stack, cloud="")
    path = tmp_path / "trace.jsonl"
    path.write_text("".join(trace_lines(made)), encoding="ascii", newline="\n")
    assert read_trace(path) == made


@given(found=st.lists(spans, min_size=1, max_size=4))
def test_the_log_is_sorted_and_holds_each_begin_and_each_end(found: list[Span]) -> None:
    """It begins at 0 s, and nothing is added or dropped."""
    made = trace(Spans(tuple(found)), source="heat", stack="s", cloud="c")
    instants_s = [event.at for event in made.events]
    assert instants_s == sorted(instants_s)
    assert instants_s[0] == 0.0
    begins = [event for event in made.events if event.kind is EventKind.PHASE_STARTED]
    assert len(begins) == len(found)
    assert len(made.events) - len(begins) == sum(span.ended is not None for span in found)


@given(found=st.lists(spans, max_size=4))
def test_every_span_is_counted_once(found: list[Span]) -> None:
    """Ended well, failed or without an end; the times are in order."""
    for row in (rows := phase_durations(found).phases):
        times = [row.median_s, row.p90_s, row.max_s]
        if row.count:
            assert times == sorted(time for time in times if time is not None)
        else:
            assert times == [None] * 3
    assert sum(row.count + row.failed + row.unfinished for row in rows) == len(found)


@given(
    lengths=st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=6),
)
def test_durations_are_those_of_the_spans(lengths: list[int]) -> None:
    """Known ones, in microseconds, come out again."""
    begin = Instant(datetime(2026, 1, 31, tzinfo=UTC), MICROSECONDS)
    ends = [Instant(begin.at + timedelta(microseconds=length), 1e-6) for length in lengths]
    found = [
        Span(
            source="heat",
            kind="k",
            action="CREATE",
            cluster="c",
            path=str(number),
            started=begin,
            ended=end,
            status=Status.COMPLETE,
        )
        for number, end in enumerate(ends)
    ]
    [row] = phase_durations(found).phases
    assert (row.count, row.max_s) == (len(lengths), max(lengths) / 10**6)
    assert row.mean_s == pytest.approx(sum(lengths) / len(lengths) / 10**6)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "stack", "2026-01-31T12:00:00Z", "CREATE_COMPLETE", 10**400])
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the paths to all values in a document."""
    found = [path]
    steps: list[Any] = []
    if isinstance(document, dict):
        steps = list(document)
    elif isinstance(document, list):
        steps = list(range(min(len(document), 3)))
    for step in steps:
        found += places(document[step], (*path, step))
    return found


def changed(document: Any, path: tuple[Any, ...], value: object) -> Any:  # noqa: ANN401
    """Return a document in which the value at `path` is another one."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = changed(document[path[0]], path[1:], value)
    return copy


def refusal(read: Callable[[], object]) -> str:
    """Return the text of the refusal, "" where there was none."""
    try:
        read()
    except InvalidInput as error:
        return str(error)
    return ""


DOCUMENTS = json.loads((FOLDER / "failed.json").read_text(encoding="utf-8"))
ASKED = [path for path in places(DOCUMENTS) if path and path[0] != "flags"]


@given(place=st.sampled_from(ASKED), value=json_values)
def test_a_stack_document_in_which_anything_is_anything_is_read_or_refused(
    place: tuple[Any, ...], value: object
) -> None:
    """A cloud that answers oddly leads to no traceback."""
    document = changed(DOCUMENTS, place, value)
    assert refusal(lambda: stack_trace(documents_of(document), "here")).isprintable()


RESULTS = [
    json.loads((FOLDER / name).read_text(encoding="utf-8"))
    for name in ("rally-report.json", "rally-results.json")
]


@given(data=st.data(), document=st.sampled_from(RESULTS), value=json_values)
def test_a_rally_file_in_which_anything_is_anything_is_read_or_refused(
    data: st.DataObject, document: object, value: object
) -> None:
    """Nor does a file that somebody edited."""
    place = data.draw(st.sampled_from(places(document)))
    assert refusal(lambda: rally_trace(changed(document, place, value), "r")).isprintable()
