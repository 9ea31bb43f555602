"""What one row of a scenario asks of a cloud, known before anything runs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from coe_twin.coe_core.cluster import Cluster, Role
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import DriverError, InvalidRequest
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.templates import kubernetes
from coe_twin.coe_core.templates.siting import Siting
from coe_twin.models.clusters import cluster_as
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario_blocks import DirectProvisioner, Row, ShardedProvisioner
from coe_twin.models.setup import Setup
from coe_twin.planner.twin import TwinSpec
from coe_twin.sim_driver.hot.graph import compile_template
from coe_twin.sim_driver.hot.plan import TemplatePlan

Built = tuple[dict[str, Json], int]
"""A template, and how many stacks of a cluster are built from one like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one cluster of a row asks for.

    `stacks` counts top-level stacks, `resources` Heat resources as Heat counts them, in all
    stacks and in the largest; `nested_depth` is the depth of the deepest. Without Heat all
    four are 0.
    """

    servers: int
    stacks: int = 0
    resources: int = 0
    resources_largest: int = 0
    nested_depth: int = 0

    def warnings(self, row: Row, setup: Setup) -> Iterator[str]:
        """Yield for each limit of Heat what will be refused because of it."""
        heat = setup.heat
        most = heat.max_resources_per_stack
        if 0 <= most < self.resources_largest:
            yield f"a stack has {self.resources_largest} resources, Heat's limit is {most}"
        if self.nested_depth > heat.max_nested_stack_depth:
            limit = heat.max_nested_stack_depth
            yield f"stacks are nested {self.nested_depth} deep, Heat's limit is {limit}"
        total = self.stacks * row.clusters
        if 0 <= heat.max_stacks_per_project < total:
            limit = heat.max_stacks_per_project
            yield f"the clusters have {total} stacks in all, Heat's limit per project is {limit}"


def demand_of(spec: TwinSpec, row: Row) -> Demand:
    """Return what one cluster of `row` asks for.

    Raises:
        InvalidInput: a template is refused: it has a cycle, or an unknown resource type.
    """
    servers = row.nodes + row.masters
    if isinstance(spec.provisioner, DirectProvisioner):
        return Demand(servers=servers)
    cluster = cluster_of(spec, row)
    siting = _siting(spec)
    try:
        counted = [
            (_compiled(cluster, template, siting), count)
            for template, count in _templates(spec, cluster, siting)
        ]
    except (DriverError, InvalidRequest, ValueError) as error:
        raise InvalidInput(f"the cluster's template is refused: {error}") from None
    return Demand(
        servers=servers,
        stacks=sum(count for _, count in counted),
        resources=sum(size * count for (size, _), count in counted),
        resources_largest=max(size for (size, _), _ in counted),
        nested_depth=max(depth for (_, depth), _ in counted),
    )


def cluster_of(spec: TwinSpec, row: Row) -> Cluster:
    """Return a cluster as `row` asks for it."""
    return cluster_as(
        row,
        spec.setup.cluster_template.template(),
        name="cluster-0",
        project=ProjectId("rally"),
        create_timeout_s=spec.create_timeout_s,
    )


def _templates(spec: TwinSpec, cluster: Cluster, siting: Siting) -> Iterator[Built]:
    if not isinstance(spec.provisioner, ShardedProvisioner):
        yield kubernetes.stack_template(cluster, siting), 1
        return
    yield kubernetes.masters_template(cluster, siting), 1
    members = cluster.first(Role.WORKER).members()
    size = spec.provisioner.nodes_per_shard
    sizes = Counter(len(members[start : start + size]) for start in range(0, len(members), size))
    for nodes, count in sizes.items():
        yield kubernetes.shard_template(cluster, members[:nodes], siting), count


def _siting(spec: TwinSpec) -> Siting:
    zones = tuple(spec.setup.hypervisors.availability_zones)
    return Siting(placement=spec.policies.placement, zones=zones)


def _compiled(cluster: Cluster, template: Mapping[str, Json], siting: Siting) -> tuple[int, int]:
    """Return the resources and the nested depth of a stack of `template`."""
    plan: TemplatePlan = compile_template(template, kubernetes.files(cluster, siting))
    values = kubernetes.parameters(cluster, template, siting)
    return plan.total_resources(values), plan.nested_depth
