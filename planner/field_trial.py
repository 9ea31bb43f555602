"""Hold the twin against a real cloud: create small clusters, calibrate, predict large ones, create.

What is predicted is written down before the first large cluster is begun.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.preflight import needs, offer_of
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.calibrate import Progress
from coe_twin.models.calibration.data import Data, TableRow
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.plan import Plan
from coe_twin.models.scenario import Scenario
from coe_twin.models.setup import Setup
from coe_twin.models.validation import validated
from coe_twin.planner.apply import Site, Tell, Watched, conductor_of, require_room
from coe_twin.planner.calibration import Study, provisioner_named, study
from coe_twin.planner.history import creations
from coe_twin.planner.plan import draft_of
from coe_twin.planner.trial import Store

REPLICATIONS: Final = 4
PLACEHOLDER_S: Final = 1.0
"""Stands for what is not measured yet; a row that is held out has no part in a fit."""


class TrialFailed(CoeError):
    """A cluster of the trial was not created, so there is nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTrial:
    """What is to be created, and what may be fitted.

    Attributes:
        setup: the set-up that models the cloud.
        train, test: workers of the clusters to learn from, and of those to predict.
        provisioner: `stack`, `direct` or `sharded:N`.
        runs: how often each size is created.
        name: a name that no other trial has.
    """

    setup: Setup
    train: tuple[int, ...]
    test: tuple[int, ...]
    provisioner: str
    free: Mapping[str, tuple[float, float] | None]
    runs: int
    create_timeout_s: float
    seed: int
    name: str

    def plan(self, sizes: Sequence[int]) -> Plan:
        """Return what creates clusters of `sizes`, each `runs` times."""
        document: dict[str, Any] = {
            "schema_version": 1,
            "name": self.name,
            "description": "Creations to hold the twin against.",
            "setup": self.setup.name,
            "seed": self.seed,
            "replications": 2,
            "provisioner": provisioner_named(self.provisioner).model_dump(mode="json"),
            "create_timeout_s": self.create_timeout_s,
            "rows": [{"nodes": size, "concurrency": 1, "clusters": self.runs} for size in sizes],
        }
        return draft_of(validated(Scenario, document), self.setup)


async def arithmetic(trial: FieldTrial, site: Site) -> list[str]:
    """Return a line for each quota that the largest cluster of the trial uses.

    Clusters are created one after the other, and each is deleted before the next.

    Raises:
        InvalidInput: the cloud cannot hold it; the text says why.
        DriverError: the cloud cannot be asked.
    """
    largest = trial.plan([max((*trial.train, *trial.test))])
    one = replace_runs(largest)
    await require_room(one, site)
    offer = await offer_of(site.cloud, site.project)
    wanted = needs(one.clusters_of(0, site.project), one.provisioner.choice(), offer.flavors)
    lines = []
    for kind, amount in wanted.items():
        allowance = offer.allowances.get(kind)
        if allowance is not None and amount:
            limit = "no limit" if allowance.limit < 0 else f"{allowance.left:.0f} left"
            lines.append(f"quota {kind}: {amount} at a time, {limit}")
    return lines


def replace_runs(plan: Plan) -> Plan:
    """Return `plan` with one cluster a row: what exists at a time."""
    rows = tuple(row.model_copy(update={"clusters": 1}) for row in plan.rows)
    return plan.model_copy(update={"rows": rows})


async def create_each(
    plan: Plan, site: Site, watched: Watched, tell: Tell
) -> list[tuple[int, float]]:
    """Create and delete the clusters of `plan`, one at a time; return workers and seconds.

    Raises:
        TrialFailed: one was not created; it was deleted all the same.
    """
    conductor = conductor_of(plan, site)
    measured = []
    for number, row in enumerate(plan.rows):
        for cluster in plan.clusters_of(number, site.project):
            try:
                ended = await conductor.create(cluster)
            finally:
                gone = await conductor.delete(cluster.id)
            if ended.status is not ClusterStatus.CREATE_COMPLETE:
                raise TrialFailed(f"{ended.name} is {ended.status}: {ended.status_reason}")
            if gone.status is not ClusterStatus.DELETE_COMPLETE:
                raise TrialFailed(f"{gone.name} is {gone.status}: {gone.status_reason}")
            whole = creations(watched.events)[cluster.id].whole
            assert whole is not None, "a creation that ended has a duration"
            tell(f"{row.nodes} workers: {whole:.1f} s")
            measured.append((row.nodes, whole))
    return measured


def predicted(
    trial: FieldTrial,
    measured: Sequence[tuple[int, float]],
    executor: Executor | None,
    progress: Progress,
) -> CalibrationRecord:
    """Return the calibration on what was measured, with the sizes to be tested held out."""
    rows = [
        TableRow(
            nodes=nodes, clusters=1, seconds=seconds, provisioner=trial.provisioner, overrides={}
        )
        for nodes, seconds in measured
    ]
    rows += [
        TableRow(
            nodes=nodes,
            clusters=1,
            seconds=PLACEHOLDER_S,
            provisioner=trial.provisioner,
            use="held out",
            overrides={},
        )
        for nodes in trial.test
    ]
    asked = Study(
        setup=trial.setup,
        parameters=trial.setup.parameter_set(),
        data=Data(source=f"the creations of {trial.name}", rows=tuple(rows)),
        free=trial.free,
        seed=trial.seed,
        replications=REPLICATIONS,
        create_timeout_s=trial.create_timeout_s,
    )
    record = study(asked, Store(), executor, progress).parameters.calibration
    assert record is not None, "a calibration leaves its record"
    return record


def compared(record: CalibrationRecord, measured: Sequence[tuple[int, float]]) -> CalibrationRecord:
    """Return `record` with what was measured of the rows that were held out.

    Several runs of a size give several rows.
    """
    kept = [row for row in record.rows if row.use == "fit"]
    by_nodes = {row.nodes: row for row in record.rows if row.use == "held out"}
    tested = [
        by_nodes[nodes].model_copy(
            update={
                "observed": seconds,
                "error_percent": 100.0 * (by_nodes[nodes].predicted / seconds - 1.0),
            }
        )
        for nodes, seconds in measured
    ]
    return record.model_copy(update={"rows": (*kept, *tested)})


def prediction_document(record: CalibrationRecord) -> dict[str, Json]:
    """Return what is predicted of the rows that were held out, to be written down."""
    return {
        "predictions": [
            {
                "nodes": row.nodes,
                "provisioner": row.provisioner,
                "predicted_s": row.predicted,
                "interval_s": [row.low, row.high],
            }
            for row in record.rows
            if row.use == "held out"
        ],
        "parameters": {one.name: one.value for one in record.free},
        "model_version": record.model_version,
        "seed": record.seed,
    }
