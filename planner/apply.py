"""`apply`: the judged plan, carried out by the same core in another world."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.errors import DuplicateCluster, LeaseHeld, UnknownCluster
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.context import Context, Limits
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.draws import EventSink, Ids
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.preflight import offer_of, problems
from coe_twin.coe_core.provisioners.choice import provisioner_of
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.plan import Plan
from coe_twin.models.randomness import CounterDraws
from coe_twin.planner.carry_out import carry_out

SWEEPS_MAX = 60
"""Rounds of a delete before what is left is named; each takes a poll interval (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A world in which a plan can be carried out.

    `holder` names this process on leases of `lease_ttl` [s].
    """

    runtime: Runtime
    cloud: CloudDriver
    repository: ClusterRepository
    poller: Poller
    events: EventSink
    ids: Ids
    project: ProjectId
    zones: tuple[str, ...]
    holder: str
    lease_ttl: Seconds


class How(StrEnum):
    """What `apply` did about a cluster."""

    CREATED = "created"
    RESUMED = "resumed"
    FOUND = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A cluster of the plan as `apply` left it."""

    row: int
    how: How
    cluster: Cluster


Tell = Callable[[str], None]
"""Is told a line when something is worth it."""


class Watched:
    """An event sink that also keeps what passes, for the drift report."""

    def __init__(self, inner: EventSink) -> None:
        self._inner = inner
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Pass `event` on and keep it."""
        self._inner.record(event)
        self.events.append(event)


async def apply(plan: Plan, site: Site, tell: Tell) -> tuple[Applied, ...]:
    """Create what `plan` asks for and is not there; return every cluster as it ended.

    What an earlier `apply` of this plan finished is left alone; what it left unfinished is
    taken up.

    Raises:
        InvalidInput: the cloud cannot hold the plan; nothing was created.
        DriverError: the cloud cannot be asked what it offers.
    """
    await require_room(plan, site)
    conductor = conductor_of(plan, site)
    done: list[Applied] = []
    for number, row in enumerate(plan.study.rows):

        async def create(cluster: Cluster, number: int = number) -> None:
            done.append(await _ensure(conductor, site, cluster, number, tell))

        clusters = plan.clusters_of(number, site.project)
        await carry_out(site.runtime, clusters, row.concurrency, create)
    return tuple(done)


def conductor_of(plan: Plan, site: Site) -> Conductor:
    """Return the lifecycle under the plan's policies and provisioner."""
    study = plan.study
    policies = study.policies.policy_set()
    interval = plan.poll_interval
    schedule = PollSchedule(first_after=interval, every=interval)
    seams = Seams(
        runtime=site.runtime,
        cloud=site.cloud,
        poller=site.poller,
        schedule=schedule,
        zones=site.zones,
        phases=Phases(site.runtime, site.events),
    )
    timeout = Seconds(study.create_timeout_s)
    context = Context(
        runtime=site.runtime,
        cloud=site.cloud,
        repository=site.repository,
        provisioner=provisioner_of(study.provisioner.choice(), policies, seams),
        poller=site.poller,
        schedule=schedule,
        backoff=policies.backoff,
        draws=CounterDraws(study.seed, 0),
        ids=site.ids,
        events=site.events,
        limits=Limits(delete_timeout=timeout, sweeps_max=SWEEPS_MAX),
        holder=site.holder,
        lease_ttl=site.lease_ttl,
    )
    return Conductor(context, policies.admission)


async def require_room(plan: Plan, site: Site) -> None:
    """Pass if the cloud has all that the clusters need which are still to be created.

    Raises:
        InvalidInput: it has not; the line gives every reason.
    """
    wanted = [
        cluster
        for number in range(len(plan.study.rows))
        for cluster in plan.clusters_of(number, site.project)
        if await _stored(site, cluster) is None
    ]
    found = problems(
        wanted, plan.study.provisioner.choice(), await offer_of(site.cloud, site.project)
    )
    if found:
        raise InvalidInput(_refusal(found))


def _refusal(reasons: Sequence[str]) -> str:
    """Return one line; several reasons are numbered, since each has its own semicolons."""
    if len(reasons) == 1:
        return f"nothing was created; {reasons[0]}"
    numbered = " ".join(f"({number}) {reason}" for number, reason in enumerate(reasons, 1))
    return f"nothing was created, for {len(reasons)} reasons: {numbered}"


async def _ensure(
    conductor: Conductor, site: Site, cluster: Cluster, row: int, tell: Tell
) -> Applied:
    stored = await _stored(site, cluster)
    if stored is None:
        with suppress(DuplicateCluster, LeaseHeld):  # another `apply` of this plan was faster
            ended = await conductor.create(cluster)
            return Applied(row=row, how=How.CREATED, cluster=ended)
        stored = await site.repository.get(cluster.id)
    if not stored.status.is_in_progress:
        return Applied(row=row, how=How.FOUND, cluster=stored)
    ended = await _resumed(conductor, site, stored, tell)
    return Applied(row=row, how=How.RESUMED, cluster=ended)


async def _resumed(conductor: Conductor, site: Site, cluster: Cluster, tell: Tell) -> Cluster:
    """Take `cluster` up once whoever works on it is gone, or has finished."""
    while True:
        try:
            return await conductor.resume(cluster.id)
        except LeaseHeld as held:
            tell(f"{held}; waiting")
            await site.runtime.sleep(Seconds(min(held.left + 0.5, 5.0)))


async def _stored(site: Site, cluster: Cluster) -> Cluster | None:
    try:
        return await site.repository.get(cluster.id)
    except UnknownCluster:
        return None


def failed(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    """Return the clusters that are not CREATE_COMPLETE."""
    good = (ClusterStatus.CREATE_COMPLETE, ClusterStatus.UPDATE_COMPLETE)
    return tuple(one for one in applied if one.cluster.status not in good)
