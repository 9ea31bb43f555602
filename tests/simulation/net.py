"""The net: what a replication gave when it was last meant to change, and what it gives now."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from coe_twin.models.scenario import Scenario
from coe_twin.planner.rally import Rally
from coe_twin.planner.replicate import spec_of
from coe_twin.planner.twin import Twin

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "tests" / "data" / "net"
SCENARIOS: Final = tuple(sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class Caught:
    """One replication of one row of a shipped scenario, as it is recorded."""

    scenario: str
    record: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.scenario}-row{self.record['row']}-{self.record['replication']}"


def caught() -> list[Caught]:
    """Return all that is recorded."""
    return [
        Caught(name, record)
        for name in SCENARIOS
        for record in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    ]


def recorded(scenario: Scenario, row: int, replication: int) -> dict[str, Any]:
    """Return what a replication of row number `row` gives now."""
    twin = Twin(replace(spec_of(scenario, 0), replication=replication))
    rally = Rally(twin, scenario.rows[row], scenario.rally)
    twin.runtime.run(rally.run())
    assert twin.recorder is not None
    return {
        "row": row,
        "replication": replication,
        "seconds": rally.measured.seconds,
        "failures": dict(sorted(rally.measured.failures.items())),
        "events": next(twin.runtime.env._eid),
        "digest": twin.log.digest(twin.recorder.fingerprint()),
    }
