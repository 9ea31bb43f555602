"""The parts of a scenario: its rows, who asks for them, and how clusters are provisioned."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from coe_twin.coe_core.choice import Choice, Direct, OneStack, Shards
from coe_twin.models.block import Block

NodeCount = Annotated[int, Field(ge=1, le=10_000)]
ClusterCount = Annotated[int, Field(ge=1, le=10_000)]


class StackProvisioner(Block):
    """One stack tree per cluster, Magnum's way."""

    kind: Literal["stack"] = "stack"

    def choice(self) -> Choice:
        return OneStack()


class ShardedProvisioner(Block):
    """Several stacks per cluster, of at most `nodes_per_shard` nodes each."""

    kind: Literal["sharded"]
    nodes_per_shard: NodeCount

    def choice(self) -> Choice:
        return Shards(self.nodes_per_shard)


class DirectProvisioner(Block):
    """Server by server, Cluster API's way."""

    kind: Literal["direct"]

    def choice(self) -> Choice:
        return Direct()


Provisioner: TypeAlias = StackProvisioner | ShardedProvisioner | DirectProvisioner


class Rally(Block):
    """Rally as the client; after `timeout_s` it counts a cluster as failed, null is never.

    Its token lasts `session_s` from the beginning, null is for ever; then it is refused.
    """

    timeout_s: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    session_s: Annotated[float, Field(gt=0, le=1_000_000)] | None = None


class Limits(Block):
    """What an experiment may cost at most."""

    cost_events_max: Annotated[int, Field(ge=1, le=10**12)] = 50_000_000


class Row(Block):
    """So many clusters of one size, `concurrency` of them at a time.

    `published_minutes` is the published mean time to create one, `published_clusters` the
    published count that could be created; null where nothing was published. What was
    published was rounded by up to `rounding`, in its unit.
    """

    nodes: NodeCount
    concurrency: Annotated[int, Field(ge=1, le=1000)]
    clusters: Annotated[ClusterCount, Field(default_factory=lambda row: int(row["concurrency"]))]
    masters: Annotated[int, Field(ge=1, le=7)] = 1
    published_minutes: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    published_clusters: Annotated[int, Field(ge=0, le=10_000)] | None = None
    rounding: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0

    @model_validator(mode="after")
    def _masters_can_vote(self) -> Self:
        if self.masters % 2 == 0:
            raise ValueError(f"masters is {self.masters}; accepted is 1, 3, 5 or 7")
        return self
