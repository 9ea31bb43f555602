"""Rally's Magnum scenario: so many clusters, so many at a time, and how it measures them.

What Rally reports is the time from its create call to the poll that sees CREATE_COMPLETE:
it sleeps `prepoll` first and then polls once per interval. Clusters stay until the end.

Source: rally commit 72a329de (24 Sep 2016), `magnum_cluster_create_prepoll_delay` 5 s and
`magnum_cluster_create_poll_interval` 1 s.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Role
from coe_twin.coe_core.errors import DeadlineExceeded, Unauthorized
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.ports.runtime import Event, TaskGroup
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models import scenario as schema
from coe_twin.models.scenario import Row
from coe_twin.planner.bottleneck import Shares, shares
from coe_twin.planner.twin import Twin

PROJECT = ProjectId("rally")
TIMED_OUT = "Rally timeout"


@dataclass(slots=True)
class Measured:
    """What one replication of a row yields.

    For each cluster that was created, `minutes` is what Rally reports [min], `seconds` how
    long it took [s].
    """

    minutes: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    shares: list[Shares] = field(default_factory=list)


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
        self.measured = Measured()

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
                self.measured.failures[Unauthorized.cause] += 1
                continue
            request = _Request(runtime.event())
            group.start(self._create(self._issued - 1, request))
            try:
                async with runtime.deadline(self._timeout):
                    await request.ended.wait()
            except DeadlineExceeded:
                request.is_given_up = True
                self.measured.failures[TIMED_OUT] += 1

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
        if ended.status is ClusterStatus.CREATE_COMPLETE:
            seen = observed(duration, self._prepoll, self._interval)
            self.measured.minutes.append(seen / 60.0)
            self.measured.seconds.append(duration)
            if twin.recorder is not None:
                last = twin.runtime.running().trace
                self.measured.shares.append(shares(twin.recorder, last, started))
        else:
            error = error_of(ended.name, ended.status_reason)
            self.measured.failures[error.cause] += 1

    def _cluster(self, number: int) -> Cluster:
        spec = self._twin.spec
        template = spec.setup.cluster_template.template()
        return Cluster(
            id=ClusterId(f"cluster-{number}"),
            name=f"cluster-{number}",
            project=PROJECT,
            template=template,
            masters=NodeGroup(
                name="default-master", role=Role.MASTER, node_count=self._row.masters
            ),
            workers=NodeGroup(name="default-worker", role=Role.WORKER, node_count=self._row.nodes),
            create_timeout=Seconds(spec.create_timeout_s),
        )
