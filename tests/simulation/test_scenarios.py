"""Every shipped scenario runs, shortened, with the checks of queueing on its own log."""

from pathlib import Path

import pytest

from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner.rally import Rally
from coe_twin.planner.simulate import simulate
from coe_twin.planner.twin import Twin, world_of
from coe_twin.sim_driver.checks import check_station, little, visits
from coe_twin.sim_driver.invariants import check_always, check_quiescent
from coe_twin.sim_driver.recorder import Recorder

FOLDER = Path(__file__).parents[2] / "scenarios"
PATHS = sorted(FOLDER.glob("*.yaml"))
NODES_MAX = 4
CLUSTERS_MAX = 2


def shortened(path: Path) -> Study:
    """Return the study of the scenario in `path` with few nodes, clusters and replications."""
    scenario = Scenario.load(path)
    rows = [
        Row(
            nodes=min(row.nodes, NODES_MAX),
            masters=row.masters,
            concurrency=min(row.concurrency, CLUSTERS_MAX),
            clusters=min(row.clusters, CLUSTERS_MAX),
        )
        for row in scenario.rows
    ]
    return scenario.model_copy(update={"rows": rows, "replications": 2}).resolve()


def test_scenarios_are_shipped() -> None:
    """There are some, so that the tests below run."""
    assert len(PATHS) >= 3


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_scenario_answers(path: Path) -> None:
    """It loads under its own name; each row creates its clusters and names what limits them."""
    study = shortened(path)
    assert study.name == path.stem
    result = simulate(study)
    assert len(result.rows) == len(study.rows)
    for row in result.rows:
        assert row.clusters_created + sum(row.failures.values()) == row.clusters_asked
        assert row.predicted_minutes is not None, row.failures
        assert row.predicted_minutes > 0
        assert row.limited_by is not None
        assert sum(row.critical_path.values()) == pytest.approx(1.0)
    assert result.document()["digest"] == simulate(study).digest


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_scenario_keeps_the_laws(path: Path) -> None:
    """Little's law and the number of servers hold at each station, the invariants in the cloud."""
    study = shortened(path)
    for row in study.rows:
        twin = Twin(world_of(study, replication=0))
        rally = Rally(twin, row, study.rally)

        async def main(twin: Twin = twin, rally: Rally = rally) -> None:
            await rally.run()
            clusters = await twin.repository.clusters()
            check_always(twin.cloud, clusters)
            check_quiescent(twin.cloud, clusters)

        twin.runtime.run(main())
        assert twin.recorder is not None
        check_log(twin.recorder, twin, f"{path.stem}, seed {study.seed}, {row.nodes} nodes")


def check_log(recorder: Recorder, twin: Twin, where: str) -> None:
    """Check every name in the log: each is a station, a timer or a line."""
    servers = twin.cloud.substrate.capacities()
    visited = 0
    for name in recorder.names[1:]:
        number, product = little(recorder, name)
        assert number == pytest.approx(product, rel=1e-6, abs=1e-9), f"{name} in {where}"
        visited += number > 0
    for name, count in servers.items():
        if twin.spec.setup.discipline == "fcfs":
            check_station(recorder, name, count)
        else:  # what is recorded is how much was served, not when
            own = visits(recorder, name)
            assert (own.ended - own.started).sum() <= count * twin.runtime.now() + 1e-6
    assert visited > 10, f"{where}: a run visits many stations"
