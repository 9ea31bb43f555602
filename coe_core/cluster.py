"""Frozen records: what a user asks for and what the repository keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count, islice
from typing import Final

from coe_twin.coe_core.choice import Choice
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.ids import ClusterId, OperationId, ProjectId, Tag
from coe_twin.coe_core.transitions import ClusterStatus, Trigger, advance
from coe_twin.coe_core.units import GiB, Seconds

TAG_PREFIX: Final = "coe:"
"""Begins every tag of ours; what follows is the id of the cluster."""


NO_VOLUME: Final = GiB(0)


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

    Attributes:
        name: unique in its cluster.
        flavor, image: of each server.
        min_node_count, max_node_count: what a resize may ask for; None is no limit.
        zones: availability zones to spread over; none is the placement policy's choice.
        volume_size: of a volume at each node [GiB]; 0 is none.
        labels, taints: what the COE is told of each node.
        removed: indexes that are not used again.
    """

    name: str
    role: Role
    node_count: int
    flavor: str
    image: str
    min_node_count: int = 0
    max_node_count: int | None = None
    zones: tuple[str, ...] = ()
    volume_size: GiB = NO_VOLUME
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
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
class Place:
    """Where a cluster lives: the address of Keystone, the region, and the project's id there."""

    keystone: str
    region: str
    project: ProjectId

    def __str__(self) -> str:
        return f"{self.keystone}, region {self.region or '(none)'}, project {self.project}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster as the repository keeps it; `version` grows by one with each save.

    Attributes:
        node_groups: at least one of masters and one of workers; names are unique.
        provisioner: how its resources are made; None where an early version did not say.
        policies: the document of the policies it was made under; empty is Magnum's way.
        place: where it lives; None where an early version did not say.
        revision: of what is asked for, one more with each change.
    """

    id: ClusterId
    name: str
    project: ProjectId
    template: ClusterTemplate
    node_groups: tuple[NodeGroup, ...]
    create_timeout: Seconds
    provisioner: Choice | None = None
    policies: Mapping[str, Json] = field(default_factory=dict)
    place: Place | None = None
    revision: int = 1
    status: ClusterStatus = ClusterStatus.CREATE_IN_PROGRESS
    status_reason: str = ""
    version: int = 0

    @property
    def tag(self) -> Tag:
        """The mark on everything in the cloud that belongs to this cluster."""
        return tag_of(self.id)

    def first(self, role: Role) -> NodeGroup:
        """Return the first group of `role`, which every cluster has."""
        return next(group for group in self.node_groups if group.role is role)

    def group(self, name: str) -> NodeGroup:
        """Return the group called `name`.

        Raises:
            InvalidRequest: there is none.
        """
        for one in self.node_groups:
            if one.name == name:
                return one
        raise InvalidRequest(f"node_group: {name!r} is no group of cluster {self.name!r}")

    def with_group(self, group: NodeGroup) -> "Cluster":
        """Return this cluster with `group` in the place of the one of its name."""
        groups = tuple(group if one.name == group.name else one for one in self.node_groups)
        return replace(self, node_groups=groups)

    def on(self, trigger: Trigger, reason: str = "") -> "Cluster":
        """Return this cluster after `trigger`.

        Raises:
            IllegalTransition: the status table forbids it.
        """
        return replace(self, status=advance(self.status, trigger), status_reason=reason)


def tag_of(cluster: ClusterId) -> Tag:
    """Return the mark on everything that belongs to the cluster of this id."""
    return Tag(f"{TAG_PREFIX}{cluster}")


def default_groups(
    template: ClusterTemplate, master_count: int, node_count: int
) -> tuple[NodeGroup, NodeGroup]:
    """Return the two groups that every cluster begins with, as Magnum makes and names them."""
    return (
        NodeGroup(
            name="default-master",
            role=Role.MASTER,
            node_count=master_count,
            flavor=template.master_flavor,
            image=template.image,
            volume_size=template.docker_volume_size,
        ),
        NodeGroup(
            name="default-worker",
            role=Role.WORKER,
            node_count=node_count,
            flavor=template.flavor,
            image=template.image,
            volume_size=template.docker_volume_size,
        ),
    )


def node_name(cluster: str, role: Role, index: int) -> str:
    """Return the name of a node's server, the same in every world."""
    return f"{cluster}-{role}-{index}"


def node_index(cluster: Cluster, name: str) -> int:
    """Return the index of the worker called `name`.

    Raises:
        InvalidRequest: the cluster has no such worker.
    """
    for index in cluster.first(Role.WORKER).members():
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

    `node_group` is what a resize wants, so that another process can take it up.
    """

    id: OperationId
    cluster: ClusterId
    verb: Verb
    asked_at: Seconds
    ended_at: Seconds | None = None
    failure: str = ""
    node_group: NodeGroup | None = None
