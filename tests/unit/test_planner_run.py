"""Running trials: what is known is not run again, and who cancels leaves nobody behind."""

import asyncio
from dataclasses import replace
from multiprocessing import active_children
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner import run as module
from coe_twin.planner.outcome import Outcome, packed, unpacked
from coe_twin.planner.pool import process_pool
from coe_twin.planner.run import Cancelled, run
from coe_twin.planner.simulate import simulate
from coe_twin.planner.store import MemoryStore
from coe_twin.planner.trial import Apply, Trial, run_trial, trial_of
from tests.unit.sites import row, study

SMALL = study(row(1), row(2))
TRIALS = [trial_of(SMALL, number, replication) for number in (0, 1) for replication in (0, 1)]


def gone() -> bool:
    """Return whether no process is left; the executor's thread may still write that down."""
    until = monotonic() + 5.0
    while active_children() and monotonic() < until:
        sleep(0.01)
    return not active_children()


@pytest.mark.parametrize("kept", ["times", "record", "detail"])
def test_an_outcome_is_stored_to_the_last_bit(kept: str) -> None:
    """With all that it can hold, failures too."""
    short = SMALL.model_copy(
        update={"setup": SMALL.setup.with_overrides({"quota.instances": 3}), "rows": (ROW,)}
    )
    trial = trial_of(short, 0, 0, is_recorded=kept != "times", has_detail=kept == "detail")
    outcome = run_trial(trial)
    assert outcome.rows[0].created
    assert outcome.rows[0].failures == {"quota": 2}
    assert "Quota" in outcome.rows[0].failed[0].text
    assert unpacked(packed(outcome)) == outcome
    assert bool(outcome.stations) is (kept != "times")
    assert (outcome.detail is not None) is (kept == "detail")


ROW = Row(nodes=1, concurrency=1, clusters=3)


def test_what_is_no_outcome_is_none() -> None:
    assert unpacked(b"{}") is None
    assert unpacked(b"\xff") is None


def test_both_clients_give_phases_and_station_use() -> None:
    """A cluster's phases are parts of its time, and a share is a share."""
    asked = run_trial(TRIALS[1])
    carried_out = run_trial(replace(TRIALS[1], client=Apply()))
    for outcome in (asked, carried_out):
        (one,) = outcome.rows[0].created
        assert set(one.phases) == {"trust", "stack"}
        assert 0.0 < sum(one.phases.values()) <= one.seconds <= outcome.horizon_s
        assert outcome.stations["database"].visits > 0
        for station in outcome.stations.values():
            assert 0.0 <= station.busy <= 1.0
            assert station.wait_s >= 0.0


def test_without_a_record_the_times_are_the_same() -> None:
    """Recording looks on, and changes nothing."""
    bare = run_trial(replace(TRIALS[0], is_recorded=False))
    full = run_trial(TRIALS[0])
    assert bare.rows[0].created == full.rows[0].created
    assert (bare.events, bare.horizon_s) == (full.events, full.horizon_s)
    assert bare.rows[0].shares == {}


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """Return a list of the trials that are really run from now on."""
    ran: list[Trial] = []

    def noted(trial: Trial) -> Outcome:
        ran.append(trial)
        return run_trial(trial)

    monkeypatch.setattr(module, "run_trial", noted)
    return ran


def test_equal_trials_run_once_and_a_store_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the question, with the progress of all of them."""
    ran, store = counted(monkeypatch), MemoryStore()
    told: list[tuple[int, int]] = []
    asked = [*TRIALS, TRIALS[0]]
    first = run(asked, store=store, progress=lambda *count: told.append(count))
    assert (len(ran), told[-1]) == (4, (5, 5))
    assert first[0] == first[-1] == run_trial(TRIALS[0])
    assert run(asked[::-1], store=store) == first[::-1]
    assert len(ran) == 4


def test_what_a_store_holds_of_no_sense_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ran, store = counted(monkeypatch), MemoryStore()
    store.put(TRIALS[0].key(), b"nonsense")
    (outcome,) = run(TRIALS[:1], store=store)
    assert len(ran) == 1
    assert unpacked(store.get_many([TRIALS[0].key()])[TRIALS[0].key()]) == outcome


def other_studies() -> list[tuple[str, Study]]:
    """Return studies that differ from the small one in one thing on which an outcome depends."""
    polls = SMALL.parameters.with_values({"magnum.poll_interval_s": 2.0})
    return [
        ("seed", SMALL.model_copy(update={"seed": 2})),
        (
            "set-up",
            SMALL.model_copy(update={"setup": SMALL.setup.with_overrides({"core_speed": 0.9})}),
        ),
        ("parameters", SMALL.model_copy(update={"parameters": polls})),
        ("time-out", SMALL.model_copy(update={"create_timeout_s": 9.0})),
        (
            "client",
            SMALL.model_copy(update={"rally": SMALL.rally.model_copy(update={"timeout_s": 9.0})}),
        ),
        ("provisioner", study(row(1), provisioner={"kind": "direct"})),
        ("row", study(row(3))),
    ]


@pytest.mark.parametrize(("what", "other"), other_studies(), ids=lambda one: str(one)[:12])
def test_whatever_an_outcome_depends_on_is_in_the_key(what: str, other: Study) -> None:
    """A store that mixed two worlds up would be worse than none."""
    assert trial_of(other, 0, 0).key() != TRIALS[0].key(), what


def test_what_it_does_not_depend_on_is_not() -> None:
    """A published time, a description: the same trial."""
    rows = (SMALL.rows[0].model_copy(update={"published_minutes": 3.0}), *SMALL.rows[1:])
    other = SMALL.model_copy(update={"rows": rows, "description": "Something else."})
    assert trial_of(other, 0, 0).key() == TRIALS[0].key()


def test_a_cancelled_run_stops_between_trials() -> None:
    """What was done is in the store."""
    store = MemoryStore()
    done = Event()
    with pytest.raises(Cancelled):
        run(
            TRIALS,
            store=store,
            progress=lambda count, _total: done.set() if count == 2 else None,
            cancel=done.is_set,
        )
    assert len(store.get_many(trial.key() for trial in TRIALS)) == 2


LONG = study(row(200, 5, 5)).model_copy(update={"replications": 8})


def cancelled_half_way(cancel: Event) -> None:
    """Begin what takes minutes on two processes, until `cancel`."""
    with process_pool(2) as pool:
        simulate(LONG, executor=pool, cancel=cancel.is_set)


def test_cancelled_in_a_thread_no_process_is_left() -> None:
    """Within seconds, though each trial takes longer."""
    cancel, ended = Event(), []

    def script() -> None:
        try:
            cancelled_half_way(cancel)
        except Cancelled as error:
            ended.append(error)

    thread = Thread(target=script)
    thread.start()
    while len(active_children()) < 2:
        sleep(0.01)
    sleep(1.0)
    cancel.set()
    thread.join(10.0)
    assert len(ended) == 1
    assert gone()


@pytest.mark.parametrize("workers", [1, 2])
def test_under_an_event_loop_the_answer_is_the_same(workers: int) -> None:
    """The loop lives on, and cancelling works there, too."""

    def answer() -> str:
        with process_pool(workers) as pool:
            return simulate(SMALL, executor=pool).digest

    async def main() -> tuple[str, int]:
        work = asyncio.create_task(asyncio.to_thread(answer))
        ticks = 0
        while not work.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return work.result(), ticks

    digest, ticks = asyncio.run(main())
    assert digest == simulate(SMALL).digest
    assert ticks > 3
    assert gone()


def test_an_error_in_a_process_ends_the_run() -> None:
    """It is raised here, and no process is left."""
    impossible = replace(TRIALS[0], has_detail=True, is_recorded=False)
    with pytest.raises(AssertionError, match="recording"), process_pool(2) as pool:
        run([impossible, *TRIALS], executor=pool)
    assert gone()
