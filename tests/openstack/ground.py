"""The testbed as the tests stand on it: one core on it, one way to look at what is left."""

import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest
from openstack.connection import Connection

from coe_twin.coe_core.choice import Choice, Direct, OneStack, Shards
from coe_twin.coe_core.cluster import Cluster, ClusterTemplate, default_groups
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ids import ClusterId, OperationId, ProjectId
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.lifecycle.context import Context, Limits
from coe_twin.coe_core.memory import MemoryRepository
from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.policies import DEFAULT, PolicySet
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.provisioners.choice import provisioner_of
from coe_twin.coe_core.provisioners.seams import Seams
from coe_twin.coe_core.units import Seconds
from coe_twin.models.event_log import EventLog
from coe_twin.models.randomness import CounterDraws
from coe_twin.models.setup import load_setup
from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import OpenStackCloud, connect
from coe_twin.real_driver.keystone import application_credentials
from coe_twin.real_driver.runtime import AnyioRuntime
from testbed.home import home_of

T = TypeVar("T")

HOME: Final = home_of(None)
CLOUDS: Final = HOME.path / "clouds.yaml"
MEMBER: Final = "testbed"
ADMIN: Final = "testbed-admin"
EVERY: Final = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))
SETTLE_S: Final = 20.0
SWEEPS_MAX: Final = 120

PROMPT: Final[dict[str, Any]] = {
    "boot_s": 0,
    "guest_s": 0,
    "fail": "",
    "silent": "",
    "broken": "",
}
"""How guests behave unless a test says otherwise: they boot and signal at once."""

CHOICES: Final[dict[str, Choice]] = {"stack": OneStack(), "sharded": Shards(4), "direct": Direct()}
TEMPLATE: Final[ClusterTemplate] = load_setup("testbed").cluster_template.template()

os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS)


@cache
def member() -> Connection:
    """Return the connection of an ordinary member of the project."""
    return connect(MEMBER)


@cache
def admin() -> Connection:
    """Return the operator's connection."""
    return connect(ADMIN)


def project() -> ProjectId:
    """Return the project that the tests work in."""
    return ProjectId(str(member().current_project_id))


class UniqueIds:
    """Ids that no two tests share."""

    def operation(self) -> OperationId:
        return OperationId(uuid4().hex)


End = AssertionError | CoeError | None
"""What a scene raised, None where it held."""

Play = Callable[[AnyioRuntime], Awaitable[None]]
Wrap = Callable[[CloudDriver, AnyioRuntime], CloudDriver]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A core on the testbed; `cloud` is what the core sees, `driver` what stands behind it."""

    runtime: AnyioRuntime
    driver: OpenStackCloud
    cloud: CloudDriver
    conductor: Conductor
    log: EventLog
    repository: ClusterRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """How a test wants its core."""

    choice: Choice
    policies: PolicySet = DEFAULT
    wrap: Wrap = field(default=lambda cloud, _runtime: cloud)
    connection: Callable[[], Connection] = field(default=lambda: connect(MEMBER))

    def play(self, scene: Callable[[Ground], Awaitable[T]]) -> T:
        """Return what `scene` returns on a new event loop."""
        runtime = AnyioRuntime()

        async def main() -> T:
            return await scene(self.ground(runtime))

        return runtime.run(main())

    def stage(self, scene: Callable[[Ground], Awaitable[None]]) -> Play:
        """Return `scene` on this core, to be played by `ends_of`."""
        return lambda runtime: scene(self.ground(runtime))

    def ground(self, runtime: AnyioRuntime) -> Ground:
        """Return a core of this kind, with a connection of its own."""
        driver = OpenStackCloud(Calls(self.connection()))
        cloud = self.wrap(driver, runtime)
        lifecycle = lifecycle_on(runtime, cloud, self.choice, self.policies)
        return Ground(
            runtime=runtime,
            driver=driver,
            cloud=cloud,
            conductor=lifecycle.conductor,
            log=lifecycle.log,
            repository=lifecycle.repository,
        )


def beside(cores: Mapping[str, Core], scene: Callable[[Ground], Awaitable[None]]) -> None:
    """Play `scene` on each of `cores`, beside each other.

    Raises:
        ExceptionGroup: what some of them raised, each with a note of which.
    """
    ends = ends_of({kind: core.stage(scene) for kind, core in cores.items()}, len(cores))
    failed = [end for end in ends.values() if end is not None]
    if failed:
        raise ExceptionGroup("on some cores", failed)


def ends_of(plays: Mapping[str, Play], at_once: int) -> dict[str, End]:
    """Return how each of `plays` ended; so many beside each other, as one leaves a core idle."""
    runtime = AnyioRuntime()

    async def main() -> dict[str, End]:
        permits = runtime.semaphore(at_once)
        ends: dict[str, End] = {}

        async def one(name: str, play: Play) -> None:
            async with permits:
                ends[name] = await _end_of(name, play, runtime)

        async with runtime.task_group() as group:
            for name, play in plays.items():
                group.start(one(name, play))
        return ends

    return runtime.run(main())


async def _end_of(name: str, play: Play, runtime: AnyioRuntime) -> End:
    try:
        await play(runtime)
    except (AssertionError, CoeError) as error:
        error.add_note(name)
        return error
    return None


def selected(request: pytest.FixtureRequest, parameter: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that the tests of this run in the file of `request` are about."""
    asked = {
        str(item.callspec.params[parameter])
        for item in request.session.items
        if item.path == request.path
        and isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and parameter in item.callspec.params
    }
    return [name for name in names if name in asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """The core with what it keeps: its repository and its event log."""

    conductor: Conductor
    log: EventLog
    repository: ClusterRepository


def lifecycle_on(
    runtime: Runtime, cloud: CloudDriver, choice: Choice, policies: PolicySet
) -> Lifecycle:
    """Return a core on any cloud and any runtime."""
    log, poller, repository = EventLog(), LoopPoller(runtime), MemoryRepository()
    seams = Seams(
        runtime=runtime,
        cloud=cloud,
        poller=poller,
        schedule=EVERY,
        zones=("nova",),
        phases=Phases(runtime, log),
    )
    context = Context(
        runtime=runtime,
        cloud=cloud,
        repository=repository,
        provisioner=provisioner_of(choice, policies, seams),
        poller=poller,
        schedule=EVERY,
        backoff=policies.backoff,
        draws=CounterDraws(1, 0),
        ids=UniqueIds(),
        events=log,
        limits=Limits(delete_timeout=Seconds(240.0), sweeps_max=SWEEPS_MAX),
    )
    return Lifecycle(
        conductor=Conductor(context, policies.admission), log=log, repository=repository
    )


def cluster_of(
    workers: int,
    *,
    timeout_s: float = 300.0,
    template: ClusterTemplate = TEMPLATE,
    prefix: str = "t",
) -> Cluster:
    """Return a new cluster of one master and so many workers, under a name of its own."""
    name = f"{prefix}-{uuid4().hex[:8]}"
    return Cluster(
        id=ClusterId(name),
        name=name,
        project=project(),
        template=template,
        node_groups=default_groups(template, 1, workers),
        create_timeout=Seconds(timeout_s),
    )


def census() -> Counter[str]:
    """Return how much the project has of each kind, as an operator sees it."""
    here, cloud, mine = project(), admin(), member()
    network = cloud.network
    found = {
        "stack": len(list(mine.orchestration.stacks())),
        "server": len(list(cloud.compute.servers(all_projects=True, project_id=here))),
        "server group": len(list(mine.compute.server_groups())),
        "port": len(list(network.ports(project_id=here))),
        "network": len(list(network.networks(project_id=here))),
        "subnet": len(list(network.subnets(project_id=here))),
        "router": len(list(network.routers(project_id=here))),
        "floating IP": len(list(network.ips(project_id=here))),
        "security group": len(list(network.security_groups(project_id=here))),
        "trust": len(_identity("/OS-TRUST/trusts", "trusts")),
        "application credential": len(application_credentials(mine)),
    }
    return Counter(found)


@contextmanager
def nothing_left() -> Iterator[None]:
    """Hold that the block leaves in no service more, or less, than it found there.

    Raises:
        AssertionError: it does, and goes on doing so for SETTLE_S.
    """
    before = census()
    yield
    deadline = time.monotonic() + SETTLE_S
    while (after := census()) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert after == before, f"left behind: {after - before}, missing: {before - after}"


def _identity(path: str, key: str) -> list[object]:
    found: list[object] = admin().identity.get(path).json()[key]
    return found
