"""One stack tree per cluster, Magnum's way."""

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import Stacks, StackSpec
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.coe_core.templates import kubernetes
from coe_twin.coe_core.templates.siting import NO_WISH, Siting


class StackProvisioner:
    """Hands the whole cluster to Heat as one template."""

    def __init__(
        self, stacks: Stacks, keeper: StackKeeper, phases: Phases, siting: Siting = NO_WISH
    ) -> None:
        self._stacks = stacks
        self._keeper = keeper
        self._phases = phases
        self._siting = siting

    async def converge(self, cluster: Cluster) -> None:
        """Create or update the cluster's stack; return when Heat is done."""
        found = await self._stacks.list_stacks(cluster.tag)
        with self._phases.of(cluster, "stack"):
            await self._keeper.converge(self.spec(cluster), found[0] if found else None)

    async def remove(self, cluster: Cluster) -> None:
        """Delete the cluster's stack."""
        for stack in await self._stacks.list_stacks(cluster.tag):
            await self._keeper.remove(stack)

    def spec(self, cluster: Cluster) -> StackSpec:
        """Return the stack that `cluster` asks for."""
        template = kubernetes.stack_template(cluster, self._siting)
        return StackSpec(
            name=cluster.name,
            project=cluster.project,
            tag=cluster.tag,
            template=template,
            files=kubernetes.files(cluster, self._siting),
            parameters=kubernetes.parameters(cluster, template, self._siting),
            timeout=cluster.create_timeout,
        )
