"""A set-up in line and under processor sharing: the same work, divided otherwise."""

from pathlib import Path

import pytest

from coe_twin.models import scenario_blocks as schema
from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.planner.result import RowResult
from coe_twin.planner.simulate import simulate
from tests.simulation.worlds import PROVISIONERS

CERN = Path(__file__).parents[2] / "scenarios" / "cern-deployment.yaml"


def row_of(discipline: str, provisioner: schema.Provisioner, nodes: int) -> RowResult:
    """Return what is predicted of one cluster on CERN's cloud."""
    scenario = Scenario.load(CERN)
    (row,) = simulate(
        scenario.model_copy(
            update={
                "rows": [Row(nodes=nodes, concurrency=1, clusters=1)],
                "replications": 2,
                "provisioner": provisioner,
                "overrides": {"discipline": discipline},
            }
        ).resolve()
    ).rows
    return row


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_where_cores_are_not_short_the_discipline_hardly_matters(way: str) -> None:
    """The minutes are near each other, and the same limits the cluster most."""
    lined, shared = (row_of(one, PROVISIONERS[way], nodes=8) for one in ("fcfs", "ps"))
    assert lined.predicted_minutes is not None
    assert shared.predicted_minutes == pytest.approx(lined.predicted_minutes, rel=0.05)
    assert next(iter(shared.critical_path)) == next(iter(lined.critical_path))


def test_slower_cores_take_longer() -> None:
    """Half the speed: longer, but not twice as long, since guests boot elsewhere."""
    scenario = Scenario.load(CERN)
    rows = [Row(nodes=8, concurrency=1, clusters=1)]
    for discipline in ("fcfs", "ps"):
        minutes = []
        for speed in (1.0, 0.5):
            overrides = {"discipline": discipline, "core_speed": speed}
            changed = {"rows": rows, "replications": 2, "overrides": overrides}
            (row,) = simulate(scenario.model_copy(update=changed).resolve()).rows
            assert row.predicted_minutes is not None
            minutes.append(row.predicted_minutes)
        fast, slow = minutes
        assert fast < slow < 2.0 * fast, discipline
