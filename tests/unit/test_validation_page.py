"""Pages of docs/validation say what the data in the repository say."""

import json

import pytest

from benchmarks.openstack_page import DATA, PAGE, page, records
from validation.__main__ import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_validation_makes(name: str) -> None:
    """`make validation` would change nothing."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: make validation"


def test_the_testbed_page_is_its_data() -> None:
    """The page is made of the committed measurements and of nothing else."""
    machine = json.loads((DATA / "machine.json").read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(records(), machine)


def test_every_size_was_measured_three_times_each_way() -> None:
    """N = 1, 2, 4, 8, 16, by stack and by direct, in both Heats, and all of it complete."""
    counted: dict[tuple[str, str, int], int] = {}
    for one in records():
        assert one["status"] == "CREATE_COMPLETE"
        key = (one["provisioner"], one["heat"], one["nodes"])
        counted[key] = counted.get(key, 0) + 1
    expected = {
        (provisioner, mode, nodes)
        for provisioner in ("stack", "direct")
        for mode in ("convergence", "legacy")
        for nodes in (1, 2, 4, 8, 16)
    }
    assert set(counted) == expected
    assert set(counted.values()) == {3}
