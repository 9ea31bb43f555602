from collections.abc import Mapping

import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates import kubernetes
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner.check import check
from coe_twin.planner.demand import demand_of
from coe_twin.planner.twin import world_of


def study_of(**changes: Json) -> Study:
    document: dict[str, Json] = {
        "schema_version": 1,
        "name": "asking",
        "description": "what a cluster asks for",
        "setup": "cern-2016",
        "seed": 1,
        "replications": 2,
        "rows": [{"nodes": 2, "concurrency": 1}],
    }
    return Scenario.model_validate({**document, **changes}).resolve()


def row(nodes: int, masters: int = 1) -> Row:
    return Row(nodes=nodes, concurrency=1, clusters=1, masters=masters)


def test_a_cluster_has_magnums_resources() -> None:
    """A parent, a master and each minion bring as many resources as Magnum's templates do."""
    spec = world_of(study_of(), 0)
    sizes = [demand_of(spec, row(n)).resources for n in (1, 2, 11)]
    assert sizes[1] - sizes[0] == 23, "22 of a minion on a flat network, and its nested stack"
    assert sizes[2] == sizes[0] + 10 * 23


def test_servers_are_masters_and_workers() -> None:
    """Each node is one server, whoever creates it."""
    for kind in ("stack", "direct"):
        spec = world_of(study_of(provisioner={"kind": kind}), 0)
        assert demand_of(spec, row(4, masters=3)).servers == 7


def test_without_heat_there_are_no_stacks() -> None:
    """The direct provisioner asks Heat for nothing, so no limit of Heat can warn."""
    study = study_of(provisioner={"kind": "direct"}, overrides={"heat.max_resources_per_stack": 1})
    asked = demand_of(world_of(study, 0), study.rows[0])
    assert (asked.stacks, asked.resources, asked.resources_largest) == (0, 0, 0)
    assert check(study).rows[0].warnings == ()


def test_shards_hold_all_nodes_in_smaller_stacks() -> None:
    """Seven nodes by three are three shards beside the masters' stack; resources stay."""
    whole = demand_of(world_of(study_of(), 0), row(7))
    provisioner: dict[str, Json] = {"kind": "sharded", "nodes_per_shard": 3}
    spec = world_of(study_of(provisioner=provisioner), 0)
    split = demand_of(spec, row(7))
    assert split.stacks == 4
    assert split.resources_largest < whole.resources_largest == whole.resources
    assert abs(split.resources - whole.resources) <= 1, "only the group itself is no longer there"


@pytest.mark.parametrize(
    ("overrides", "warning"),
    [
        ({"heat.max_resources_per_stack": 77}, "78 resources, Heat's limit is 77"),
        ({"heat.max_nested_stack_depth": 1}, "nested 2 deep, Heat's limit is 1"),
        ({"heat.max_stacks_per_project": 2}, "3 stacks in all, Heat's limit per project is 2"),
    ],
)
def test_what_heat_will_refuse_is_a_warning(overrides: Mapping[str, Json], warning: str) -> None:
    """One beyond the limit warns, the limit itself does not."""
    rows: Json = [{"nodes": 2, "concurrency": 1, "clusters": 3}]
    (found,) = check(study_of(rows=rows, overrides=dict(overrides))).rows[0].warnings
    assert warning in found
    ((name, limit),) = overrides.items()
    assert isinstance(limit, int)
    assert check(study_of(rows=rows, overrides={name: limit + 1})).rows[0].warnings == ()


def cyclic(*_arguments: object) -> dict[str, Json]:
    return {
        "heat_template_version": "2016-04-08",
        "resources": {
            "a": {"type": "OS::Heat::RandomString", "depends_on": "b"},
            "b": {"type": "OS::Heat::RandomString", "depends_on": "a"},
        },
    }


def unknown(*_arguments: object) -> dict[str, Json]:
    return {"heat_template_version": "2016-04-08", "resources": {"a": {"type": "OS::No::Such"}}}


@pytest.mark.parametrize(
    ("template", "reason"), [(cyclic, "circular dependency"), (unknown, "unknown resource type")]
)
def test_a_bad_template_is_refused(
    monkeypatch: pytest.MonkeyPatch, template: object, reason: str
) -> None:
    """A cycle or an unknown type is found before anything runs, and the row is named."""
    monkeypatch.setattr(kubernetes, "stack_template", template)
    with pytest.raises(InvalidInput, match=rf"^rows\[0\]: .*{reason}"):
        check(study_of())
