"""Data of every kind, read into rows."""

import json
from pathlib import Path

import pytest

from coe_twin.models.calibration.data import TableRow, scarcity
from coe_twin.models.calibration.data_files import is_scenario, of_scenario, read_data
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TRACES = Path(__file__).parents[1] / "data"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_in_csv(tmp_path: Path) -> None:
    text = (
        "nodes,concurrency,minutes,rounding,provisioner,use,heat.architecture,core_speed\n"
        "2,50,2.5,0.25,stack,fit,legacy,0.8\n"
        "16,,4,,sharded:8,held out,,\n"
    )
    first, second = read_data([write(tmp_path, "a.csv", text)]).rows
    assert (first.nodes, first.concurrency, first.clusters) == (2, 50, 50)
    assert first.overrides == {"heat.architecture": "legacy", "core_speed": 0.8}
    assert first.observed().rounding == 0.25
    assert (second.concurrency, second.clusters, second.provisioner) == (1, 1, "sharded:8")
    assert not second.observed().is_fitted
    assert second.overrides == {}


def test_a_table_in_yaml(tmp_path: Path) -> None:
    text = "source: my notes\nrows:\n  - {nodes: 4, seconds: 61.5}\n  - {nodes: 8, created: 3}\n"
    data = read_data([write(tmp_path, "a.yaml", text)])
    assert data.source == "my notes"
    assert [(row.unit, row.observed().value) for row in data.rows] == [
        ("s", 61.5),
        ("clusters", 3.0),
    ]


def test_published_rows_of_a_scenario() -> None:
    """Minutes where there are minutes, else the count of clusters."""
    data = of_scenario(Scenario.load(SCENARIOS / "cncf-deployment.yaml"))
    assert [(row.nodes, row.unit, row.observed().value) for row in data.rows] == [
        (2, "min", 3.02),
        (2, "clusters", 219.0),
        (32, "clusters", 28.0),
    ]


def test_a_scenario_without_published_rows() -> None:
    with pytest.raises(InvalidInput, match="no row has published_minutes or published_clusters"):
        of_scenario(Scenario.load(SCENARIOS / "testbed-small.yaml"))


def test_rallys_report_gives_the_mean_of_the_creates() -> None:
    """Not of the iterations, which also list what there is."""
    data = read_data([TRACES / "traces" / "rally-report.json"])
    (row,) = data.rows
    assert (row.nodes, row.concurrency, row.clusters) == (2, 2, 3)
    assert row.minutes == pytest.approx(59.75 / 60.0, abs=0.2)


def test_rallys_older_results_are_read_too(tmp_path: Path) -> None:
    results = [
        {
            "key": {
                "name": "MagnumClusters.create_and_list_clusters",
                "kw": {"args": {"node_count": 4}, "runner": {"type": "constant", "concurrency": 2}},
            },
            "result": [
                {"duration": 70.0, "error": [], "atomic_actions": {"magnum.create_cluster": 66.0}},
                {"duration": 60.0, "error": [], "atomic_actions": {"magnum.create_cluster": 54.0}},
                {"duration": 9.0, "error": ["Timeout", "x", "y"], "atomic_actions": {}},
            ],
        }
    ]
    data = read_data([write(tmp_path, "rally.json", json.dumps(results))])
    (row,) = data.rows
    assert (row.nodes, row.concurrency, row.clusters, row.minutes) == (4, 2, 3, 1.0)
    assert any("1 failed, left out" in flag for flag in data.flags)


def test_a_drift_report_gives_what_was_measured(tmp_path: Path) -> None:
    report = {
        "plan": "0123456789",
        "drift": [
            {"row": 0, "nodes": 4, "phase": "whole", "measured_s": 31.5},
            {"row": 0, "nodes": 4, "phase": "stack", "measured_s": 30.0},
            {"row": 1, "nodes": 8, "phase": "whole", "measured_s": None},
        ],
    }
    data = read_data([write(tmp_path, "plan.drift.json", json.dumps(report))])
    assert [(row.nodes, row.seconds) for row in data.rows] == [(4, 31.5)]


@pytest.mark.parametrize("nodes", [1, 2, 4, 8, 16])
def test_a_trace_of_the_testbed_gives_its_creation(nodes: int) -> None:
    """Its size, and about the time that the core measured of the same stack."""
    data = read_data([TRACES / "testbed" / "traces" / f"stack-convergence-{nodes}.jsonl"])
    (row,) = data.rows
    assert (row.nodes, row.masters) == (nodes, 1)
    lines = (TRACES / "testbed" / "creates.jsonl").read_text(encoding="utf-8").splitlines()
    (walls,) = (
        one["phases_s"]["stack"]
        for one in map(json.loads, lines)
        if (one["heat"], one["run"], one["provisioner"], one["nodes"])
        == ("convergence", 1, "stack", nodes)
    )
    assert row.seconds == pytest.approx(walls, abs=4.0), "Heat stamps whole seconds, and is polled"


def test_several_files_are_one_set_of_data(tmp_path: Path) -> None:
    one = write(tmp_path, "one.csv", "nodes,seconds\n1,20\n")
    two = write(tmp_path, "two.csv", "nodes,seconds\n2,25\n")
    data = read_data([one, two])
    assert [row.nodes for row in data.rows] == [1, 2]
    assert data.source == "one.csv; two.csv"


def rows(*sizes: int) -> list[TableRow]:
    return [
        TableRow(nodes=size, clusters=1, seconds=10.0 + index, overrides={})
        for index, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("sizes", "free", "says"),
    [
        ((1, 2, 4), 1, ["3 points are fitted"]),
        ((4, 4, 4, 4), 1, ["1 sizes are fitted"]),
        ((1, 2, 4, 8), 4, ["4 parameters are free for 4 points"]),
        ((1, 2, 4, 8), 2, []),
    ],
)
def test_what_is_too_little_is_said(sizes: tuple[int, ...], free: int, says: list[str]) -> None:
    found = list(scarcity(rows(*sizes), free))
    assert len(found) == len(says)
    for sentence, start in zip(found, says, strict=True):
        assert sentence.startswith(start)


def test_every_shipped_scenario_is_data_or_says_that_it_is_none() -> None:
    for path in sorted(SCENARIOS.glob("*.yaml")):
        assert is_scenario(path)
        try:
            assert of_scenario(Scenario.load(path)).rows
        except InvalidInput as error:
            assert "no row has published" in str(error)  # noqa: PT017 - both are right
