"""The net: what a replication gave when it was last meant to change, and what it gives now."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coe_twin.models.study import Study
from coe_twin.planner.trial import run_trial, trial_of

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


def recorded(study: Study, row: int, replication: int) -> dict[str, Any]:
    """Return what a replication of row number `row` gives now."""
    outcome = run_trial(trial_of(study, row, replication))
    (own,) = outcome.rows
    return {
        "row": row,
        "replication": replication,
        "seconds": [one.seconds for one in own.created],
        "failures": dict(sorted(own.failures.items())),
        "events": outcome.events,
        "digest": outcome.digest,
    }
