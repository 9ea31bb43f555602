"""`apply`: the judged plan, carried out by the same core in another world."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from coe_twin.coe_core.cluster import Cluster, Place
from coe_twin.coe_core.errors import DuplicateCluster, LeaseHeld, UnknownCluster
from coe_twin.coe_core.events import Event
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.context import Context, Limits
from coe_twin.coe_core.lifecycle.place import living_at
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.draws import EventSink, Ids
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.ports.provisioner import Provisioner
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.preflight import offer_of, problems
from coe_twin.coe_core.provisioners.choice import provisioner_of
from coe_twin.coe_core.provisioners.direct import wanted_nodes
from coe_twin.coe_core.provisioners.recorded import RecordedProvisioner
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.models.errors import InvalidInput
from coe_twin.models.plan import Plan
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.validation import validated
from coe_twin.planner.carry_out import carry_out

SWEEPS_MAX = 60
"""Rounds of a delete before what is left is named; each takes a poll interval (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A world in which a plan can be carried out.

    `holder` names this process on leases of `lease_ttl` [s]; `place` is where the cloud is.
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
    place: Place | None = None

    def seams(self, schedule: PollSchedule) -> Seams:
        """Return what a provisioner needs, looking at the ticks of `schedule`."""
        return Seams(
            runtime=self.runtime,
            cloud=self.cloud,
            poller=self.poller,
            schedule=schedule,
            zones=self.zones,
            phases=Phases(self.runtime, self.events),
        )


def recorded(cluster: Cluster, seams: Seams) -> Provisioner:
    """Return the provisioner that the record of `cluster` names, under its policies."""
    assert cluster.provisioner is not None, "only a record that says how has one"
    policies = validated(PolicySetFile, dict(cluster.policies) or {"schema_version": 1})
    return provisioner_of(cluster.provisioner, policies.policy_set(), seams)


class How(StrEnum):
    """What `apply` did about a cluster."""

    CREATED = "created"
    RESUMED = "resumed"
    FOUND = "found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A cluster of the plan as `apply` left it.

    `missing` names the servers that a cluster which was found has lost since it was complete.
    """

    row: int
    how: How
    cluster: Cluster
    missing: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the cluster is there, with all its servers."""
        good = (ClusterStatus.CREATE_COMPLETE, ClusterStatus.UPDATE_COMPLETE)
        return self.cluster.status in good and not self.missing


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
        WrongPlace: a cluster of the plan lives elsewhere.
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
    seams = site.seams(schedule)
    timeout = Seconds(study.create_timeout_s)
    context = Context(
        runtime=site.runtime,
        cloud=site.cloud,
        repository=site.repository,
        provisioner=RecordedProvisioner(
            lambda cluster: recorded(cluster, seams),
            provisioner_of(study.provisioner.choice(), policies, seams),
        ),
        poller=site.poller,
        schedule=schedule,
        backoff=policies.backoff,
        draws=CounterDraws(study.seed, 0),
        ids=site.ids,
        events=site.events,
        limits=Limits(delete_timeout=timeout, sweeps_max=SWEEPS_MAX),
        holder=site.holder,
        lease_ttl=site.lease_ttl,
        place=site.place,
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
    stored = living_at(stored, site.place)
    if not stored.status.is_in_progress:
        missing = await _missing(site, stored)
        return Applied(row=row, how=How.FOUND, cluster=stored, missing=missing)
    ended = await _resumed(conductor, site, stored, tell)
    return Applied(row=row, how=How.RESUMED, cluster=ended)


async def _missing(site: Site, cluster: Cluster) -> tuple[str, ...]:
    """Return the servers of a complete cluster that are not there: a record alone is no proof."""
    if cluster.status.is_failed:
        return ()
    present = {server.name for server in await site.cloud.list_servers(cluster.tag)}
    return tuple(node.name for node in wanted_nodes(cluster) if node.name not in present)


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
    """Return the clusters that are not complete."""
    return tuple(one for one in applied if not one.is_complete)
