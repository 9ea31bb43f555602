"""Pages of docs/validation say what the data in the repository say."""

import json
from collections import Counter
from itertools import product

import pytest

from benchmarks.openstack_page import DATA, MEDIANS, PAGE, medians, page, records
from benchmarks.openstack_speed import core_speeds
from validation.__main__ import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_validation_makes(name: str) -> None:
    """`make validation` would change nothing."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: make validation"


def test_the_testbed_page_is_its_data() -> None:
    """The page is made of the committed measurements and of nothing else."""
    machine = json.loads((DATA / "machine.json").read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(records(), machine)


def test_the_medians_are_those_of_the_data() -> None:
    assert MEDIANS.read_text(encoding="utf-8") == medians(records())


def test_a_machine_of_half_the_speed_shows_as_such() -> None:
    """Whatever else the services spent, on polls say."""
    rows = [
        {"nodes": nodes, "cpu_s": {"nova-conductor": slowness * (nodes + 1), "nova-api": nodes**2}}
        for nodes, slowness in ((1, 0.4), (8, 0.4), (32, 0.8))
    ]
    assert core_speeds(rows) == pytest.approx([1.0, 1.0, 0.5])


def test_every_size_was_measured_each_way() -> None:
    """Stack and direct, in both Heats, all complete; three times at least."""
    counted = Counter(
        (one["nodes"], one["provisioner"], one["heat"])
        for one in records()
        if one["status"] == "CREATE_COMPLETE"
    )
    assert counted.total() == len(records())
    for nodes in (1, 2, 4, 8, 16, 32):
        for way in product(("stack", "direct"), ("convergence", "legacy")):
            assert counted[nodes, *way] >= 3, f"{nodes} nodes, {way}"
