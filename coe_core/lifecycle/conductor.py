"""Accepts requests, admits them under a policy, and runs one operation per cluster at a time."""

from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any, Final

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import Superseded
from coe_twin.coe_core.events import EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.lifecycle.create import create
from coe_twin.coe_core.lifecycle.delete import delete
from coe_twin.coe_core.lifecycle.leases import Work, under_lease
from coe_twin.coe_core.lifecycle.resize import resize, resized, resume_resize
from coe_twin.coe_core.ports.policies import AdmissionPolicy, AdmissionView, Finished, Request
from coe_twin.coe_core.ports.runtime import Event, Semaphore
from coe_twin.coe_core.told import check_told
from coe_twin.coe_core.transitions import ClusterStatus

FINISHED_MAX: Final = 1000
"""How many ended operations an admission policy may look back on."""


class Conductor:
    """The entry to the lifecycle: what an API, a plan or a simulation calls."""

    def __init__(self, context: Context, admission: AdmissionPolicy) -> None:
        self._context = context
        self._admission = admission
        self._waiting: dict[Request, Event] = {}
        self._running: dict[Request, None] = {}
        self._finished: deque[Finished] = deque(maxlen=FINISHED_MAX)
        self._turns: dict[ClusterId, Semaphore] = {}
        self._stops: dict[ClusterId, Event] = {}
        self._asked = 0

    async def create(self, cluster: Cluster) -> Cluster:
        """Store `cluster` and create it; return it as it ended.

        Raises:
            InvalidRequest: its nodes could not be told what it says.
            DuplicateCluster: there is one of this id.
            Superseded: the cluster was deleted meanwhile.
            LeaseHeld, LeaseLost: another process works on it.
            WrongPlace: it lives elsewhere.
        """
        check_told(cluster)
        cluster = self._context.here(cluster)
        await self._context.repository.add(cluster)
        self._context.log(cluster, EventKind.STATUS_CHANGED, cluster.status)
        return await self._run(cluster, self._create)

    async def resize(
        self, cluster: ClusterId, node_count: int, nodes_to_remove: Iterable[str] = ()
    ) -> Cluster:
        """Resize a cluster; return it as it ended.

        Raises:
            UnknownCluster: there is none of this id.
            IllegalTransition: its status does not allow it.
            InvalidRequest: see `resized`.
            LeaseHeld, LeaseLost: another process works on it.
            WrongPlace: it lives elsewhere.
        """
        names = tuple(nodes_to_remove)

        async def work(current: Cluster) -> Cluster:
            group = resized(current, node_count, names)
            return await resize(self._context, current, group)

        current = await self._stored(cluster)
        resized(current, node_count, names)  # what can be known to be wrong waits for nobody
        return await self._run(current, work)

    async def delete(self, cluster: ClusterId) -> Cluster:
        """Delete a cluster; return it as it ended. What runs on it is given up.

        Raises:
            UnknownCluster: there is none of this id, or another delete was faster.
            Superseded: another delete took over.
            LeaseHeld, LeaseLost: another process works on it.
            WrongPlace: it lives elsewhere.
        """
        current = await self._stored(cluster)
        if cluster in self._stops:
            self._stops[cluster].set()
        return await self._run(current, self._delete)

    async def resume(self, cluster: ClusterId) -> Cluster:
        """Take up what a process that is gone began; return the cluster as it ended.

        Raises:
            UnknownCluster: there is none of this id.
            Superseded: the cluster was deleted meanwhile.
            LeaseHeld, LeaseLost: another process works on it.
            WrongPlace: it lives elsewhere.
        """
        return await self._run(await self._stored(cluster), self._resume)

    async def _stored(self, cluster: ClusterId) -> Cluster:
        """Return the record of a cluster that lives here."""
        return self._context.here(await self._context.repository.get(cluster))

    async def _create(self, cluster: Cluster) -> Cluster:
        return await create(self._context, cluster)

    async def _delete(self, cluster: Cluster) -> Cluster:
        return await delete(self._context, cluster)

    async def _resume(self, cluster: Cluster) -> Cluster:
        match cluster.status:
            case ClusterStatus.CREATE_IN_PROGRESS:
                return await create(self._context, cluster)
            case ClusterStatus.UPDATE_IN_PROGRESS:
                return await resume_resize(self._context, cluster)
            case ClusterStatus.DELETE_IN_PROGRESS:
                return await delete(self._context, cluster)
        await self._context.close_unended(cluster)
        return cluster

    async def _run(self, cluster: Cluster, work: Work) -> Cluster:
        turn = self._turns.setdefault(cluster.id, self._context.runtime.semaphore(1))
        await turn.acquire()
        stop = self._stops[cluster.id] = self._context.runtime.event()
        try:
            return await self._until_stopped(stop, self._admit_and_do(cluster, work))
        finally:
            turn.release()

    async def _admit_and_do(self, cluster: Cluster, work: Work) -> Cluster:
        request = self._request(cluster)
        await self._admitted(request)
        started_at = self._context.runtime.now()
        has_failed = True
        try:
            ended = await under_lease(
                self._context, cluster.id, lambda taken: work(self._context.here(taken))
            )
            has_failed = ended.status.is_failed
        finally:
            ended_at = self._context.runtime.now()
            self._leave(
                request, Finished(started_at=started_at, ended_at=ended_at, has_failed=has_failed)
            )
        return ended

    async def _until_stopped(self, stop: Event, operation: Coroutine[Any, Any, Cluster]) -> Cluster:
        has_ended = False

        async def watch() -> None:
            await stop.wait()
            if not has_ended:
                raise Superseded("the cluster is being deleted")

        async with self._context.runtime.task_group() as group:
            group.start(watch())
            ended = await operation
            has_ended = True
            stop.set()
        return ended

    def _request(self, cluster: Cluster) -> Request:
        self._asked += 1
        return Request(
            name=f"{cluster.id}/{self._asked}",
            project=cluster.project,
            arrived_at=self._context.runtime.now(),
        )

    async def _admitted(self, request: Request) -> None:
        gate = self._context.runtime.event()
        self._waiting[request] = gate
        self._pump()
        is_admitted = False
        try:
            await gate.wait()
            is_admitted = True
        finally:
            if not is_admitted:
                self._waiting.pop(request, None)
                self._running.pop(request, None)
                self._pump()

    def _leave(self, request: Request, finished: Finished) -> None:
        del self._running[request]
        self._finished.append(finished)
        self._pump()

    def _pump(self) -> None:
        view = AdmissionView(
            waiting=tuple(self._waiting),
            running=tuple(self._running),
            finished=tuple(self._finished),
        )
        for request in self._admission.admit(view, self._context.runtime.now()):
            self._running[request] = None
            self._waiting.pop(request).set()
