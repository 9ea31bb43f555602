"""A cluster as a row asks for it."""

from collections.abc import Mapping
from typing import Protocol

from coe_twin.coe_core.choice import Choice
from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, default_groups
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.units import Seconds


class Size(Protocol):
    """What a row says of the size of its clusters."""

    @property
    def nodes(self) -> int:
        """Workers of a cluster."""

    @property
    def masters(self) -> int:
        """Masters of a cluster."""


def cluster_as(
    size: Size,
    template: ClusterTemplate,
    *,
    name: str,
    project: ProjectId,
    create_timeout_s: float,
    provisioner: Choice | None = None,
    policies: Mapping[str, Json] | None = None,
) -> Cluster:
    """Return a cluster that nobody has begun to create; its name is also its id."""
    return Cluster(
        id=ClusterId(name),
        name=name,
        project=project,
        template=template,
        node_groups=default_groups(template, size.masters, size.nodes),
        create_timeout=Seconds(create_timeout_s),
        provisioner=provisioner,
        policies=policies or {},
    )
