from pathlib import Path

import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import InvalidInput
from coe_twin.models.overrides import merged
from coe_twin.models.parameters import load_parameters
from coe_twin.models.scenario import study_on
from coe_twin.models.setup import SETUPS, Setup, load_setup
from coe_twin.models.setup_blocks import SERVICES
from coe_twin.models.validation import validated

SHIPPED = SETUPS.names()


def document(name: str = "cern-2016") -> dict[str, Json]:
    return load_setup(name).model_dump(mode="json")


def refusal(overrides: dict[str, Json], name: str = "cern-2016") -> str:
    with pytest.raises(InvalidInput) as caught:
        load_setup(name).with_overrides(overrides)
    return str(caught.value)


def test_the_two_published_clouds_are_shipped() -> None:
    """Scenarios name them."""
    assert set(SHIPPED) >= {"cern-2016", "cncf-2016"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_up_loads_under_its_own_name(name: str) -> None:
    """Its parameter set and its cluster template load, too."""
    setup = load_setup(name)
    assert setup.name == name
    assert load_parameters(setup.parameters).name == setup.parameters
    assert setup.cluster_template.template().flavor in setup.flavors


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_up_says_where_each_value_comes_from(name: str) -> None:
    """Every number, switch and name has a source or the word assumed beside or above it."""
    lines = SETUPS.path(name).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    start = next(number for number, line in enumerate(lines) if line == "hypervisors:")
    for above, line in zip(lines[start:], lines[start + 1 :], strict=False):
        _, colon, value = line.strip().removeprefix("- ").partition(": ")
        is_value = colon and not line.strip().startswith(("#", "- name:"))
        assert not is_value or "# " in value or above.strip().startswith("#"), line


def test_the_published_sizes_are_those_of_the_slides() -> None:
    """The hosts are the only part of both clouds that was published in full."""
    cern, cncf = load_setup("cern-2016").hypervisors, load_setup("cncf-2016").hypervisors
    assert (cern.count, cern.cores, cern.ram_gib, cern.nic_gbit_per_s) == (240, 32, 64, 10.0)
    assert (cncf.count, cncf.cores, cncf.ram_gib) == (100, 24, 128)


def test_the_template_carries_every_field_over() -> None:
    """The core's record has the same values under the core's names."""
    block = load_setup("cncf-2016").cluster_template
    template = block.template()
    assert template.docker_volume_size == block.docker_volume_size_gib
    for field in type(block).model_fields.keys() - {"docker_volume_size_gib"}:
        assert getattr(template, field) == getattr(block, field), field


def test_an_unknown_set_up_is_refused_with_near_names() -> None:
    """The line lists what is shipped and says that a path will do."""
    with pytest.raises(InvalidInput, match="did you mean cern-2016") as caught:
        load_setup("cern-2017")
    assert "cncf-2016" in str(caught.value)
    assert ".yaml" in str(caught.value)


def test_a_set_up_and_its_parameter_set_may_be_files_side_by_side(tmp_path: Path) -> None:
    """A path in a file is relative to that file, not to the working directory."""
    shipped = SETUPS.path("cern-2016").read_text(encoding="utf-8")
    own = shipped.replace("parameters: cern-2016", "parameters: own.json")
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    source = Path(SETUPS.folder.parent / "parameters" / "cern-2016.json")
    (tmp_path / "own.json").write_bytes(source.read_bytes())
    assert study_on(str(tmp_path / "own.yaml")).parameters.name == "cern-2016"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_runs_in_exactly_one_group(service: str) -> None:
    """A service that runs nowhere, or twice, has no queue that the twin could build."""
    setup = document()
    groups = setup["controllers"]
    assert isinstance(groups, list)
    for group in groups:
        assert isinstance(group, dict)
        services = group["services"]
        assert isinstance(services, dict)
        services.pop(service, None)
    with pytest.raises(InvalidInput, match=f"no group runs {service}"):
        validated(Setup, setup)
    groups.append({"name": "one", "nodes": 1, "cores": 1, "services": {service: 1}})
    validated(Setup, setup)
    groups.append({"name": "two", "nodes": 1, "cores": 1, "services": {service: 1}})
    with pytest.raises(InvalidInput, match=f"{service} in two groups"):
        validated(Setup, setup)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"hypervisors": {"count": 10**9}}, "hypervisors.count = 1000000000: accepted is a whole"),
        ({"hypervisors.count": 0}, "hypervisors.count = 0: accepted is a whole number from 1"),
        (
            {"hypervisors.ram": 3},
            "hypervisors.ram: unknown key; the unit is missing, write ram_gib",
        ),
        ({"heat.engine_thread": 3}, "did you mean engine_threads?"),
        ({"hypervisors": 3}, "hypervisors = 3: accepted is a mapping"),
        ({"name.first": 3}, 'name = {"first": 3}: accepted is a name'),
        ({"hypervisors.availability_zones": ["a", "a"]}, "given twice"),
        ({"hypervisors": {"count": 1, "availability_zones": ["a", "b"]}}, "for 1 hypervisors"),
        ({"cluster_template.flavor": "nod"}, "no flavor 'nod'; did you mean node?"),
        (
            {"workers": {"heat-engin": 3}},
            "workers.heat-engin: unknown service; did you mean heat-en",
        ),
        ({"workers": 3}, "workers = 3: accepted is a mapping of services"),
        ({"workers": {"keystone": 0}}, "services.keystone = 0: accepted is a whole number from 1"),
        ({"workers": {"keystone": 1}, "controllers": [3]}, "workers.keystone: unknown service"),
        ({"workers": {}, "controllers": [3]}, "controllers[0] = 3: accepted is a mapping"),
    ],
)
def test_an_override_that_makes_no_set_up_is_refused(overrides: dict[str, Json], text: str) -> None:
    """Overrides pass the same checks as the file."""
    assert text in refusal(overrides)


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    """Mappings are merged, so a what-if need not repeat the rest of a block."""
    setup = load_setup("cern-2016")
    changed = setup.with_overrides(
        {
            "heat": {"engine_threads": 7},
            "hypervisors.weigher": "pack",
            "flavors": {"m1.s": {"cores": 1, "ram_gib": 1, "disk_gib": 1}},
        }
    )
    assert changed.heat == setup.heat.model_copy(update={"engine_threads": 7})
    assert changed.hypervisors.weigher == "pack"
    assert set(changed.flavors) == {*setup.flavors, "m1.s"}
    assert changed.controllers == setup.controllers
    assert setup.heat.engine_threads == load_setup("cern-2016").heat.engine_threads


@pytest.mark.parametrize("name", SHIPPED)
def test_no_overrides_are_no_change(name: str) -> None:
    """The way through a document and back loses nothing."""
    assert load_setup(name).with_overrides({}) == load_setup(name)


def test_workers_are_set_wherever_the_service_runs() -> None:
    """A scenario need not know which controllers a set-up has."""
    overrides: dict[str, Json] = {"workers": {"heat-engine": 8, "keystone": 3}}
    changed = load_setup("cern-2016").with_overrides(overrides)
    workers = {name: n for group in changed.controllers for name, n in group.services.items()}
    before = {
        name: n
        for group in load_setup("cern-2016").controllers
        for name, n in group.services.items()
    }
    assert workers == {**before, "heat-engine": 8, "keystone": 3}


def test_merging_changes_neither_side() -> None:
    """A set-up is shared by all runs of an experiment."""
    left: dict[str, Json] = {"a": {"b": 1, "c": 2}}
    right: dict[str, Json] = {"a": {"b": 3}, "a.d": 4}
    assert merged(left, right) == {"a": {"b": 3, "c": 2, "d": 4}}
    assert left == {"a": {"b": 1, "c": 2}}
    assert right == {"a": {"b": 3}, "a.d": 4}
