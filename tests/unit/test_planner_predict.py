"""A plan as the twin judges it, and the same plan carried out in the judged world."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.units import Seconds
from coe_twin.models.plan import Plan
from coe_twin.models.scenario import Scenario
from coe_twin.models.study import Study
from coe_twin.planner.apply import apply
from coe_twin.planner.carry_out import carry_out
from coe_twin.planner.drift import drifts
from coe_twin.planner.history import WHOLE, creations
from coe_twin.planner.plan import as_carried_out, plan_of
from coe_twin.planner.predict import applied, measured, predict
from coe_twin.planner.trial import PLAN as SIMULATED
from coe_twin.planner.trial import clusters_of, run_trial
from coe_twin.planner.twin import world_of
from coe_twin.sim_driver.runtime import SimRuntime
from tests.unit.sites import PROJECT, Ground, plan, row

SCENARIO = """\
schema_version: 1
name: judged
description: Clusters of two sizes.
setup: testbed
seed: 5
replications: 6
rows:
  - {nodes: 2, clusters: 3, concurrency: 2}
  - {nodes: 1, concurrency: 1}
"""


def asked_of(folder: Path, *more: str) -> Study:
    """Return the study of the scenario, with some lines more."""
    path = folder / "judged.yaml"
    path.write_text(SCENARIO + "".join(f"{line}\n" for line in more), encoding="utf-8")
    return Scenario.load(path).resolve()


def test_a_plan_is_the_scenario_with_what_is_expected(tmp_path: Path) -> None:
    """Each row's whole and phases, between an interval that is not a point."""
    judged = plan_of(asked_of(tmp_path))
    assert [(one.nodes, one.clusters, one.concurrency) for one in judged.study.rows] == [
        (2, 3, 2),
        (1, 1, 1),
    ]
    for one in judged.expected:
        assert one.whole is not None
        assert set(one.phases) == {"trust", "stack"}
        assert 0.0 <= one.whole.low_s < one.whole.mean_s < one.whole.high_s
        assert sum(phase.mean_s for phase in one.phases.values()) <= one.whole.mean_s + 1e-6
        assert one.failures == {}
    assert (judged.study.name, judged.study.setup.name, judged.study.seed) == (
        "judged",
        "testbed",
        5,
    )
    assert judged.study_digest == as_carried_out(asked_of(tmp_path)).digest
    assert judged.poll_interval == judged.study.parameters.mean("magnum.poll_interval_s")


def test_judging_twice_gives_the_same_plan(tmp_path: Path) -> None:
    """Also with workers, in whatever order they finish."""
    asked = asked_of(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        assert plan_of(asked, executor=pool).text() == plan_of(asked).text()


def test_the_policies_and_the_provisioner_are_in_the_plan(tmp_path: Path) -> None:
    """So that the file alone says how it is carried out."""
    text = "schema_version: 1\nbackoff: {kind: fixed-delay, pause_s: 2.0, attempts_max: 3}\n"
    (tmp_path / "policies.yaml").write_text(text, encoding="utf-8")
    more = ("policies: policies.yaml", "provisioner: {kind: direct}", "create_timeout_s: 99.0")
    judged = plan_of(asked_of(tmp_path, *more))
    assert judged.study.policies.backoff.kind == "fixed-delay"
    assert judged.study.provisioner.kind == "direct"
    assert judged.study.create_timeout_s == 99.0
    assert set(judged.expected[0].phases) == {"trust", "masters", "workers"}


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (None, "full-jitter"),
        ("admission: {kind: fifo, limit: 3}", "full-jitter"),
        ("backoff: {kind: no-retry}", "no-retry"),
        ("backoff: {kind: fixed-delay, pause_s: 1.0, attempts_max: 2}", "fixed-delay"),
    ],
)
def test_a_plan_is_patient_unless_it_is_told_otherwise(
    tmp_path: Path, file: str | None, kind: str
) -> None:
    """One answer of 503 fails no cluster of it; what is judged has the same back-off."""
    more = []
    if file is not None:
        text = f"schema_version: 1\n{file}\n"
        (tmp_path / "policies.yaml").write_text(text, encoding="utf-8")
        more.append("policies: policies.yaml")
    asked = asked_of(tmp_path, *more)
    assert plan_of(asked).study.policies.backoff.kind == kind
    assert asked.policies.admission == as_carried_out(asked).policies.admission


def test_what_is_expected_to_fail_is_told_by_cause(tmp_path: Path) -> None:
    """On average over the replications, and without a time."""
    judged = plan_of(asked_of(tmp_path, "overrides: {quota.instances: 5}"))
    assert judged.expected[0].failures == {"quota": 2.0}
    assert judged.expected[0].whole is not None
    assert judged.expected[1].failures == {"quota": 1.0}
    assert judged.expected[1].whole is None
    assert judged.expected[1].phases == {}


def test_what_one_replication_alone_measured_has_no_interval(tmp_path: Path) -> None:
    """One sample has no spread."""
    asked = asked_of(tmp_path)
    lone = asked.model_copy(update={"rows": asked.rows[1:], "replications": 1})
    (expected,) = predict(lone)
    assert expected.whole is None
    assert expected.phases == {}


def test_a_prediction_covers_another_run(tmp_path: Path) -> None:
    """Runs with other seeds lie in the interval about as often as it says."""
    asked = asked_of(tmp_path)
    judged = plan_of(asked)
    whole = judged.expected[0].whole
    assert whole is not None
    others = [run_trial(applied(asked, number)) for number in range(100, 120)]
    inside = sum(whole.low_s <= measured(run.rows[0])[WHOLE] <= whole.high_s for run in others)
    assert inside >= 15


def as_in_a_trial(self: Plan, number: int, project: ProjectId) -> tuple[Cluster, ...]:
    return tuple(clusters_of(world_of(self.study, 0), number, self.study.rows[number], project))


def test_what_is_carried_out_as_it_was_judged_does_not_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`apply` on the very world that a replication simulated measures the same.

    But for milliseconds: `apply` asks the cloud what it offers first, and which of a service's
    workers is next is not the same after that. Its clusters are given the names that a trial
    gives, on which their draws depend.
    """
    asked = asked_of(tmp_path)
    judged = plan_of(asked)
    ground = Ground(seed=asked.seed)
    site = replace(ground.site(), project=SIMULATED)
    with monkeypatch.context() as patch:
        patch.setattr(Plan, "clusters_of", as_in_a_trial)
        done = ground.run(lambda: apply(judged, site, print))
        found = drifts(judged, done, creations(ground.log.events))
    replication = run_trial(applied(asked, 0))
    assert {(one.row, one.phase): one.measured_s for one in found} == {
        (number, phase): pytest.approx(mean, rel=1e-3, abs=2e-3)
        for number, row_ran in enumerate(replication.rows)
        for phase, mean in measured(row_ran).items()
    }


def carried_out(
    count: int, concurrency: int, durations: Sequence[float]
) -> list[tuple[str, float]]:
    """Return what was begun and ended when, of clusters that take so long each [s]."""
    runtime = SimRuntime()
    seen: list[tuple[str, float]] = []
    clusters = plan(row(clusters=count)).clusters_of(0, PROJECT)
    numbers = {one.id: number for number, one in enumerate(clusters)}

    async def create(cluster: Cluster) -> None:
        number = numbers[cluster.id]
        seen.append((f"begin {number}", runtime.now()))
        await runtime.sleep(Seconds(durations[number]))
        seen.append((f"end {number}", runtime.now()))

    runtime.run(carry_out(runtime, clusters, concurrency, create))
    return seen


def test_the_next_cluster_begins_when_one_ends() -> None:
    """Not when all that began with it have."""
    assert carried_out(4, 2, [1.0, 5.0, 2.0, 1.0]) == [
        ("begin 0", 0.0),
        ("begin 1", 0.0),
        ("end 0", 1.0),
        ("begin 2", 1.0),
        ("end 2", 3.0),
        ("begin 3", 3.0),
        ("end 3", 4.0),
        ("end 1", 5.0),
    ]


def test_one_at_a_time_is_one_after_the_other() -> None:
    """In the order of the plan."""
    words = [word for word, _ in carried_out(2, 1, [3.0, 1.0])]
    assert words == ["begin 0", "end 0", "begin 1", "end 1"]


def test_a_failure_ends_the_rest() -> None:
    """What is not the cloud's doing is raised, and nothing further begins."""
    runtime = SimRuntime()
    begun: list[str] = []

    async def create(cluster: Cluster) -> None:
        begun.append(cluster.id)
        await runtime.sleep(Seconds(1.0))
        raise KeyError("a bug")

    clusters = plan(row(clusters=5)).clusters_of(0, PROJECT)
    with pytest.raises(KeyError):
        runtime.run(carry_out(runtime, clusters, 2, create))
    assert len(begun) == 2
