"""The provisioner of a choice, built on the seams of a world."""

from typing import assert_never

from coe_twin.coe_core.choice import Choice, Direct, OneStack, Shards
from coe_twin.coe_core.policies import PolicySet
from coe_twin.coe_core.ports.provisioner import Provisioner
from coe_twin.coe_core.provisioners.direct import DirectProvisioner
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.provisioners.sharded import ShardedProvisioner
from coe_twin.coe_core.provisioners.stack import StackProvisioner
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.coe_core.templates.siting import Siting


def provisioner_of(choice: Choice, policies: PolicySet, seams: Seams) -> Provisioner:
    """Return the provisioner of `choice`, the same in every world."""
    siting = Siting(placement=policies.placement, zones=seams.zones)
    keeper = StackKeeper(seams.cloud, seams.poller, seams.schedule)
    match choice:
        case OneStack():
            return StackProvisioner(seams.cloud, keeper, seams.phases, siting)
        case Shards(nodes_per_shard):
            return ShardedProvisioner(
                runtime=seams.runtime,
                stacks=seams.cloud,
                keeper=keeper,
                batching=policies.batching,
                nodes_per_shard=nodes_per_shard,
                phases=seams.phases,
                siting=siting,
            )
        case Direct():
            return DirectProvisioner(seams, policies.batching, policies.placement)
        case _:
            assert_never(choice)
