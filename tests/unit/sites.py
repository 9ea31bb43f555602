"""Sites on the twin: the same `apply` and the same core, on a cloud that costs nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import OperationId, ProjectId
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_log import EventLog
from coe_twin.models.plan import Plan, digest_of
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import Setup, load_setup
from coe_twin.planner.apply import Site, conductor_of
from coe_twin.planner.result import MODEL_VERSION
from coe_twin.planner.twin import CountingIds
from coe_twin.sim_driver.cloud import SimCloud
from coe_twin.sim_driver.runtime import SimRuntime
from coe_twin.sim_driver.world import World

T = TypeVar("T")

PROJECT = ProjectId("demo")
TTL = Seconds(15.0)
PROVISIONERS: Mapping[str, dict[str, Json]] = {
    "stack": {"kind": "stack"},
    "sharded": {"kind": "sharded", "nodes_per_shard": 2},
    "direct": {"kind": "direct"},
}


@cache
def base_setup(name: str = "testbed") -> Setup:
    return load_setup(name)


def row(nodes: int = 2, clusters: int = 1, concurrency: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as JSON has it
    """Return a row of a plan that nothing was predicted for, unless `more` says so."""
    judged: dict[str, Any] = {"masters": 1, "whole": None, "phases": {}, "failures": {}}
    sizes = {"nodes": nodes, "clusters": clusters, "concurrency": concurrency}
    return {**judged, **sizes, **more}


def plan_document(
    *rows: dict[str, Any], setup: Setup | None = None, **changes: object
) -> dict[str, Any]:
    """Return the content of a plan, with its id."""
    template = (setup or base_setup()).cluster_template.model_dump(mode="json")
    content: dict[str, Any] = {
        "schema_version": 1,
        "model_version": MODEL_VERSION,
        "scenario": "small",
        "setup": "testbed",
        "seed": 1,
        "replications": 2,
        "provisioner": {"kind": "stack"},
        "policies": policies(),
        "create_timeout_s": 3600.0,
        "poll_interval_s": 1.0,
        "cluster_template": template,
        "rows": list(rows) or [row()],
        **changes,
    }
    return {**content, "id": digest_of(content)}


def policies(**kinds: dict[str, Any]) -> dict[str, Any]:
    """Return a policy set: Magnum's, but for `kinds`."""
    usual: dict[str, Any] = {
        "admission": {"kind": "fifo", "limit": None},
        "batching": {"kind": "all-at-once"},
        "placement": {"kind": "anywhere"},
        "backoff": {"kind": "no-retry"},
    }
    return {"schema_version": 1, **usual, **kinds}


def plan(*rows: dict[str, Any], setup: Setup | None = None, **changes: object) -> Plan:
    """Return a plan that nobody judged."""
    return Plan.model_validate(plan_document(*rows, setup=setup, **changes))


@dataclass(slots=True)
class Ground:
    """What outlives a process: cloud, repository, event log; `setup` may change the testbed's."""

    setup: Setup = field(default_factory=base_setup)
    seed: int = 1
    runtime: SimRuntime = field(default_factory=SimRuntime)
    log: EventLog = field(default_factory=EventLog)
    told: list[str] = field(default_factory=list)
    cloud: SimCloud = field(init=False)
    repository: MemoryRepository = field(init=False)

    def __post_init__(self) -> None:
        world = World(
            runtime=self.runtime,
            setup=self.setup,
            parameters=self.setup.parameter_set(),
            draws=CounterDraws(self.seed, 0),
            recorder=None,
        )
        self.cloud = SimCloud(world)
        self.repository = MemoryRepository(self.runtime.now)

    def site(self, holder: str = "first", cloud: CloudDriver | None = None) -> Site:
        """Return this ground as the process `holder` sees it."""
        return Site(
            runtime=self.runtime,
            cloud=cloud or self.cloud,
            repository=self.repository,
            poller=self.cloud.poller(),
            events=self.log,
            ids=HeldIds(holder),
            project=PROJECT,
            zones=tuple(self.setup.hypervisors.availability_zones),
            holder=holder,
            lease_ttl=TTL,
        )

    def run(self, scene: Callable[[], Awaitable[T]]) -> T:
        """Return what `scene` returns."""

        async def main() -> T:
            return await scene()

        return self.runtime.run(main())


class HeldIds(CountingIds):
    """Ids that no other process gives."""

    def __init__(self, holder: str) -> None:
        super().__init__()
        self._holder = holder

    def operation(self) -> OperationId:
        return OperationId(f"{self._holder}/{super().operation()}")


def context_of(ground: Ground, holder: str = "first") -> Context:
    """Return the lifecycle's view of `ground`, as `apply` gives it to it."""
    return conductor_of(plan(setup=ground.setup), ground.site(holder))._context
