"""Sites on the twin: the same `apply` and the same core, on a cloud that costs nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from coe_twin.coe_core.cluster import Place
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import OperationId, ProjectId
from coe_twin.coe_core.lifecycle.context import Context
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_log import EventLog
from coe_twin.models.parameters import load_parameters
from coe_twin.models.plan import Plan, digest_of
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.scenario import study_on
from coe_twin.models.setup import Setup, load_setup
from coe_twin.models.study import Study
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


@cache
def _base_study() -> Study:
    return study_on("testbed")


JUDGED: Final = ("whole", "phases", "failures")
OF_THE_PLAN: Final = ("schema_version", "model_version")


def study(*rows: dict[str, Any], setup: Setup | None = None, **changes: Any) -> Study:  # noqa: ANN401 - as JSON has it
    """Return a study on the testbed, or on `setup`, with some fields other than usual."""
    base = _base_study()
    template = changes.pop("cluster_template", None)
    interval = changes.pop("poll_interval_s", 1.0)
    document: dict[str, Any] = {
        **base.document(),
        "name": "small",
        "policies": policies(),
        "rows": [{key: one[key] for key in one if key not in JUDGED} for one in rows],
        **changes,
    }
    if setup is not None:
        document["setup"] = setup.model_dump(mode="json")
    if template is not None:
        document["setup"] = {**document["setup"], "cluster_template": template}
    asked = Study.model_validate(document)
    polls = {"magnum.poll_interval_s": float(str(interval))}
    return asked.model_copy(update={"parameters": asked.parameters.with_values(polls)})


def plan_document(
    *rows: dict[str, Any],
    setup: Setup | None = None,
    **changes: Any,  # noqa: ANN401 - as JSON has it
) -> dict[str, Any]:
    """Return the content of a plan, with its id."""
    rows = rows or (row(),)
    own: dict[str, Any] = {key: changes.pop(key) for key in OF_THE_PLAN if key in changes}
    asked = study(*rows, setup=setup, **changes)
    content: dict[str, Any] = {
        "schema_version": 2,
        "model_version": MODEL_VERSION,
        "expected": [{key: one[key] for key in JUDGED} for one in rows],
        "study_digest": asked.digest,
        "study": asked.document(),
        **own,
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
            parameters=load_parameters(self.setup.parameters),
            draws=CounterDraws(self.seed, 0),
            recorder=None,
        )
        self.cloud = SimCloud(world)
        self.repository = MemoryRepository(self.runtime.now)

    def site(
        self, holder: str = "first", cloud: CloudDriver | None = None, place: Place | None = None
    ) -> Site:
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
            place=place,
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
