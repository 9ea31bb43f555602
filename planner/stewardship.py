"""Looking after clusters on a cloud: delete one, and find what belongs to none."""

from collections.abc import Iterable
from dataclasses import dataclass

from coe_twin.coe_core.cluster import Cluster, tag_of
from coe_twin.coe_core.ids import ClusterId, Tag
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.context import Context, Limits
from coe_twin.coe_core.lifecycle.sweep import Leftover, leftovers, sweep
from coe_twin.coe_core.policies import DEFAULT
from coe_twin.coe_core.policies.placement import AntiAffinity
from coe_twin.coe_core.ports.policies import BackoffPolicy
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.provisioners.direct import DirectProvisioner
from coe_twin.coe_core.provisioners.recorded import RecordedProvisioner
from coe_twin.coe_core.provisioners.removal import Removal
from coe_twin.coe_core.provisioners.sharded import ShardedProvisioner
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.coe_core.units import Seconds
from coe_twin.models.policy_set import PATIENT
from coe_twin.models.randomness import CounterDraws
from coe_twin.planner.apply import SWEEPS_MAX, Site, recorded

EVERY: PollSchedule = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))
"""How often a deletion is looked at; Magnum's own interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """What carries the tag of a cluster that the repository does not know."""

    tag: Tag
    left: tuple[Leftover, ...]


def patience(attempts_max: int = PATIENT.attempts_max) -> BackoffPolicy:
    """Return the back-off of a delete: so many attempts at most, 1 is none again."""
    return PATIENT.model_copy(update={"attempts_max": attempts_max}).policy()


async def delete_cluster(
    site: Site, cluster: ClusterId, backoff: BackoffPolicy | None = None
) -> Cluster:
    """Delete a cluster with all that carries its tag; return it as it ended.

    Args:
        site: the world that it lives in.
        cluster: its id.
        backoff: when to try again what failed in a way that may pass; by default `patience()`.

    Raises:
        UnknownCluster: the repository has none of this id.
        LeaseHeld: another process works on it.
        WrongPlace: it lives elsewhere.
    """
    seams = site.seams(EVERY)
    keeper = StackKeeper(site.cloud, site.poller, EVERY)
    stacks = ShardedProvisioner(
        runtime=site.runtime,
        stacks=site.cloud,
        keeper=keeper,
        batching=DEFAULT.batching,
        nodes_per_shard=1,
        phases=seams.phases,
    )
    removal = Removal(stacks, DirectProvisioner(seams, DEFAULT.batching, AntiAffinity()))
    current = await site.repository.get(cluster)
    context = Context(
        runtime=site.runtime,
        cloud=site.cloud,
        repository=site.repository,
        provisioner=RecordedProvisioner(lambda one: recorded(one, seams), removal),
        poller=site.poller,
        schedule=EVERY,
        backoff=backoff or patience(),
        draws=CounterDraws(0, 0),
        ids=site.ids,
        events=site.events,
        limits=Limits(delete_timeout=current.create_timeout, sweeps_max=SWEEPS_MAX),
        holder=site.holder,
        lease_ttl=site.lease_ttl,
        place=site.place,
    )
    return await Conductor(context, DEFAULT.admission).delete(cluster)


async def orphans(site: Site) -> tuple[Orphans, ...]:
    """Return what the project has under tags of clusters that are not in the repository."""
    # The tags come first: a record is written before anything in the cloud carries its tag.
    tags = await site.cloud.tags()
    known = {cluster.tag for cluster in await site.repository.clusters()}
    known |= {tag_of(one.cluster) for one in await site.repository.unreadable()}
    unknown = sorted(tags - known)
    found = [Orphans(tag=tag, left=await leftovers(site.cloud, tag)) for tag in unknown]
    return tuple(one for one in found if one.left)


async def delete_orphans(site: Site, found: Iterable[Orphans]) -> None:
    """Delete what `orphans` found.

    Raises:
        ResourceFailed: something cannot be deleted; it is named.
    """
    for one in found:
        await sweep(site.runtime, site.cloud, one.tag, pause=EVERY.every, rounds_max=SWEEPS_MAX)
