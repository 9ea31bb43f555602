from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.history import WHOLE, RowMeasured, Spent, creations, measured
from tests.unit.sites import PROJECT, plan, row

A, B = plan(row(clusters=2)).clusters_of(0, PROJECT)
K = EventKind
Line = tuple[float, EventKind, str] | tuple[float, EventKind, str, str]


def log(*lines: Line, of: ClusterId = A.id) -> list[Event]:
    """Return a log of one cluster."""
    return [Event(Seconds(line[0]), line[1], of, *line[2:]) for line in lines]


CREATED = log(
    (1.0, K.STATUS_CHANGED, "CREATE_IN_PROGRESS"),
    (1.0, K.OPERATION_STARTED, "create"),
    (1.5, K.PHASE_STARTED, "trust"),
    (2.0, K.PHASE_ENDED, "trust"),
    (2.0, K.PHASE_STARTED, "stack"),
    (9.0, K.PHASE_ENDED, "stack"),
    (9.5, K.OPERATION_ENDED, "create"),
)


def spent(events: Iterable[Event]) -> Spent:
    """Return what a log says of the only cluster in it."""
    (found,) = creations(events).values()
    return found


def test_a_creation_has_a_whole_and_its_phases() -> None:
    """From the beginning of the operation to its end."""
    assert spent(CREATED) == Spent(
        began=Seconds(1.0), whole=8.5, failure="", phases={"trust": 0.5, "stack": 7.0}, open={}
    )


def test_attempts_add_up() -> None:
    """A phase that failed has no end and counts nothing; one that was repeated counts twice."""
    again = log(
        (0.0, K.OPERATION_STARTED, "create"),
        (0.0, K.PHASE_STARTED, "trust"),
        (1.0, K.PHASE_ENDED, "trust"),
        (1.0, K.PHASE_STARTED, "stack"),
        (5.0, K.ATTEMPT_FAILED, "no valid host", "s: no valid host"),
        (7.0, K.PHASE_STARTED, "trust"),
        (9.0, K.PHASE_ENDED, "trust"),
        (9.0, K.PHASE_STARTED, "stack"),
        (12.0, K.PHASE_ENDED, "stack"),
        (12.0, K.OPERATION_ENDED, "create"),
    )
    found = spent(again)
    assert found.phases == {"trust": 3.0, "stack": 3.0}
    assert found.whole == 12.0


def test_a_creation_that_has_not_ended_has_no_whole() -> None:
    """As on the log of a process that was killed."""
    assert spent(CREATED[:4]).whole is None
    assert spent(CREATED[:3]).phases == {}


def test_an_end_without_a_beginning_says_nothing() -> None:
    """As on the log of the process that took the cluster up."""
    late = log((3.0, K.OPERATION_STARTED, "create"), (4.0, K.PHASE_ENDED, "stack"))
    assert spent(late).phases == {}
    assert creations(CREATED[2:]) == {}


def test_the_last_of_two_creations_counts() -> None:
    """A log file may hold more than one run."""
    later = [Event(Seconds(e.at * 2), e.kind, e.cluster, e.subject, e.detail) for e in CREATED]
    assert spent([*CREATED, *later]).whole == 17.0


def test_what_comes_after_the_creation_is_another_operation() -> None:
    """A resize has a phase of the same name."""
    resize = log(
        (20.0, K.OPERATION_STARTED, "resize"),
        (20.0, K.PHASE_STARTED, "stack"),
        (30.0, K.PHASE_ENDED, "stack"),
        (30.0, K.OPERATION_ENDED, "resize"),
    )
    assert spent([*CREATED, *resize]) == spent(CREATED)


def test_a_delete_does_not_end_a_creation() -> None:
    """Only its own end does."""
    cut = log(
        (0.0, K.OPERATION_STARTED, "create"),
        (3.0, K.OPERATION_STARTED, "delete"),
        (9.0, K.OPERATION_ENDED, "delete"),
    )
    assert spent(cut).whole is None


def test_clusters_are_told_apart() -> None:
    """However their events are mixed."""
    others = [Event(e.at, e.kind, B.id, e.subject, e.detail) for e in CREATED]
    mixed = [event for pair in zip(CREATED, others, strict=True) for event in pair]
    found = creations(mixed)
    assert found[A.id] == found[B.id] == spent(CREATED)


FAILED = log(
    (0.0, K.OPERATION_STARTED, "create"),
    (0.0, K.PHASE_STARTED, "trust"),
    (8.0, K.PHASE_ENDED, "trust"),
    (9.0, K.OPERATION_ENDED, "create", "quota"),
    of=B.id,
)


def test_means_are_over_what_was_created() -> None:
    """A failure is counted by its cause, and its time is nobody's."""
    found = measured([A, B], creations([*CREATED, *FAILED]))
    assert found == RowMeasured(
        means={"trust": 0.5, "stack": 7.0, WHOLE: 8.5}, failures={"quota": 1}
    )


def test_a_phase_that_one_cluster_lacks_counts_as_nothing_for_it() -> None:
    """So the phases still add up to the whole."""
    short = log((0.0, K.OPERATION_STARTED, "create"), (1.5, K.OPERATION_ENDED, "create"), of=B.id)
    found = measured([A, B], creations([*CREATED, *short]))
    assert found.means == {"trust": 0.25, "stack": 3.5, WHOLE: 5.0}


@pytest.mark.parametrize("events", [[], FAILED, CREATED[:3]])
def test_nothing_created_has_no_means(events: list[Event]) -> None:
    """Not even of zero."""
    assert measured([A, B], creations(events)).means == {}


@given(
    st.lists(
        st.builds(
            Event,
            st.integers(0, 100).map(float).map(Seconds),
            st.sampled_from(EventKind),
            st.sampled_from([A.id, B.id]),
            st.sampled_from(["create", "delete", "stack", "trust"]),
            st.sampled_from(["", "quota"]),
        ),
        max_size=30,
    )
)
def test_any_log_can_be_read(events: list[Event]) -> None:
    """In the order of time no duration is negative, and no phase outlasts its creation."""
    ordered = sorted(events, key=lambda event: event.at)
    for one in creations(ordered).values():
        assert all(0.0 <= lasted <= 100.0 - one.began for lasted in one.phases.values())
        assert one.whole is None or all(lasted <= one.whole for lasted in one.phases.values())
