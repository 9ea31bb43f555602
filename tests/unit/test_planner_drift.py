import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.transitions import Trigger
from coe_twin.coe_core.units import Seconds
from coe_twin.models.plan import Plan, Predicted
from coe_twin.planner.apply import Applied, How
from coe_twin.planner.drift import NOT_MEASURED, NOT_PREDICTED, Drift, drifts
from coe_twin.planner.history import WHOLE, Spent
from tests.unit.sites import PROJECT, plan, row

EXPECTED = Predicted(mean_s=10.0, low_s=8.0, high_s=12.0)
JUDGED = EXPECTED.model_dump()


def drift(measured_s: float | None, predicted: Predicted | None = EXPECTED) -> Drift:
    return Drift(row=0, nodes=2, phase="stack", predicted=predicted, measured_s=measured_s)


@pytest.mark.parametrize(
    ("measured_s", "verdict"),
    [
        (7.99, "below"),
        (8.0, "within"),
        (10.0, "within"),
        (12.0, "within"),
        (12.01, "above"),
        (None, NOT_MEASURED),
    ],
)
def test_the_verdict_is_where_the_measurement_lies(measured_s: float | None, verdict: str) -> None:
    """The ends of the interval are in it."""
    assert drift(measured_s).verdict == verdict


def test_what_was_not_predicted_has_no_verdict() -> None:
    """What was neither predicted nor measured is above all not measured."""
    assert drift(1.0, None).verdict == NOT_PREDICTED
    assert drift(None, None).verdict == NOT_MEASURED


@pytest.mark.parametrize(
    ("measured_s", "error"), [(5.0, 100.0), (10.0, 0.0), (20.0, -50.0), (0.0, None), (None, None)]
)
def test_the_error_is_of_the_prediction(measured_s: float | None, error: float | None) -> None:
    """In per cent of what was measured; nothing can be in per cent of nothing."""
    assert drift(measured_s).error_percent == error
    assert drift(measured_s, None).error_percent is None


def test_a_drift_is_told_in_json() -> None:
    """With all that a reader needs, and nothing that JSON has no word for."""
    assert drift(20.0).document() == {
        "row": 0,
        "nodes": 2,
        "phase": "stack",
        "predicted_s": 10.0,
        "interval_s": [8.0, 12.0],
        "measured_s": 20.0,
        "failures": {},
        "error_percent": -50.0,
        "verdict": "above",
    }
    nothing = drift(None, None).document()
    assert nothing["interval_s"] is None
    json.dumps(nothing, allow_nan=False)


def done(cluster: Cluster, how: How = How.CREATED, row_: int = 0) -> Applied:
    ended = cluster.on(Trigger.SUCCEEDED)
    return Applied(row=row_, how=how, cluster=ended)


def lasting(whole: float, **phases: float) -> Spent:
    return Spent(began=Seconds(0.0), whole=whole, phases=dict(phases))


def told(what: Plan, applied: list[Applied], spent: Mapping[ClusterId, Spent]) -> list[str]:
    """Return each line of the report: row, phase, measurement, verdict."""
    return [
        f"{one.row} {one.phase} {one.measured_s} {one.verdict}"
        for one in drifts(what, applied, spent)
    ]


def test_each_row_is_reported_with_its_phases() -> None:
    """The whole first, then what was predicted, then what only was measured."""
    what = plan(row(1, 2, whole=JUDGED, phases={"stack": JUDGED, "trust": JUDGED}), row(3))
    a, b = what.clusters_of(0, PROJECT)
    (c,) = what.clusters_of(1, PROJECT)
    spent = {
        a.id: lasting(9.0, stack=8.0, sweep=1.0),
        b.id: lasting(11.0, stack=4.0, sweep=3.0),
        c.id: lasting(5.0, stack=5.0),
    }
    assert told(what, [done(a), done(b), done(c, row_=1)], spent) == [
        "0 whole 10.0 within",
        "0 stack 6.0 below",
        f"0 trust None {NOT_MEASURED}",
        f"0 sweep 2.0 {NOT_PREDICTED}",
        f"1 whole 5.0 {NOT_PREDICTED}",
        f"1 stack 5.0 {NOT_PREDICTED}",
    ]


@pytest.mark.parametrize("how", [How.RESUMED, How.FOUND])
def test_only_whole_creations_count(how: How) -> None:
    """What was taken up half-way took less, whoever did that, and when."""
    what = plan(row(1, 2, whole=JUDGED))
    a, b = what.clusters_of(0, PROJECT)
    spent = {a.id: lasting(10.0), b.id: replace(lasting(1000.0), is_resumed=True)}
    assert told(what, [done(a), done(b, how)], spent) == ["0 whole 10.0 within"]
    assert told(what, [done(b, how)], spent) == [f"0 whole None {NOT_MEASURED}"]


def test_what_an_earlier_apply_created_counts() -> None:
    """The event log beside the plan still has its times."""
    what = plan(row(1, 2, whole=JUDGED))
    a, b = what.clusters_of(0, PROJECT)
    spent = {a.id: lasting(9.0), b.id: lasting(11.0)}
    assert told(what, [done(a, How.FOUND), done(b)], spent) == ["0 whole 10.0 within"]


def test_a_row_that_failed_says_why() -> None:
    """How long a failure took is no drift; that it failed is, predicted or not."""
    what = plan(row(1, whole=JUDGED))
    (a,) = what.clusters_of(0, PROJECT)
    spent = {a.id: Spent(began=Seconds(0.0), whole=10.0, failure="quota", phases={"stack": 1.0})}
    assert told(what, [done(a)], spent) == [f"0 {WHOLE} None failed: quota 1"]
