import pytest

from coe_twin.coe_core.errors import Conflict
from coe_twin.coe_core.lifecycle.sweep import leftovers
from coe_twin.coe_core.policies import DEFAULT
from coe_twin.coe_core.policies.placement import AntiAffinity
from coe_twin.coe_core.provisioners.direct import DirectProvisioner
from coe_twin.coe_core.provisioners.removal import Removal
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.provisioners.sharded import ShardedProvisioner
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.planner.apply import apply
from tests.unit.sites import PROJECT, PROVISIONERS, Ground, context_of, plan, policies, row


def removal_on(ground: Ground) -> Removal:
    context = context_of(ground)
    seams = Seams(
        runtime=context.runtime,
        cloud=context.cloud,
        poller=context.poller,
        schedule=context.schedule,
        zones=(),
        phases=context.phases,
    )
    stacks = ShardedProvisioner(
        runtime=context.runtime,
        stacks=context.cloud,
        keeper=StackKeeper(context.cloud, context.poller, context.schedule),
        batching=DEFAULT.batching,
        nodes_per_shard=1,
        phases=context.phases,
    )
    return Removal(stacks, DirectProvisioner(seams, DEFAULT.batching, AntiAffinity()))


def test_a_removal_makes_nothing() -> None:
    """Only the plan of a cluster says how it is built."""
    ground = Ground()
    (cluster,) = plan().clusters_of(0, PROJECT)
    with pytest.raises(Conflict, match="coe-twin apply"):
        ground.run(lambda: removal_on(ground).converge(cluster))


@pytest.mark.parametrize("provisioner", PROVISIONERS)
def test_a_removal_waits_until_stacks_and_nodes_are_gone(provisioner: str) -> None:
    """Whichever provisioner made them, and without the sweep that follows it."""
    ground = Ground()
    what = plan(
        row(nodes=3),
        provisioner=PROVISIONERS[provisioner],
        policies=policies(placement={"kind": "anti-affinity"}),
    )

    async def scene() -> list[str]:
        (done,) = await apply(what, ground.site(), print)
        await removal_on(ground).remove(done.cluster)
        return [one.kind for one in await leftovers(ground.cloud, done.cluster.tag)]

    assert ground.run(scene) == ["trust"]
