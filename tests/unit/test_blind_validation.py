"""`validate` on a twin that stands for the cloud: its guests boot at a time of their own."""

import math
from pathlib import Path
from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import load_parameters
from coe_twin.models.scenario import study_on
from coe_twin.planner.apply import Watched
from coe_twin.planner.blind_validation import (
    CreationFailed,
    Validation,
    arithmetic,
    compared,
    create_each,
    predicted,
    prediction_document,
)
from coe_twin.sim_driver.invariants import check_empty
from tests.unit.sites import PROJECT, Ground, base_setup

TRUE_BOOT_S = 6.0


def validation(provisioner: str = "stack", runs: int = 1) -> Validation:
    study = study_on("testbed").model_copy(
        update={"name": "validate-0123", "create_timeout_s": 600.0}
    )
    return Validation(
        study=study,
        train=(1, 2, 3, 4),
        test=(6,),
        provisioner=provisioner,
        free={"guest.boot_s": (1.0, 20.0)},
        runs=runs,
    )


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Return a cloud whose guests take longer than its set-up says."""
    slow = load_parameters(base_setup().parameters).with_values({"guest.boot_s": TRUE_BOOT_S})
    file = tmp_path / "slow.json"
    file.write_text(slow.model_dump_json())
    return Ground(setup=base_setup().model_copy(update={"parameters": str(file)}), seed=7)


def created(ground: Ground, one: Validation, sizes: tuple[int, ...]) -> list[tuple[int, float]]:
    watched = Watched(ground.log)
    site = ground.site()
    object.__setattr__(site, "events", watched)
    return ground.run(lambda: create_each(one.plan(sizes), site, watched, ground.told.append))


@pytest.mark.parametrize("provisioner", ["stack", "direct"])
def test_large_clusters_are_predicted_from_small_ones(ground: Ground, provisioner: str) -> None:
    """Within the interval that was written down before; and nothing stays."""
    one = validation(provisioner)
    small = created(ground, one, one.train)
    assert [nodes for nodes, _ in small] == [1, 2, 3, 4]
    record = predicted(one, small)
    written: Any = prediction_document(record)["predictions"]
    large = created(ground, one, one.test)
    result = compared(record, large)
    (tested,) = (row for row in result.rows if row.use == "held out")
    assert [one["predicted_s"] for one in written] == [tested.predicted]
    assert tested.observed == large[0][1]
    assert tested.low <= tested.observed <= tested.high
    (boot,) = result.free
    middle, half = math.sqrt(boot.low * boot.high), math.sqrt(boot.high / boot.low)
    assert middle / half**1.7 <= TRUE_BOOT_S <= middle * half**1.7, "99.9 % of the belief"
    check_empty(ground.cloud, [PROJECT])
    assert "6 workers" in ground.told[-1]


def test_every_run_is_a_row_of_its_own(ground: Ground) -> None:
    one = validation(runs=2)
    measured = created(ground, one, (1, 2))
    assert [nodes for nodes, _ in measured] == [1, 1, 2, 2]
    check_empty(ground.cloud, [PROJECT])


def test_the_quota_of_one_cluster_at_a_time_is_shown(ground: Ground) -> None:
    """Not that of all, since none exists beside another."""
    lines = ground.run(lambda: arithmetic(validation(runs=5), ground.site()))
    assert "quota instances: 7 at a time, no limit" in lines


def test_what_the_cloud_cannot_hold_is_refused() -> None:
    ground = Ground(setup=base_setup().with_overrides({"quota.instances": 6}))
    with pytest.raises(InvalidInput, match="quota instances: 7 needed, 6 allowed"):
        ground.run(lambda: arithmetic(validation(), ground.site()))


def test_a_cluster_that_fails_ends_the_validation_and_is_deleted() -> None:
    ground = Ground(setup=base_setup().with_overrides({"quota.instances": 3}))
    with pytest.raises(CreationFailed, match="is CREATE_FAILED"):
        created(ground, validation(), (1, 2, 3, 4))
    check_empty(ground.cloud, [PROJECT])
