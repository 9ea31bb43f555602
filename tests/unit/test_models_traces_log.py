from datetime import timedelta

import pytest

from coe_twin.coe_core.events import EventKind
from coe_twin.models.errors import InvalidInput
from coe_twin.models.traces.durations import phase_durations
from coe_twin.models.traces.log import events_of, trace
from coe_twin.models.traces.span import Span, Spans, Status
from tests.unit.recorded import a_span, at

STARTED, ENDED = EventKind.PHASE_STARTED, EventKind.PHASE_ENDED
PHASE = "heat:OS::Nova::Server:CREATE"


def lines(*spans: Span) -> list[tuple[float, EventKind, str]]:
    return [(event.at, event.kind, event.detail) for event in events_of(spans, at(0).at)]


def test_a_span_is_the_begin_and_the_end_of_a_phase() -> None:
    """The phase is the subject, the resource the detail, as the cluster's."""
    [begin, end] = events_of([a_span(1, 4)], at(0).at)
    assert (begin.at, begin.kind, begin.cluster) == (1.0, STARTED, "c0")
    assert (end.at, end.kind) == (4.0, ENDED)
    assert {(event.subject, event.detail) for event in (begin, end)} == {(PHASE, "c0/server")}


def test_what_has_no_end_has_none_in_the_log() -> None:
    """Nobody saw it end."""
    assert lines(a_span(1, None)) == [(1.0, STARTED, "c0/server")]


def test_a_failure_is_a_failed_attempt_and_no_end() -> None:
    """As in the core, where a phase that failed has no end."""
    span = a_span(1, 4, status=Status.FAILED, reason="no valid host")
    assert lines(span)[1] == (4.0, EventKind.ATTEMPT_FAILED, "c0/server: no valid host")


def test_events_are_sorted_by_time() -> None:
    """Whichever service told them first."""
    spans = (a_span(3, 9, path="b"), a_span(1, 4, path="a"), a_span(2, 3, source="nova", path="c"))
    assert [instant for instant, _, _ in lines(*spans)] == [1.0, 2.0, 3.0, 3.0, 4.0, 9.0]


def test_within_one_second_what_holds_others_is_around_them() -> None:
    """A stack begins before its resources and ends after them, as far as whole seconds tell."""
    spans = (a_span(5, 9, path="c0/group/0"), a_span(5, 9, path="c0"), a_span(9, 9, path="a"))
    assert lines(*spans) == [
        (5.0, STARTED, "c0"),
        (5.0, STARTED, "c0/group/0"),
        (9.0, ENDED, "c0/group/0"),
        (9.0, ENDED, "c0"),
        (9.0, STARTED, "a"),
        (9.0, ENDED, "a"),
    ]


def test_a_trace_counts_from_its_first_instant() -> None:
    """The header says when that was, and how finely the coarsest service stamped."""
    fine = a_span(2, 3, source="nova", started=at(2, 1e-6), ended=at(3, 1e-6))
    made = trace(Spans((fine, a_span(5, 7))), source="heat", stack="c0", cloud="here")
    assert made.began == at(2).at
    assert [event.at for event in made.events] == [0.0, 1.0, 3.0, 5.0]
    assert made.resolution_s == 1.0


def test_a_trace_of_nothing_is_refused() -> None:
    """It would have no first instant."""
    with pytest.raises(InvalidInput, match="c0: nothing with a time is there"):
        trace(Spans(), source="heat", stack="c0", cloud="")


def test_missing_ends_and_clocks_that_went_back_are_flagged() -> None:
    """By phase, with their number; what was read keeps its times."""
    spans = (
        a_span(1, None, path="a"),
        a_span(2, None, path="b"),
        a_span(9, 6, path="c"),
        a_span(9, 8, path="d"),
    )
    made = trace(Spans(spans, ("said before",)), source="heat", stack="c0", cloud="")
    assert made.flags == (
        "said before",
        f"{PHASE}: no end: 2, the first is a",
        f"{PHASE}: the clock went back, by 3 s at most: 2, the first is c",
    )
    assert [event.at for event in made.events if event.kind is ENDED] == [5.0, 7.0]


def test_a_whole_trace_has_no_flag() -> None:
    """A flag that is always there says nothing."""
    assert trace(Spans((a_span(1, 1),)), source="heat", stack="c0", cloud="").flags == ()


def test_durations_are_by_phase() -> None:
    """Of ten that took 1 s to 10 s, nine took at most 9 s."""
    spans = [a_span(second, 2 * second, path=f"{second}") for second in range(1, 11)]
    [row] = phase_durations([*spans[::-1]]).phases
    assert (row.phase, row.count, row.failed, row.unfinished) == (PHASE, 10, 0, 0)
    assert (row.mean_s, row.median_s, row.p90_s, row.max_s) == (5.5, 5.5, 9.0, 10.0)


def test_only_what_ended_well_has_a_time() -> None:
    """A failure is often fast or a time-out, and a negative duration is none."""
    spans = [
        a_span(1, 3),
        a_span(1, 2, status=Status.FAILED),
        a_span(1, None),
        a_span(5, 4),
        a_span(5, 4, status=Status.FAILED),
    ]
    [row] = phase_durations(spans).phases
    assert (row.count, row.failed, row.unfinished, row.max_s) == (1, 1, 3, 2.0)


def test_a_phase_in_which_nothing_ended_has_no_times() -> None:
    """None, and not zero."""
    [row] = phase_durations([a_span(1, None)]).phases
    assert (row.count, row.mean_s, row.median_s, row.p90_s, row.max_s) == (0, *(None,) * 4)


def test_phases_come_in_the_order_in_which_they_began() -> None:
    """The table reads as the create went."""
    spans = [a_span(4, 5, kind="late"), a_span(1, 9, kind="early"), a_span(2, 3, kind="late")]
    assert [row.phase for row in phase_durations(spans).phases] == [
        "heat:early:CREATE",
        "heat:late:CREATE",
    ]


def test_the_whole_is_from_the_first_begin_to_the_last_end() -> None:
    """Failed or not; nothing that ended, no whole."""
    spans = [a_span(4, 5), a_span(1, 9, status=Status.FAILED), a_span(2, None)]
    assert phase_durations(spans).whole_s == 8.0
    assert phase_durations([a_span(2, None)]).whole_s is None


def test_an_instant_is_exact_to_the_microsecond() -> None:
    """Seconds since 1970 in a float would not be."""
    span = a_span(0, 0, started=at(0), ended=at(0))
    later = at(0).at + timedelta(days=40, microseconds=1)
    assert events_of([span], later)[0].at == -3456000.000001
