"""Small worlds for the tests: a twin on a changed set-up, and clusters to ask it for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, default_groups
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.policies import DEFAULT, PolicySet
from coe_twin.coe_core.units import Seconds
from coe_twin.models import scenario_blocks as schema
from coe_twin.models.parameters import ParameterSet, load_parameters
from coe_twin.models.setup import Setup, load_setup
from coe_twin.planner.twin import Twin, TwinSpec

T = TypeVar("T")

PROVISIONERS: Mapping[str, schema.Provisioner] = {
    "stack": schema.StackProvisioner(),
    "sharded": schema.ShardedProvisioner(kind="sharded", nodes_per_shard=2),
    "direct": schema.DirectProvisioner(kind="direct"),
}
LEGACY: Mapping[str, Json] = {"heat.architecture": "legacy"}
CONVERGENCE: Mapping[str, Json] = {"heat.architecture": "convergence"}
LONG: float = 4000.0
"""Longer than any time-out of these worlds [s]: after it, nothing goes on any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A cluster to create."""

    name: str = "c0"
    project: str = "p0"
    masters: int = 1
    workers: int = 2


def twin_spec(
    setup: str = "cern-2016",
    provisioner: str = "stack",
    overrides: Mapping[str, Json] | None = None,
    *,
    parameters: Mapping[str, float] | None = None,
    policies: PolicySet = DEFAULT,
    create_timeout_s: float = 3600.0,
    seed: int = 1,
) -> TwinSpec:
    """Return a world like `setup`, but for `overrides` and `parameters`."""
    return TwinSpec(
        setup=_base(setup).with_overrides(dict(overrides or {})),
        parameters=_parameters(setup).with_values(parameters or {}),
        policies=policies,
        provisioner=PROVISIONERS[provisioner],
        create_timeout_s=create_timeout_s,
        seed=seed,
        replication=0,
    )


@cache
def _base(setup: str) -> Setup:
    return load_setup(setup)


@cache
def _parameters(setup: str) -> ParameterSet:
    return load_parameters(_base(setup).parameters)


def cluster_of(spec: TwinSpec, ask: Ask) -> Cluster:
    """Return the record with which `ask` begins."""
    template: ClusterTemplate = spec.setup.cluster_template.template()
    return Cluster(
        id=ClusterId(f"{ask.project}-{ask.name}"),
        name=ask.name,
        project=ProjectId(ask.project),
        template=template,
        node_groups=default_groups(template, ask.masters, ask.workers),
        create_timeout=Seconds(spec.create_timeout_s),
    )


def created(twin: Twin, ask: Ask, **changes: object) -> Awaitable[Cluster]:
    """Return what creates the cluster of `ask`; `changes` are fields of its template."""
    cluster = cluster_of(twin.spec, ask)
    template = replace(cluster.template, **changes)  # type: ignore[arg-type]  # by name
    groups = default_groups(template, ask.masters, ask.workers)
    return twin.conductor.create(replace(cluster, template=template, node_groups=groups))


def play(twin: Twin, scene: Callable[[], Awaitable[T]]) -> T:
    """Return what `scene` returns in the world of `twin`."""

    async def main() -> T:
        return await scene()

    return twin.runtime.run(main())
