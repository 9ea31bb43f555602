"""One trial: the unit of work of every experiment, a pure function from what is asked to what came.

Two clients ask for clusters. Rally asks Magnum, and measures as it does; `apply` is this program
itself, which takes the rows one after the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

import numpy as np

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.models import scenario_blocks as schema
from coe_twin.models.clusters import cluster_as
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.planner.carry_out import carry_out
from coe_twin.planner.detail import detail_of
from coe_twin.planner.history import Spent, creations
from coe_twin.planner.outcome import Created, Failed, Outcome, RowOutcome, StationUse
from coe_twin.planner.rally import Rally
from coe_twin.planner.twin import Twin, TwinSpec, world_of

PLAN = ProjectId("plan")


@dataclass(frozen=True, slots=True)
class Apply:
    """The client `apply`."""


Client: TypeAlias = schema.Rally | Apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One replication, with all that its outcome depends on.

    `rows` follow one another in one world. Without a record there are no critical paths and no
    use of stations, and it takes three quarters of the time.
    """

    world: TwinSpec
    rows: tuple[Row, ...]
    client: Client
    is_recorded: bool = True
    has_detail: bool = False

    @property
    def size(self) -> int:
        """About how long it takes, beside others [-]."""
        return sum(row.nodes * row.clusters for row in self.rows)

    def key(self) -> str:
        """Return what two trials have in common if, and only if, they have the same outcome."""
        world = self.world
        asked = [
            row.model_dump_json(exclude={"published_minutes", "published_clusters", "rounding"})
            for row in self.rows
        ]
        parts = (
            world.setup.model_dump_json(exclude={"description", "parameters"}),
            world.parameters.model_dump_json(include={"parameters"}),
            repr((world.policies, world.provisioner, world.create_timeout_s)),
            repr((world.seed, world.replication, asked, self.client)),
            repr((self.is_recorded, self.has_detail)),
        )
        return sha256("\n".join(parts).encode()).hexdigest()


def trial_of(
    study: Study, row: int, replication: int, *, is_recorded: bool = True, has_detail: bool = False
) -> Trial:
    """Return the trial of one row of `study` by its client."""
    return Trial(
        world=world_of(study, replication),
        rows=(study.rows[row],),
        client=study.rally,
        is_recorded=is_recorded,
        has_detail=has_detail,
    )


def run_trial(trial: Trial) -> Outcome:
    """Return the outcome of `trial`; it depends on nothing else."""
    twin = Twin(trial.world, is_recording=trial.is_recorded)
    if isinstance(trial.client, Apply):
        rows = _applied(twin, trial.rows)
    else:
        rows = tuple(_asked_by_rally(twin, row, trial.client) for row in trial.rows)
    recorder = twin.recorder
    spans = b"" if recorder is None else recorder.fingerprint()
    return Outcome(
        rows=rows,
        horizon_s=float(twin.runtime.now()),
        events=twin.runtime.scheduled(),
        digest=twin.log.digest(spans),
        stations=_stations(twin),
        detail=detail_of(twin) if trial.has_detail else None,
    )


def _asked_by_rally(twin: Twin, row: Row, client: schema.Rally) -> RowOutcome:
    rally = Rally(twin, row, client)
    twin.runtime.run(rally.run())
    return rally.outcome()


def _applied(twin: Twin, rows: tuple[Row, ...]) -> tuple[RowOutcome, ...]:
    """Create the clusters of each row, one row after the other, as on the real cloud."""
    clusters = [clusters_of(twin.spec, number, row) for number, row in enumerate(rows)]
    ended: dict[ClusterId, Cluster] = {}

    async def create(cluster: Cluster) -> None:
        ended[cluster.id] = await twin.conductor.create(cluster)

    async def main() -> None:
        twin.start()
        for row, own in zip(rows, clusters, strict=True):
            await carry_out(twin.runtime, own, row.concurrency, create)

    twin.runtime.run(main())
    spent = creations(twin.log.events)
    return tuple(_row_outcome([ended[one.id] for one in own], spent) for own in clusters)


def clusters_of(world: TwinSpec, number: int, row: Row, project: ProjectId = PLAN) -> list[Cluster]:
    """Return the clusters that `apply` creates for row `number` of a trial."""
    template = world.setup.cluster_template.template()
    return [
        cluster_as(
            row,
            template,
            name=f"row-{number}-{one}",
            project=project,
            create_timeout_s=world.create_timeout_s,
        )
        for one in range(row.clusters)
    ]


def _row_outcome(clusters: list[Cluster], spent: Mapping[ClusterId, Spent]) -> RowOutcome:
    created, failed = [], []
    for cluster in clusters:
        own = spent[cluster.id]
        assert own.whole is not None, "every creation of a trial has ended"
        if own.failure:
            failed.append(Failed(name=cluster.name, cause=own.failure, text=cluster.status_reason))
        else:
            created.append(
                Created(name=cluster.name, seconds=own.whole, seen_s=own.whole, phases=own.phases)
            )
    return RowOutcome(created=tuple(created), failed=tuple(failed), shares={})


def _stations(twin: Twin) -> dict[str, StationUse]:
    """Return the use of every station with a known number of servers, up to the end of the run."""
    horizon = float(twin.runtime.now())
    if twin.recorder is None or not horizon > 0.0:
        return {}
    log = twin.recorder.columns()
    count = len(twin.recorder.names)
    served = np.minimum(log["ended"], horizon) - np.minimum(log["started"], horizon)
    waited = log["started"] - log["arrived"]
    visits = np.bincount(log["station"], minlength=count)
    busy = np.bincount(log["station"], weights=served, minlength=count)
    wait = np.bincount(log["station"], weights=waited, minlength=count)
    index = {name: number for number, name in enumerate(twin.recorder.names)}
    return {
        name: StationUse(
            servers=servers,
            visits=int(visits[index[name]]),
            busy=float(busy[index[name]]) / (servers * horizon),
            wait_s=float(wait[index[name]]) / max(1, int(visits[index[name]])),
        )
        for name, servers in twin.cloud.substrate.capacities().items()
        if name in index
    }
