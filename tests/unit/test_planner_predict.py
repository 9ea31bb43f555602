"""A plan as the twin judges it, and the same plan carried out in the judged world."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.units import Seconds
from coe_twin.models.scenario import Scenario
from coe_twin.planner.apply import apply
from coe_twin.planner.carry_out import carry_out
from coe_twin.planner.drift import drifts
from coe_twin.planner.history import WHOLE, creations
from coe_twin.planner.plan import plan_of
from coe_twin.planner.predict import PROJECT as SIMULATED
from coe_twin.planner.predict import predict, simulated
from coe_twin.planner.replicate import spec_of
from coe_twin.sim_driver.runtime import SimRuntime
from tests.unit.sites import PROJECT, Ground, base_setup, plan, row

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


def scenario(folder: Path, *more: str) -> Scenario:
    """Return the scenario, with some lines more."""
    path = folder / "judged.yaml"
    path.write_text(SCENARIO + "".join(f"{line}\n" for line in more), encoding="utf-8")
    return Scenario.load(path)


def test_a_plan_is_the_scenario_with_what_is_expected(tmp_path: Path) -> None:
    """Each row's whole and phases, between an interval that is not a point."""
    judged = plan_of(scenario(tmp_path))
    assert [(one.nodes, one.clusters, one.concurrency) for one in judged.rows] == [
        (2, 3, 2),
        (1, 1, 1),
    ]
    for one in judged.rows:
        assert one.whole is not None
        assert set(one.phases) == {"trust", "stack"}
        assert 0.0 <= one.whole.low_s < one.whole.mean_s < one.whole.high_s
        assert sum(phase.mean_s for phase in one.phases.values()) <= one.whole.mean_s + 1e-6
        assert one.failures == {}
    assert (judged.scenario, judged.setup, judged.seed) == ("judged", "testbed", 5)
    assert judged.poll_interval_s == base_setup().parameter_set().mean("magnum.poll_interval_s")


def test_judging_twice_gives_the_same_plan(tmp_path: Path) -> None:
    """Also with workers, in whatever order they finish."""
    asked = scenario(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        assert plan_of(asked, pool).text() == plan_of(asked).text()


def test_the_policies_and_the_provisioner_are_in_the_plan(tmp_path: Path) -> None:
    """So that the file alone says how it is carried out."""
    text = "schema_version: 1\nbackoff: {kind: fixed-delay, pause_s: 2.0, attempts_max: 3}\n"
    (tmp_path / "policies.yaml").write_text(text, encoding="utf-8")
    more = ("policies: policies.yaml", "provisioner: {kind: direct}", "create_timeout_s: 99.0")
    judged = plan_of(scenario(tmp_path, *more))
    assert judged.policies.backoff.kind == "fixed-delay"
    assert judged.provisioner.kind == "direct"
    assert judged.create_timeout_s == 99.0
    assert set(judged.rows[0].phases) == {"trust", "masters", "workers"}


def test_what_is_expected_to_fail_is_told_by_cause(tmp_path: Path) -> None:
    """On average over the replications, and without a time."""
    judged = plan_of(scenario(tmp_path, "overrides: {quota.instances: 5}"))
    assert judged.rows[0].failures == {"quota": 2.0}
    assert judged.rows[0].whole is not None
    assert judged.rows[1].failures == {"quota": 1.0}
    assert judged.rows[1].whole is None
    assert judged.rows[1].phases == {}


def test_what_one_replication_alone_measured_has_no_interval(tmp_path: Path) -> None:
    """One sample has no spread."""
    asked = scenario(tmp_path)
    lone = plan(row(1), replications=2).model_copy(update={"replications": 1})
    (expected,) = predict(lone, spec_of(asked, 0), None)
    assert expected.whole is None
    assert expected.phases == {}


def test_a_prediction_covers_another_run(tmp_path: Path) -> None:
    """Runs with other seeds lie in the interval about as often as it says."""
    asked = scenario(tmp_path)
    judged = plan_of(asked)
    whole = judged.rows[0].whole
    assert whole is not None
    others = [simulated(judged, spec_of(asked, number)) for number in range(100, 120)]
    inside = sum(whole.low_s <= run[0].means[WHOLE] <= whole.high_s for run in others)
    assert inside >= 15


def test_what_is_carried_out_as_it_was_judged_does_not_drift(tmp_path: Path) -> None:
    """`apply` on the very world that a replication simulated measures the same.

    But for milliseconds: `apply` asks the cloud what it offers first, and which of a service's
    workers is next is not the same after that.
    """
    asked = scenario(tmp_path)
    judged = plan_of(asked)
    ground = Ground(seed=asked.seed)
    site = replace(ground.site(), project=SIMULATED)
    applied = ground.run(lambda: apply(judged, site, print))
    measured = {
        (one.row, one.phase): one.measured_s
        for one in drifts(judged, applied, creations(ground.log.events))
    }
    replication = simulated(judged, spec_of(asked, 0))
    assert measured == {
        (number, phase): pytest.approx(mean, rel=1e-3, abs=2e-3)
        for number, run in enumerate(replication)
        for phase, mean in run.means.items()
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
