"""What may have stopped CNCF's tests: each candidate fitted alone, to the same three rows.

`python -m validation.candidates` writes `validation/cncf-2016.json`, which the page is made of, and
the parameters of CHOSEN.
"""

import json
import sys
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from coe_twin.coe_core.documents import Json
from coe_twin.models.block import Block, ListOf, Text
from coe_twin.models.calibration.data import Data
from coe_twin.models.calibration.data_files import of_scenario
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Rally
from coe_twin.planner.calibration import Fit, fit
from coe_twin.planner.pool import cpus, process_pool
from coe_twin.planner.run import Outcomes
from coe_twin.planner.simulate import simulate
from coe_twin.planner.store import Store

SCENARIO: Final = Path(__file__).parents[1] / "scenarios" / "cncf-deployment.yaml"
PARAMETERS: Final = Path(__file__).parents[1] / "models" / "parameters" / "cncf-2016.json"
RESULTS: Final = Path(__file__).with_name("cncf-2016.json")
BOOT: Final = "guest.boot_s"
"""Free beside each candidate: it meets the minutes of the first row."""

ENOUGH: Final = {1000: 300, 100: 40}
"""Clusters asked for in a fit in place of those of a row that stops long before its end."""

REPLICATIONS: Final = 2
"""Of the scenario as it was asked: its long rows differ little from one to the next."""

TOKEN_S: Final = 3600.0
"""How long a token of Keystone's is good for by default (keystone newton-eol,
keystone/conf/token.py, expiration) [s]."""

NO_POOL: Final[Mapping[str, Json]] = {"network.floating_ips": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mechanism that stops a run, alone; `free` is its parameter with a range, if it has one."""

    name: str
    free: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    overrides: Mapping[str, Json] = field(default_factory=lambda: NO_POOL)
    session_s: float | None = None


CHOSEN: Final = "pool of floating IPs"
"""What the shipped set-up has; docs/validation/cncf-2016.md says why, and what else remains."""

CANDIDATES: Final = (
    Candidate(name=CHOSEN, free={"network.floating_ips": (400, 2500)}, overrides={}),
    Candidate(
        name="state of the orchestration", free={"heat.state_resources_max": (8_000, 60_000)}
    ),
    Candidate(name="brokers' memory", free={"rabbitmq.kept_messages_max": (20_000, 2_000_000)}),
    Candidate(
        name="database slower with its rows, and RPC time-outs",
        free={"heat.rows_slowdown_per_million": (0.5, 500.0)},
    ),
    Candidate(name="life of a token", session_s=TOKEN_S),
)


class Ran(Block):
    """A row of the scenario as it is asked, with the fitted values: what came of it."""

    nodes: int
    clusters_asked: int
    clusters_created: float
    predicted_minutes: float | None
    failures: dict[str, float]


class Judged(Block):
    """What a candidate makes of the rows; `fit` is of fewer clusters, `ran` of all."""

    candidate: Text
    fit: CalibrationRecord
    ran: Annotated[ListOf[Ran], Field(min_length=1)]


def asked(candidate: Candidate) -> Fit:
    """Return the calibration of a candidate."""
    scenario = Scenario.load(SCENARIO)
    data = of_scenario(scenario)
    rows = tuple(
        row.model_copy(update={"clusters": ENOUGH[row.clusters]}) if row.created else row
        for row in data.rows
    )
    study = scenario.model_copy(update={"overrides": dict(candidate.overrides)}).resolve()
    return Fit(
        study=study.model_copy(
            update={"seed": 1, "replications": 1, "rally": client(scenario, candidate)}
        ),
        data=Data(source=data.source, rows=rows),
        free={BOOT: None, **candidate.free},
        points=7,
    )


def client(scenario: Scenario, candidate: Candidate) -> Rally:
    return scenario.rally.model_copy(update={"session_s": candidate.session_s})


def judged(
    candidate: Candidate, store: Outcomes, executor: Executor | None
) -> tuple[Judged, ParameterSet]:
    """Return the fit of a candidate and the scenario with it, and the parameters of the fit."""
    fitted = fit(asked(candidate), executor=executor, store=store).parameters
    record = fitted.calibration
    assert record is not None, "a calibration leaves its record"
    scenario = Scenario.load(SCENARIO)
    known = scenario.resolve().parameters.parameters
    values = {one.name: one.value for one in record.free}
    update = {
        "overrides": {
            **candidate.overrides,
            **{name: round(value) for name, value in values.items() if name not in known},
        },
        "parameter_overrides": {name: one for name, one in values.items() if name in known},
        "rally": client(scenario, candidate),
        "replications": REPLICATIONS,
    }
    result = simulate(scenario.model_copy(update=update).resolve(), executor=executor)
    answer = Judged(
        candidate=candidate.name,
        fit=record,
        ran=tuple(
            Ran(
                nodes=row.nodes,
                clusters_asked=row.clusters_asked,
                clusters_created=row.clusters_created,
                predicted_minutes=row.predicted_minutes,
                failures=dict(row.failures),
            )
            for row in result.rows
        ),
    )
    return answer, fitted


def load() -> tuple[Judged, ...]:
    """Return the results that are kept."""
    return tuple(
        Judged.model_validate(one) for one in json.loads(RESULTS.read_text(encoding="utf-8"))
    )


def main() -> None:
    """Judge every candidate; what was simulated is kept in build/."""
    found = []
    with Store.opened() as store, process_pool(cpus()) as pool:
        for candidate in CANDIDATES:
            print(candidate.name, file=sys.stderr)
            one, fitted = judged(candidate, store, pool)
            found.append(one.model_dump(mode="json"))
            if candidate.name == CHOSEN:
                dated = fitted.model_copy(update={"date": datetime.now(UTC).date().isoformat()})
                PARAMETERS.write_text(dated.model_dump_json(indent=2) + "\n", encoding="utf-8")
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
