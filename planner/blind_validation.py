"""Hold the twin against a real cloud: create small clusters, calibrate, predict large ones, create.

What is predicted is written down before the first large cluster is begun.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.preflight import needs, offer_of
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.calibrate import Progress
from coe_twin.models.calibration.data import Data, TableRow
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.plan import Plan
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner.apply import Site, Tell, Watched, conductor_of, require_room
from coe_twin.planner.calibration import Fit, fit, provisioner_named
from coe_twin.planner.history import creations
from coe_twin.planner.plan import draft_of
from coe_twin.planner.run import Outcomes

REPLICATIONS: Final = 4
PLACEHOLDER_S: Final = 1.0
"""Stands for what is not measured yet; a row that is held out has no part in a fit."""


class CreationFailed(CoeError):
    """A cluster of the validation was not created, so there is nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What is to be created, and what may be fitted.

    Attributes:
        study: the set-up that models the cloud, its parameters, the seed, and how long a
            creation may take; no rows. Its name is one that no other validation has.
        train, test: workers of the clusters to learn from, and of those to predict.
        provisioner: `stack`, `direct` or `sharded:N`.
        runs: how often each size is created.
    """

    study: Study
    train: tuple[int, ...]
    test: tuple[int, ...]
    provisioner: str
    free: Mapping[str, tuple[float, float] | None]
    runs: int

    def plan(self, sizes: Sequence[int], runs: int | None = None) -> Plan:
        """Return what creates clusters of `sizes`, each `runs` times."""
        rows = tuple(
            Row(nodes=size, concurrency=1, clusters=self.runs if runs is None else runs)
            for size in sizes
        )
        provisioner = provisioner_named(self.provisioner)
        return draft_of(self.study.model_copy(update={"rows": rows, "provisioner": provisioner}))


async def arithmetic(validation: Validation, site: Site) -> list[str]:
    """Return a line for each quota that the largest cluster of the validation uses.

    Clusters are created one after the other, and each is deleted before the next.

    Raises:
        InvalidInput: the cloud cannot hold it; the text says why.
        DriverError: the cloud cannot be asked.
    """
    one = validation.plan([max((*validation.train, *validation.test))], runs=1)
    await require_room(one, site)
    offer = await offer_of(site.cloud, site.project)
    wanted = needs(one.clusters_of(0, site.project), one.study.provisioner.choice(), offer.flavors)
    lines = []
    for kind, amount in wanted.items():
        allowance = offer.allowances.get(kind)
        if allowance is not None and amount:
            limit = "no limit" if allowance.limit < 0 else f"{allowance.left:.0f} left"
            lines.append(f"quota {kind}: {amount} at a time, {limit}")
    return lines


async def create_each(
    plan: Plan, site: Site, watched: Watched, tell: Tell
) -> list[tuple[int, float]]:
    """Create and delete the clusters of `plan`, one at a time; return workers and seconds.

    Raises:
        CreationFailed: one was not created; it was deleted all the same.
    """
    conductor = conductor_of(plan, site)
    measured = []
    for number, row in enumerate(plan.study.rows):
        for cluster in plan.clusters_of(number, site.project):
            try:
                ended = await conductor.create(cluster)
            finally:
                gone = await conductor.delete(cluster.id)
            if ended.status is not ClusterStatus.CREATE_COMPLETE:
                raise CreationFailed(f"{ended.name} is {ended.status}: {ended.status_reason}")
            if gone.status is not ClusterStatus.DELETE_COMPLETE:
                raise CreationFailed(f"{gone.name} is {gone.status}: {gone.status_reason}")
            whole = creations(watched.events)[cluster.id].whole
            assert whole is not None, "a creation that ended has a duration"
            tell(f"{row.nodes} workers: {whole:.1f} s")
            measured.append((row.nodes, whole))
    return measured


def predicted(
    validation: Validation,
    measured: Sequence[tuple[int, float]],
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    progress: Progress = lambda _done, _most: None,
) -> CalibrationRecord:
    """Return the calibration on what was measured, with the sizes to be tested held out."""
    rows = [
        TableRow(
            nodes=nodes,
            clusters=1,
            seconds=seconds,
            provisioner=validation.provisioner,
            overrides={},
        )
        for nodes, seconds in measured
    ]
    rows += [
        TableRow(
            nodes=nodes,
            clusters=1,
            seconds=PLACEHOLDER_S,
            provisioner=validation.provisioner,
            use="held out",
            overrides={},
        )
        for nodes in validation.test
    ]
    asked = Fit(
        study=validation.study.model_copy(update={"replications": REPLICATIONS}),
        data=Data(source=f"the creations of {validation.study.name}", rows=tuple(rows)),
        free=validation.free,
    )
    record = fit(asked, executor=executor, store=store, progress=progress).parameters.calibration
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
