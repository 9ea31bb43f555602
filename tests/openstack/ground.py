"""The testbed as the tests stand on it: one core on it, one way to look at what is left."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar
from uuid import uuid4

from openstack.connection import Connection

from coe_core.cluster import Cluster, ClusterTemplate, NodeGroup, Role
from coe_core.ids import ClusterId, OperationId, ProjectId
from coe_core.lifecycle.conductor import Conductor
from coe_core.lifecycle.context import Context, Limits
from coe_core.memory import MemoryRepository
from coe_core.phases import Phases
from coe_core.policies import DEFAULT, PolicySet
from coe_core.polling import LoopPoller
from coe_core.ports.cloud import CloudDriver
from coe_core.ports.poller import PollSchedule
from coe_core.ports.repository import ClusterRepository
from coe_core.ports.runtime import Runtime
from coe_core.provisioners.choice import Choice, Direct, OneStack, Shards, provisioner_of
from coe_core.provisioners.seams import Seams
from coe_core.units import Seconds
from models.event_log import EventLog
from models.randomness import CounterDraws
from models.setup import load_setup
from real_driver.calls import Calls
from real_driver.cloud import OpenStackCloud, connect
from real_driver.keystone import application_credentials
from real_driver.runtime import AnyioRuntime
from testbed.home import home_of

T = TypeVar("T")

HOME: Final = home_of(None)
CLOUDS: Final = HOME.path / "clouds.yaml"
MEMBER: Final = "testbed"
ADMIN: Final = "testbed-admin"
EVERY: Final = PollSchedule(first_after=Seconds(0.5), every=Seconds(0.5))
SWEEPS_MAX: Final = 120

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
    """Operation ids; the tests name their clusters themselves."""

    def cluster(self, name: str) -> ClusterId:
        return ClusterId(name)

    def operation(self) -> OperationId:
        return OperationId(uuid4().hex)


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

    def ground(self, runtime: AnyioRuntime) -> Ground:
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
    workers: int, *, timeout_s: float = 300.0, template: ClusterTemplate = TEMPLATE
) -> Cluster:
    """Return a new cluster of one master and so many workers, under a name of its own."""
    name = f"t-{uuid4().hex[:8]}"
    return Cluster(
        id=ClusterId(name),
        name=name,
        project=project(),
        template=template,
        masters=NodeGroup(name="default-master", role=Role.MASTER, node_count=1),
        workers=NodeGroup(name="default-worker", role=Role.WORKER, node_count=workers),
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


def _identity(path: str, key: str) -> list[object]:
    found: list[object] = admin().identity.get(path).json()[key]
    return found
