"""A cluster as k stacks of m workers under a window, beside one stack for the rest.

Heat builds one stack tree serially at its root; several trees are built side by side.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coe_twin.coe_core.cluster import Cluster, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import Stack, Stacks, StackSpec
from coe_twin.coe_core.ports.policies import BatchingPolicy
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.provisioners.batches import Batches
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.coe_core.templates import kubernetes
from coe_twin.coe_core.templates.siting import NO_WISH, Siting

MEMBERS: Final = "shard_members"
"""A parameter that no resource uses: by it a stack shows which workers it was made with."""


class ShardedProvisioner:
    """Worker `i` lives in shard `i // nodes_per_shard`, for the life of the cluster."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        stacks: Stacks,
        keeper: StackKeeper,
        batching: BatchingPolicy,
        nodes_per_shard: int,
        phases: Phases,
        siting: Siting = NO_WISH,
    ) -> None:
        if nodes_per_shard < 1:
            raise ValueError(f"nodes_per_shard: {nodes_per_shard!r} is not a count >= 1")
        self._runtime = runtime
        self._stacks = stacks
        self._keeper = keeper
        self._batching = batching
        self._nodes_per_shard = nodes_per_shard
        self._phases = phases
        self._siting = siting

    async def converge(self, cluster: Cluster) -> None:
        """Bring the masters up, then the shards; remove shards that are no longer wanted."""
        found = {stack.name: stack for stack in await self._stacks.list_stacks(cluster.tag)}
        masters = self._masters(cluster)
        with self._phases.of(cluster, "masters"):
            await self._keeper.converge(masters, found.pop(masters.name, None))
        shards = self.shards(cluster)
        wanted = tuple(shards.values())

        async def one(number: int) -> None:
            await self._keeper.converge(wanted[number], found.get(wanted[number].name))

        with self._phases.of(cluster, "shards"):
            await Batches(self._runtime, self._batching, one).run(range(len(wanted)))
        await self._remove([found[name] for name in sorted(found) if name not in shards])

    async def remove(self, cluster: Cluster) -> None:
        """Delete all stacks of the cluster, the one with the network last."""
        listed = await self._stacks.list_stacks(cluster.tag)
        stacks = sorted(listed, key=lambda stack: stack.name)  # no listing has an order
        first = self._masters(cluster).name
        await self._remove([stack for stack in stacks if stack.name != first])
        await self._remove([stack for stack in stacks if stack.name == first])

    def shards(self, cluster: Cluster) -> Mapping[str, StackSpec]:
        """Return the specs of the worker stacks by name."""
        members: dict[int, list[int]] = {}
        for index in cluster.first(Role.WORKER).members():
            members.setdefault(index // self._nodes_per_shard, []).append(index)
        specs = (self._shard(cluster, number, indexes) for number, indexes in members.items())
        return {spec.name: spec for spec in specs}

    async def _remove(self, stacks: list[Stack]) -> None:
        async def one(number: int) -> None:
            await self._keeper.remove(stacks[number])

        await Batches(self._runtime, self._batching, one).run(range(len(stacks)))

    def _masters(self, cluster: Cluster) -> StackSpec:
        template = kubernetes.masters_template(cluster, self._siting)
        return self._spec(cluster, f"{cluster.name}-masters", template)

    def _shard(self, cluster: Cluster, number: int, indexes: list[int]) -> StackSpec:
        template = kubernetes.shard_template(cluster, indexes, self._siting)
        spec = self._spec(cluster, f"{cluster.name}-shard-{number}", template)
        return _with_members(spec, indexes)

    def _spec(self, cluster: Cluster, name: str, template: dict[str, Json]) -> StackSpec:
        return StackSpec(
            name=name,
            project=cluster.project,
            tag=cluster.tag,
            template=template,
            files=kubernetes.files(cluster, self._siting),
            parameters=kubernetes.parameters(cluster, template, self._siting),
            timeout=cluster.create_timeout,
        )


def _with_members(spec: StackSpec, indexes: list[int]) -> StackSpec:
    """Return `spec` with its members as a parameter, so that a change of them is one of it."""
    declared = spec.template["parameters"]
    assert isinstance(declared, dict), "a template declares its parameters by name"
    member: Json = {"type": "comma_delimited_list", "description": "indexes of the workers"}
    return replace(
        spec,
        template={**spec.template, "parameters": {**declared, MEMBERS: member}},
        parameters={**spec.parameters, MEMBERS: [str(index) for index in indexes]},
    )
