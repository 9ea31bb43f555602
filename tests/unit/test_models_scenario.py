from pathlib import Path

import pytest

from coe_twin.coe_core.policies import DEFAULT, Fifo
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario, study_on
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.setup import SETUPS
from coe_twin.models.study import Study

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
PLAIN = """\
schema_version: 1
name: plain
description: one small cluster
setup: cern-2016
seed: 1
replications: 2
rows:
  - nodes: 2
    concurrency: 3
"""


def loaded(folder: Path, text: str) -> Scenario:
    path = folder / "plain.yaml"
    path.write_text(text, encoding="utf-8")
    return Scenario.load(path)


def resolved(folder: Path, text: str) -> Study:
    return loaded(folder, text).resolve()


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        resolved(folder, text)
    return str(caught.value)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_loads_under_its_own_name(path: Path) -> None:
    """Its first comment says what it asks, and everything that it names loads."""
    scenario = Scenario.load(path)
    assert scenario.name == path.stem
    assert path.read_text(encoding="utf-8").startswith("# ")
    study = scenario.resolve()
    assert study.setup.name == scenario.setup
    assert study.parameters.parameters
    assert study.rows == scenario.rows


def published(name: str) -> list[tuple[int, int, float | int | None]]:
    path = next(path for path in SCENARIOS if path.stem == name)
    return [
        (row.nodes, row.concurrency, row.published_minutes or row.published_clusters)
        for row in Scenario.load(path).rows
    ]


def test_the_rows_are_those_of_the_published_tables() -> None:
    """Nodes, concurrency and the result; the slides have no others."""
    assert published("cern-deployment") == [
        (2, 50, 2.5),
        (16, 10, 4.0),
        (32, 10, 4.0),
        (128, 5, 5.5),
        (512, 1, 14.0),
        (1000, 1, 23.0),
    ]
    assert published("cncf-deployment") == [(2, 10, 3.02), (2, 10, 219), (32, 5, 28)]


def test_as_many_clusters_as_run_at_a_time_unless_said(tmp_path: Path) -> None:
    """A row of the published table gives the concurrency alone."""
    assert loaded(tmp_path, PLAIN).rows[0].clusters == 3
    assert loaded(tmp_path, PLAIN + "    clusters: 7\n").rows[0].clusters == 7


def test_the_rest_is_magnums_way(tmp_path: Path) -> None:
    """One stack, no policies, 60 minutes, no overrides."""
    study = resolved(tmp_path, PLAIN)
    assert study.provisioner.kind == "stack"
    assert study.policies.policy_set() == DEFAULT
    assert study.create_timeout_s == 3600.0
    assert (study.setup, study.parameters) == (
        study_on("cern-2016").setup,
        study_on("cern-2016").parameters,
    )


@pytest.mark.parametrize("nodes", [1, 10_000])
def test_node_counts_in_range_are_accepted(nodes: int) -> None:
    """The bounds themselves are in."""
    assert Row.model_validate({"nodes": nodes, "concurrency": 1}).nodes == nodes


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            "nodes: 2",
            "nodes: 1000000000",
            ":8: rows[0].nodes = 1000000000: accepted is a whole number",
        ),
        (
            "nodes: 2",
            "nodes: 10001",
            "rows[0].nodes = 10001: accepted is a whole number from 1 to 10000",
        ),
        (
            "nodes: 2",
            "nodes: 0",
            ":8: rows[0].nodes = 0: accepted is a whole number from 1 to 10000",
        ),
        ("nodes: 2", "node: 2", ":8: rows[0].node: unknown key; did you mean nodes?"),
        ("concurrency: 3", "concurrency: 1001", ":9: rows[0].concurrency = 1001: accepted is"),
        ("seed: 1", "seed: -1", ":5: seed = -1: accepted is a whole number from 0"),
        ("seed: 1", 'seed: "1"', ':5: seed = "1": accepted is a whole number'),
        (
            "replications: 2",
            "replications: 1",
            ":6: replications = 1: accepted is a whole number from 2",
        ),
        ("replications: 2", "replications: 10001", ":6: replications = 10001"),
        ("name: plain", "name: Plain", ':2: name = "Plain": accepted is a name of lower-case'),
        ("schema_version: 1", "schema_version: 2", ":1: schema_version = 2: accepted is 1"),
        (
            "cern-2016",
            "cern-2061",
            ':4: setup = "cern-2061": unknown set-up; did you mean cern-2016',
        ),
    ],
)
def test_a_refusal_names_line_field_value_and_what_is_accepted(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    """Whatever is wrong in the file is told by one line."""
    assert text in refusal(tmp_path, PLAIN.replace(old, new))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("    masters: 2", "masters is 2; accepted is 1, 3, 5 or 7"),
        ("    masters: 9", ":10: rows[0].masters = 9: accepted is"),
        ("    clusters: 10001", ":10: rows[0].clusters = 10001: accepted is"),
        ("provisioner: {kind: shard}", 'kind "shard" is unknown; did you mean sharded?'),
        ("provisioner: {kind: sharded}", ":10: provisioner.nodes_per_shard: is missing"),
        ("create_timeout: 60", "unknown key; the unit is missing, write create_timeout_s"),
        ("rally: {timeout_s: 0}", ":10: rally.timeout_s = 0: accepted is a number > 0"),
        ("limits: {cost_events_max: 0}", ":10: limits.cost_events_max = 0: accepted is"),
        ("overrides: {heat.engines: 3}", ":10: overrides.heat.engines: unknown key"),
        ("overrides: {parameters: cnfc-2016}", ':10: overrides.parameters = "cnfc-2016": unknown'),
        ("parameter_overrides: {guest.boot: 3}", ":10: parameter_overrides.guest.boot: unknown"),
        ("policies: absent.yaml", "absent.yaml: no such file"),
    ],
)
def test_what_a_scenario_names_is_checked_when_it_is_resolved(
    tmp_path: Path, line: str, text: str
) -> None:
    """Not when it runs, which may be an hour later on another machine."""
    assert text in refusal(tmp_path, f"{PLAIN}{line}\n")


@pytest.mark.parametrize("count", [0, 101])
def test_the_number_of_rows_is_bounded(tmp_path: Path, count: int) -> None:
    """No row asks nothing; a hundred rows are an experiment of hours."""
    head = PLAIN.partition("rows:")[0]
    rows = "rows: [" + ", ".join(["{nodes: 1, concurrency: 1}"] * count) + "]\n"
    assert "accepted is a list of 1 to 100 items" in refusal(tmp_path, head + rows)


def test_paths_are_relative_to_the_scenario(tmp_path: Path) -> None:
    """A folder with a scenario, its set-up and its policies can be moved as one."""
    cloud = SETUPS.path("cern-2016").read_text(encoding="utf-8").replace("count: 240", "count: 3")
    (tmp_path / "cloud.yaml").write_text(cloud, encoding="utf-8")
    (tmp_path / "calm.yaml").write_text(
        "schema_version: 1\nadmission: {kind: fifo, limit: 4}\n", encoding="utf-8"
    )
    text = PLAIN.replace("setup: cern-2016", "setup: cloud.yaml\npolicies: calm.yaml")
    study = resolved(tmp_path, text)
    assert study.setup.hypervisors.count == 3
    assert study.policies.policy_set().admission == Fifo(4)


def test_a_refusal_in_a_file_that_is_named_is_about_that_file(tmp_path: Path) -> None:
    """The line to mend is in the set-up, not in the scenario."""
    cloud = SETUPS.path("cern-2016").read_text(encoding="utf-8").replace("count: 240", "count: 0")
    (tmp_path / "cloud.yaml").write_text(cloud, encoding="utf-8")
    text = refusal(tmp_path, PLAIN.replace("cern-2016", "cloud.yaml"))
    assert text.startswith(str(tmp_path / "cloud.yaml"))
    assert "hypervisors.count = 0" in text


def test_overrides_reach_the_set_up_and_the_parameters(tmp_path: Path) -> None:
    """A what-if is a scenario of its own, without a copy of the cloud."""
    text = PLAIN + "overrides: {workers: {heat-engine: 9}, heat.max_nested_stack_depth: 3}\n"
    study = resolved(tmp_path, text + "parameter_overrides: {guest.boot_s: 7}\n")
    setup = study.setup
    assert setup.heat.max_nested_stack_depth == 3
    assert 9 in {group.services.get("heat-engine") for group in setup.controllers}
    assert study.parameters.mean("guest.boot_s") == 7.0
