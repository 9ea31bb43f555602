"""How the resources of a cluster are made: a value that a plan and a record carry."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class OneStack:
    """One stack tree per cluster, Magnum's way."""


@dataclass(frozen=True, slots=True)
class Shards:
    """Stacks of at most `nodes_per_shard` nodes each, beside one for the rest."""

    nodes_per_shard: int


@dataclass(frozen=True, slots=True)
class Direct:
    """Server by server, Cluster API's way."""


Choice: TypeAlias = OneStack | Shards | Direct
