"""How answers must change with questions, and the mechanisms that must show."""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from statistics import fmean

import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.policies import AllAtOnce, Anywhere, Fifo, FixedDelay, PolicySet
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models import scenario_blocks as schema
from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.planner.outcome import RowOutcome
from coe_twin.planner.rally import Rally
from coe_twin.planner.trial import run_trial, trial_of
from coe_twin.planner.twin import Twin, TwinSpec
from coe_twin.sim_driver.orchestration.legacy import WALKER
from tests.simulation.worlds import CONVERGENCE, LEGACY, PROVISIONERS, Ask, created, play, twin_spec

QUANTUM_S = 2.0
"""A step of Heat's walker and a poll interval: what alignment alone may move [s]."""

SLOWER_AT_MOST = 1.02
ARCHITECTURES = pytest.mark.parametrize(
    "architecture", [LEGACY, CONVERGENCE], ids=["legacy", "convergence"]
)
WAYS = pytest.mark.parametrize("way", list(PROVISIONERS))


def create_time(spec: TwinSpec, workers: int) -> float:
    """Return how long one cluster takes to be created [s]."""
    twin = Twin(spec, is_recording=False)
    ended = play(twin, lambda: created(twin, Ask(workers=workers)))
    assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
    return twin.runtime.now()


def succeeded(spec: TwinSpec, clusters: int) -> set[str]:
    """Return the names of the clusters of two nodes that could be created, one after another."""
    twin = Twin(spec, is_recording=False)
    names = set()

    async def scene() -> None:
        for number in range(clusters):
            ended = await created(twin, Ask(name=f"c{number}"))
            if ended.status is ClusterStatus.CREATE_COMPLETE:
                names.add(ended.name)
        await twin.runtime.sleep(Seconds(100.0))

    play(twin, scene)
    return names


@WAYS
def test_more_hypervisors_never_fail_a_cluster(way: str) -> None:
    """Whoever found room among fewer hosts finds it among more; with enough, all do."""
    found: list[set[str]] = []
    for hosts in (1, 2, 3, 8):
        room: Mapping[str, Json] = {
            "hypervisors.count": hosts,
            "hypervisors.cpu_allocation_ratio": 1.0,
        }
        found.append(succeeded(twin_spec(provisioner=way, overrides=room), 4))
    assert len(found[0]) < 4
    assert found[0] <= found[1] <= found[2] <= found[3] == {"c0", "c1", "c2", "c3"}


@ARCHITECTURES
@WAYS
def test_more_hypervisors_slow_a_create_at_most_a_little(
    way: str, architecture: Mapping[str, Json]
) -> None:
    """The scheduler reads more hosts, and that is all: 2 % and the alignment of steps."""
    times = [
        create_time(twin_spec(provisioner=way, overrides={**architecture, **hosts}), 4)
        for hosts in ({"hypervisors.count": 20}, {"hypervisors.count": 240})
    ]
    assert times[1] <= SLOWER_AT_MOST * times[0] + QUANTUM_S


@ARCHITECTURES
@WAYS
def test_more_nodes_never_speed_a_create(way: str, architecture: Mapping[str, Json]) -> None:
    """With the same draws for the nodes that were there, one more never ends sooner."""
    for seed in range(3):
        spec = twin_spec(provisioner=way, overrides=architecture, seed=seed)
        times = [create_time(spec, workers) for workers in (1, 2, 4, 8, 16)]
        for fewer, more in pairwise(times):
            assert more >= fewer - QUANTUM_S, f"{seed=}: {times}"
        assert times[-1] > times[0]


@ARCHITECTURES
@pytest.mark.parametrize("name", ["heat.nested_wait_s", "heat.nested_prepare_s"])
def test_more_time_of_the_walker_never_helps(name: str, architecture: Mapping[str, Json]) -> None:
    """Whatever a nested stack costs more, the cluster ends no sooner, and in the end later."""
    spec = twin_spec(overrides=architecture)
    base = spec.parameters.mean(name)
    times = [
        create_time(twin_spec(overrides=architecture, parameters={name: factor * base}), 12)
        for factor in (1.0, 2.0, 4.0, 16.0)
    ]
    for cheaper, dearer in pairwise(times):
        assert dearer >= cheaper - QUANTUM_S, times
    assert times[-1] > times[0] + QUANTUM_S


PATIENCE = 20.0
"""The pause before a retry in the runs that are scaled [s]."""


def scaled(way: str, overrides: Mapping[str, Json], timeout_s: float, factor: float) -> TwinSpec:
    """Return a world in which all takes `factor` times as long, time-outs and pauses, too."""
    base = twin_spec(provisioner=way)
    times: dict[str, Json] = {
        "network.vif_plugging_timeout_s": 1.5 * factor,
        "rabbitmq.rpc_response_timeout_s": 0.6 * factor,
        "background.servers_per_hour": base.setup.background.servers_per_hour / factor,
    }
    pause = FixedDelay(Seconds(PATIENCE * factor), 3)
    policies = PolicySet(
        admission=Fifo(2), batching=AllAtOnce(), placement=Anywhere(), backoff=pause
    )
    spec = twin_spec(provisioner=way, overrides={**overrides, **times}, policies=policies)
    return TwinSpec(
        setup=spec.setup,
        parameters=spec.parameters.scaled(factor),
        policies=policies,
        provisioner=spec.provisioner,
        create_timeout_s=timeout_s * factor,
        seed=spec.seed,
        replication=0,
    )


Lines = list[tuple[float, str, str]]


def outcome(spec: TwinSpec, factor: float) -> tuple[Lines, list[float]]:
    """Return the log and the measured seconds of six clusters, on the clock of `factor` 1."""
    twin = Twin(spec, is_recording=False)
    rally = Rally(
        twin, Row(nodes=3, concurrency=3, clusters=6), schema.Rally(timeout_s=400.0 * factor)
    )
    twin.runtime.run(rally.run())
    log: Lines = [(event.at / factor, event.kind, event.subject) for event in twin.log.events]
    return log, [one.seen_s / factor for one in rally.outcome().created]


@pytest.mark.parametrize("factor", [2.0, 4.0])
@pytest.mark.parametrize("timeout_s", [1000.0, 110.0])
@ARCHITECTURES
@WAYS
def test_all_times_scale_together(
    way: str, architecture: Mapping[str, Json], timeout_s: float, factor: float
) -> None:
    """On a clock that runs at half the speed the same happens, to the last bit, failures too."""
    log, minutes = outcome(scaled(way, architecture, timeout_s, 1.0), 1.0)
    assert outcome(scaled(way, architecture, timeout_s, factor), factor) == (log, minutes)
    subjects = {subject for _, _, subject in log}
    assert "CREATE_FAILED" in subjects or timeout_s > 500.0


def test_what_is_not_scaled_is_noticed() -> None:
    """With one time-out left as it was the scaled run differs, so that equality says something."""
    log, _ = outcome(scaled("stack", LEGACY, 110.0, 1.0), 1.0)
    wrong = scaled("stack", LEGACY, 110.0 / 2.0, 2.0)
    assert outcome(wrong, 2.0)[0] != log


@cache
def run_of(nodes: int, concurrency: int, shard: int = 0, engines: int = 4) -> RowOutcome:
    """Return one replication of a row on CERN's cloud."""
    provisioner: dict[str, Json] = (
        {"kind": "sharded", "nodes_per_shard": shard} if shard else {"kind": "stack"}
    )
    document: dict[str, Json] = {
        "schema_version": 1,
        "name": "mechanism",
        "description": "one row",
        "setup": "cern-2016",
        "seed": 20170204,
        "replications": 2,
        "provisioner": provisioner,
        "overrides": {"workers": {"heat-engine": engines}},
        "rows": [{"nodes": nodes, "concurrency": concurrency}],
    }
    study = Scenario.model_validate(document).resolve()
    return run_trial(trial_of(study, 0, 0)).rows[0]


def minutes_of(run: RowOutcome) -> float:
    """Return the mean time to create a cluster in a run [min], the figure that was published."""
    assert not run.failed
    return fmean(one.seen_s / 60.0 for one in run.created)


@pytest.mark.slow
def test_five_small_clusters_beat_one_large() -> None:
    """Five of 128 nodes side by side need less than half the time of one of 512."""
    assert minutes_of(run_of(128, 5)) < 0.5 * minutes_of(run_of(512, 1))


@pytest.mark.slow
def test_the_walker_of_the_parent_stack_limits_a_large_cluster() -> None:
    """At 1000 nodes more than 0.7 of the critical path is the serial walker."""
    run = run_of(1000, 1)
    name = max(run.shares, key=lambda part: run.shares[part])
    assert name == WALKER
    assert run.shares[name] > 0.7 * sum(run.shares.values())


@pytest.mark.slow
def test_shards_have_a_walker_each() -> None:
    """A thousand nodes in eight stacks are there in half the time, or less."""
    assert minutes_of(run_of(1000, 1, shard=125)) < 0.5 * minutes_of(run_of(1000, 1))


@pytest.mark.slow
def test_more_engines_help_many_clusters_and_not_one() -> None:
    """Twice the engines change one large stack by < 5 %, 150 small clusters by > 15 %.

    By the fitted values CERN's fifty clusters leave most of the engines' time free.
    """
    large = minutes_of(run_of(1000, 1, engines=8)) / minutes_of(run_of(1000, 1))
    crowd = minutes_of(run_of(2, 150, engines=8)) / minutes_of(run_of(2, 150))
    assert abs(large - 1.0) < 0.05
    assert crowd < 0.85
