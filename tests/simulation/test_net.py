"""Every shipped scenario gives what it gave, to the last bit, until the model shall change."""

import json
from functools import cache

import pytest

from coe_twin.models.fabric_scenario import FabricScenario
from coe_twin.models.scenario import Scenario
from coe_twin.models.study import Study
from coe_twin.planner.fabric import answer
from tests.simulation.net import FOLDER, ROOT, SCENARIOS, Caught, caught, recorded

SHORT = 60_000
"""Events that take a few seconds: `make test` runs those, `make check` all first replications."""


@cache
def study(name: str) -> Study:
    return Scenario.load(ROOT / "scenarios" / f"{name}.yaml").resolve()


def marks(one: Caught) -> list[pytest.MarkDecorator]:
    if one.record["replication"]:
        return [pytest.mark.deep, pytest.mark.timeout(900)]
    return [pytest.mark.slow] if one.record["events"] > SHORT else []


CASES = [pytest.param(one, marks=marks(one), id=str(one)) for one in caught()]


@pytest.mark.no_cover
@pytest.mark.parametrize("one", CASES)
def test_a_replication_gives_what_it_gave(one: Caught) -> None:
    """Seconds of each cluster, failures, number of events and digest of the log are equal."""
    now = recorded(study(one.scenario), one.record["row"], one.record["replication"])
    assert now == one.record


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_replication_is_in_the_net(name: str) -> None:
    """A shipped scenario that is not recorded would change unseen."""
    numbers = {
        (one.record["row"], one.record["replication"]) for one in caught() if one.scenario == name
    }
    rows, replications = len(study(name).rows), study(name).replications
    assert numbers == {(row, number) for row in range(rows) for number in range(replications)}


def test_the_fabric_answers_what_it_answered() -> None:
    """The closed forms give the same numbers."""
    before = json.loads((FOLDER / "fabric.json").read_text(encoding="utf-8"))
    paths = sorted((ROOT / "scenarios" / "fabric").glob("*.yaml"))
    assert {p.stem: answer(FabricScenario.load(p)).document() for p in paths} == before
