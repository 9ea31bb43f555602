from collections.abc import Mapping
from itertools import product

import pytest

from coe_twin.coe_core.errors import IllegalTransition
from coe_twin.coe_core.transitions import NEXT, ClusterStatus, Trigger, advance

Table = Mapping[tuple[ClusterStatus, Trigger], ClusterStatus]


@pytest.mark.parametrize(("status", "trigger"), list(product(ClusterStatus, Trigger)))
def test_only_the_table_moves_a_cluster(status: ClusterStatus, trigger: Trigger) -> None:
    """A pair is in the table and moves, or it is not and is refused by its names."""
    if (status, trigger) in NEXT:
        assert advance(status, trigger) is NEXT[status, trigger]
    else:
        with pytest.raises(IllegalTransition, match=f"{status.value} on {trigger.name}"):
            advance(status, trigger)


def statuses_that_reach_the_end(table: Table) -> set[ClusterStatus]:
    """Walk the table backwards from DELETE_COMPLETE."""
    reaching = {ClusterStatus.DELETE_COMPLETE}
    while True:
        before = {start for (start, _), end in table.items() if end in reaching}
        if before <= reaching:
            return reaching
        reaching |= before


def test_every_status_can_still_be_deleted() -> None:
    """No cluster is stuck: from each status some way leads to DELETE_COMPLETE."""
    assert statuses_that_reach_the_end(NEXT) == set(ClusterStatus)


@pytest.mark.parametrize(
    "row",
    [
        (ClusterStatus.CREATE_FAILED, Trigger.DELETE_ASKED),
        (ClusterStatus.DELETE_FAILED, Trigger.DELETE_ASKED),
        (ClusterStatus.DELETE_IN_PROGRESS, Trigger.SUCCEEDED),
    ],
)
def test_a_missing_row_would_be_seen(row: tuple[ClusterStatus, Trigger]) -> None:
    """The walk tells a table in which somebody is stuck from one in which nobody is."""
    shorter = {pair: end for pair, end in NEXT.items() if pair != row}
    assert row[0] not in statuses_that_reach_the_end(shorter)


@pytest.mark.parametrize("status", list(ClusterStatus))
def test_delete_is_accepted_unless_it_runs_or_is_over(status: ClusterStatus) -> None:
    """A user can get rid of a cluster in any other state, as in Magnum."""
    is_deleting = status in {ClusterStatus.DELETE_IN_PROGRESS, ClusterStatus.DELETE_COMPLETE}
    assert ((status, Trigger.DELETE_ASKED) in NEXT) is not is_deleting


@pytest.mark.parametrize("status", list(ClusterStatus))
def test_an_end_is_for_what_runs(status: ClusterStatus) -> None:
    """Success and failure come to what is in progress, and end it under its own verb."""
    verb = status.value.split("_")[0]
    for trigger, ending in ((Trigger.SUCCEEDED, "COMPLETE"), (Trigger.FAILED, "FAILED")):
        assert ((status, trigger) in NEXT) is status.is_in_progress
        if status.is_in_progress:
            assert advance(status, trigger) is ClusterStatus(f"{verb}_{ending}")


def test_the_words_say_what_they_are() -> None:
    """Each status is in progress, failed, or complete, and only one of the three."""
    for status in ClusterStatus:
        is_complete = status.value.endswith("_COMPLETE")
        assert [status.is_in_progress, status.is_failed, is_complete].count(True) == 1
