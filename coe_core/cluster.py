"""Frozen records: what a user asks for and what the repository keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count, islice
from typing import Final

from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.ids import ClusterId, OperationId, ProjectId, Tag
from coe_twin.coe_core.transitions import ClusterStatus, Trigger, advance
from coe_twin.coe_core.units import GiB, Seconds

TAG_PREFIX: Final = "coe:"
"""Begins every tag of ours; what follows is the id of the cluster."""


class Role(StrEnum):
    """What a node does in its cluster; the words of Magnum's node groups."""

    MASTER = "master"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTemplate:
    """A cluster template in Magnum's sense: everything that clusters share.

    `generation` names the family of Heat templates (`mitaka`, `newton`, `lean`), see
    `coe_core.templates.kubernetes`. `is_flat_network` plugs nodes into the existing
    `fixed_network` instead of building a private network with a router.
    """

    name: str
    coe: str
    generation: str
    image: str
    flavor: str
    master_flavor: str
    fixed_network: str
    external_network: str
    docker_volume_size: GiB
    is_flat_network: bool
    floating_ip_enabled: bool
    master_lb_enabled: bool
    keypair: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroup:
    """Nodes of one role: how many are wanted, and which indexes were retired by name.

    Members are the first `node_count` natural numbers that are not in `removed`; this is
    how Heat's ResourceGroup numbers its members under `removal_policies`, so every
    provisioner ends with the same nodes.
    """

    name: str
    role: Role
    node_count: int
    removed: frozenset[int] = frozenset()

    def members(self) -> tuple[int, ...]:
        """Return the indexes of the wanted nodes, ascending."""
        return tuple(islice((i for i in count() if i not in self.removed), self.node_count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One server of a cluster as it was observed."""

    name: str
    role: Role
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster as the repository keeps it; `version` grows by one with each save."""

    id: ClusterId
    name: str
    project: ProjectId
    template: ClusterTemplate
    masters: NodeGroup
    workers: NodeGroup
    create_timeout: Seconds
    status: ClusterStatus = ClusterStatus.CREATE_IN_PROGRESS
    status_reason: str = ""
    version: int = 0

    @property
    def tag(self) -> Tag:
        """The mark on everything in the cloud that belongs to this cluster."""
        return Tag(f"{TAG_PREFIX}{self.id}")

    def on(self, trigger: Trigger, reason: str = "") -> "Cluster":
        """Return this cluster after `trigger`.

        Raises:
            IllegalTransition: the status table forbids it.
        """
        return replace(self, status=advance(self.status, trigger), status_reason=reason)


def node_name(cluster: str, role: Role, index: int) -> str:
    """Return the name of a node's server, the same in every world."""
    return f"{cluster}-{role}-{index}"


def node_index(cluster: Cluster, name: str) -> int:
    """Return the index of the worker called `name`.

    Raises:
        InvalidRequest: the cluster has no such worker.
    """
    for index in cluster.workers.members():
        if node_name(cluster.name, Role.WORKER, index) == name:
            return index
    raise InvalidRequest(f"nodes_to_remove: {name!r} is not a node of cluster {cluster.name!r}")


class Verb(StrEnum):
    """What an operation does."""

    CREATE = "create"
    RESIZE = "resize"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An intent that is written before the first act, and closed after the last.

    `workers` is what a resize wants, so that another process can take it up.
    """

    id: OperationId
    cluster: ClusterId
    verb: Verb
    asked_at: Seconds
    ended_at: Seconds | None = None
    failure: str = ""
    workers: NodeGroup | None = None
