"""What an experiment costs, estimated before it runs, and the refusal of what costs too much.

Source of the constants: measured on the twin with model version 1, 1 to 4000 nodes per
cluster, events counted by SimPy's own numbering. A test holds them within a factor of two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario_blocks import DirectProvisioner, Row
from coe_twin.models.study import Study
from coe_twin.planner.demand import Demand, demand_of
from coe_twin.planner.twin import TwinSpec

EVENTS_PER_CLUSTER: Final = 100
EVENTS_PER_STACK: Final = 45
EVENTS_PER_RESOURCE: Final = {"legacy": 4.3, "convergence": 9.2}
EVENTS_PER_SERVER_DIRECT: Final = 39
EVENTS_PER_OTHER_SERVER: Final = 7
"""Of other users' servers, which pass Nova's services."""

EVENTS_PER_HOST_REPORT: Final = 20
"""Ten batches per interval, each a pause and a visit."""

SECONDS_PER_EVENT: Final = 45e-6
"""Of one core, on a machine of 2020 with CPython 3.11."""

SECONDS_PER_REPLICATION: Final = 0.1
MIB_PER_WORKER: Final = 60
BYTES_PER_EVENT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An estimate.

    `by_row` gives the events of one replication of each row [-].
    """

    by_row: tuple[int, ...]
    replications: int

    @property
    def events(self) -> int:
        """All events of all replications [-]."""
        return sum(self.by_row) * self.replications

    @property
    def cpu_s(self) -> float:
        """Time of one core for all of it [s]."""
        starts = len(self.by_row) * self.replications * SECONDS_PER_REPLICATION
        return self.events * SECONDS_PER_EVENT + starts

    @property
    def worker_mib(self) -> float:
        """Memory of one worker process [MiB]."""
        return MIB_PER_WORKER + max(self.by_row) * BYTES_PER_EVENT / 2**20


def cost_of(study: Study, spec: TwinSpec, demands: Sequence[Demand]) -> Cost:
    """Return what it costs to simulate `study` in worlds as `spec`, within a factor of two.

    `demands` are those of its rows. Clusters that fail early cost less than is estimated.
    """
    by_row = tuple(
        row_events(spec, row, demand) for row, demand in zip(study.rows, demands, strict=True)
    )
    return Cost(by_row=by_row, replications=study.replications)


def row_events(spec: TwinSpec, row: Row, demand: Demand) -> int:
    """Return the estimated events of one replication of `row` [-]."""
    each = _cluster_events(spec, demand)
    return ceil(row.clusters * each + _background_rate(spec) * _duration_s(spec, row))


def require_affordable(study: Study, spec: TwinSpec, cost: Cost) -> None:
    """Pass if `cost` is within the study's own limit.

    Raises:
        InvalidInput: it is not; the text says what would be.
    """
    limit = study.limits.cost_events_max
    if cost.events > limit:
        raise InvalidInput(
            f"this scenario takes about {cost.events:,} events ({cost.replications} "
            f"replications of {sum(cost.by_row):,}); {_what_fits(study, spec, cost)}",
            field="limits.cost_events_max",
            value=limit,
        )


def _cluster_events(spec: TwinSpec, demand: Demand) -> float:
    if isinstance(spec.provisioner, DirectProvisioner):
        return EVENTS_PER_CLUSTER + EVENTS_PER_SERVER_DIRECT * demand.servers
    per_resource = EVENTS_PER_RESOURCE[spec.setup.heat.architecture]
    stacks = EVENTS_PER_STACK * demand.stacks
    return EVENTS_PER_CLUSTER + stacks + per_resource * demand.resources


def _background_rate(spec: TwinSpec) -> float:
    """Return the events of the cloud's other life [1/s]."""
    interval = spec.parameters.mean("nova.host_report_interval_s")
    others = spec.setup.background.servers_per_hour / 3600.0
    return EVENTS_PER_HOST_REPORT / interval + EVENTS_PER_OTHER_SERVER * others


def _duration_s(spec: TwinSpec, row: Row) -> float:
    """Return about how long the row lasts in virtual time [s]: masters, then workers."""
    mean = spec.parameters.mean
    masters = mean("guest.boot_s") + mean("guest.bootstrap_master_s")
    workers = mean("guest.boot_s") + mean("guest.bootstrap_node_s")
    serial = 2.0 * mean("heat.nested_prepare_s") * row.nodes
    one = min(masters + workers + serial, spec.create_timeout_s)
    return ceil(row.clusters / row.concurrency) * one


def _what_fits(study: Study, spec: TwinSpec, cost: Cost) -> str:
    """Return what to ask for instead."""
    limit, fewest = study.limits.cost_events_max, 2
    replications = limit // sum(cost.by_row)
    if replications >= fewest:
        return f"{replications} replications would fit"
    largest = max(range(len(cost.by_row)), key=cost.by_row.__getitem__)
    others = sum(cost.by_row) - cost.by_row[largest]
    nodes = _nodes_within(spec, study.rows[largest], limit // fewest - others)
    if nodes:
        return f"{fewest} replications with at most {nodes} nodes in rows[{largest}] would fit"
    return "ask for fewer clusters or fewer rows, or raise the limit"


def _nodes_within(spec: TwinSpec, row: Row, events: int) -> int:
    """Return the most nodes with which `row` takes no more than `events`, 0 if none does."""
    fits, too_many = 0, row.nodes
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        smaller = row.model_copy(update={"nodes": middle})
        if row_events(spec, smaller, demand_of(spec, smaller)) <= events:
            fits = middle
        else:
            too_many = middle
    return fits
