"""Rally's Magnum scenario: so many clusters, so many at a time, and how it measures them.

What Rally reports is the time from its create call to the poll that sees CREATE_COMPLETE:
it sleeps `prepoll` first and then polls once per interval. Clusters stay until the end.

Source: rally commit 72a329de (24 Sep 2016), `magnum_cluster_create_prepoll_delay` 5 s and
`magnum_cluster_create_poll_interval` 1 s.
"""

from dataclasses import dataclass, replace
from math import ceil

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import DeadlineExceeded, Unauthorized
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.ports.runtime import Event, TaskGroup
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models import scenario_blocks as schema
from coe_twin.models.clusters import cluster_as
from coe_twin.models.scenario_blocks import Row
from coe_twin.planner.bottleneck import Shares, shares
from coe_twin.planner.history import creations
from coe_twin.planner.outcome import Created, Failed, RowOutcome
from coe_twin.planner.twin import Twin

PROJECT = ProjectId("rally")
TIMED_OUT = "Rally timeout"


def observed(duration: float, prepoll: float, interval: float) -> float:
    """Return when a client sees what ended after `duration` [s], polling as Rally does."""
    if duration <= prepoll:
        return prepoll
    return prepoll + ceil((duration - prepoll) / interval) * interval


@dataclass(slots=True)
class _Request:
    """One create that a client waits for."""

    ended: Event
    is_given_up: bool = False


class Rally:
    """The load of one row on a twin."""

    def __init__(self, twin: Twin, row: Row, client: schema.Rally) -> None:
        parameters = twin.spec.parameters
        self._twin = twin
        self._row = row
        self._timeout = Seconds(client.timeout_s or float("inf"))
        self._session = client.session_s or float("inf")
        self._prepoll = parameters.mean("rally.prepoll_s")
        self._interval = parameters.mean("rally.poll_interval_s")
        self._issued = 0
        self._created: list[Created] = []
        self._failed: list[Failed] = []
        self._shares: Shares = {}

    async def run(self) -> None:
        """Create all clusters of the row; return when the last has ended."""
        self._twin.start()
        async with self._twin.runtime.task_group() as group:
            for _ in range(min(self._row.concurrency, self._row.clusters)):
                group.start(self._client(group))

    async def _client(self, group: TaskGroup) -> None:
        """Ask for one cluster after the other; one that takes too long is left behind."""
        runtime = self._twin.runtime
        while self._issued < self._row.clusters:
            self._issued += 1
            if runtime.now() >= self._session:
                text = f"the token lasted {self._session:g} s"
                self._fail(self._issued - 1, Unauthorized.cause, text)
                continue
            request = _Request(runtime.event())
            group.start(self._create(self._issued - 1, request))
            try:
                async with runtime.deadline(self._timeout):
                    await request.ended.wait()
            except DeadlineExceeded:
                request.is_given_up = True
                text = f"no answer within {self._timeout:g} s"
                self._fail(self._issued - 1, TIMED_OUT, text)

    async def _create(self, number: int, request: "_Request") -> None:
        twin = self._twin
        started = twin.runtime.now()
        cluster = self._cluster(number)
        await twin.magnum.accept(PROJECT, cluster.name)
        ended = await twin.conductor.create(cluster)
        request.ended.set()
        if not request.is_given_up:
            self._note(ended, started)

    def _note(self, ended: Cluster, started: Seconds) -> None:
        twin = self._twin
        duration = twin.runtime.now() - started
        if ended.status is not ClusterStatus.CREATE_COMPLETE:
            cause = error_of(ended.name, ended.status_reason).cause
            self._failed.append(Failed(name=ended.name, cause=cause, text=ended.status_reason))
            return
        seen = observed(duration, self._prepoll, self._interval)
        self._created.append(Created(name=ended.name, seconds=duration, seen_s=seen, phases={}))
        if twin.recorder is not None:
            path = shares(twin.recorder, twin.runtime.running().trace, started)
            for name, seconds in path.items():
                self._shares[name] = self._shares.get(name, 0.0) + seconds

    def _fail(self, number: int, cause: str, text: str) -> None:
        self._failed.append(Failed(name=self._name(number), cause=cause, text=text))

    def outcome(self) -> RowOutcome:
        """Return what came of the clusters, once `run` has ended."""
        spent = creations(self._twin.log.events)
        created = (
            replace(one, phases=dict(spent[ClusterId(one.name)].phases)) for one in self._created
        )
        return RowOutcome(
            created=tuple(created), failed=tuple(self._failed), shares=dict(self._shares)
        )

    @staticmethod
    def _name(number: int) -> str:
        return f"cluster-{number}"

    def _cluster(self, number: int) -> Cluster:
        spec = self._twin.spec
        return cluster_as(
            self._row,
            spec.setup.cluster_template.template(),
            name=self._name(number),
            project=PROJECT,
            create_timeout_s=spec.create_timeout_s,
        )
