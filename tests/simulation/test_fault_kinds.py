"""Each kind of fault by itself, on the twin: the counterpart of the same faults on a real cloud."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.conformance.fault_kinds import (
    FAULT_KINDS,
    OUTAGE_S,
    Ending,
    FaultKind,
    ending_of,
)
from coe_twin.coe_core.decorators.fault_plan import Fault, FaultPlan, ListedFaults, NoFaults, Outage
from coe_twin.coe_core.decorators.faulty import Faulty
from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import Conflict, ResourceFailed, RpcTimeout, Unauthorized, Unreachable
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.policies import DEFAULT, AllAtOnce, Anywhere, Fifo, FixedDelay, PolicySet
from coe_twin.coe_core.ports.cloud import ServerStatus
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from coe_twin.planner.twin import Twin
from coe_twin.sim_driver.compute.servers import SimServer
from coe_twin.sim_driver.invariants import check_always, check_empty
from coe_twin.sim_driver.messaging import Work
from coe_twin.sim_driver.network import NetworkItem
from tests.simulation.restarts import Ground
from tests.simulation.worlds import (
    CONVERGENCE,
    LEGACY,
    LONG,
    PROVISIONERS,
    Ask,
    cluster_of,
    play,
    twin_spec,
)

WAYS = tuple(PROVISIONERS)
BY_HEAT = ("stack", "sharded")
PATIENT = PolicySet(
    admission=Fifo(None),
    batching=AllAtOnce(),
    placement=Anywhere(),
    backoff=FixedDelay(Seconds(5.0), 10),
)
STEP = Seconds(0.01)
ANSWERED_BY_HEAT_OR_NOVA = frozenset(
    {
        *(f"{verb}_stack" for verb in ("create", "show", "update", "delete")),
        *(f"{verb}_server" for verb in ("create", "show", "delete")),
        "list_stacks",
        "list_servers",
    }
)

Disturb = Callable[[Twin], Awaitable[None]]


async def nothing(twin: Twin) -> None:
    """Disturb nobody."""


async def fail_a_build(twin: Twin) -> None:
    """Let the hypervisor fail to build the last worker."""
    builder = twin.cloud.nova._builder
    build = builder.build

    async def fail(server: SimServer, host: int) -> None:
        if server.name.endswith("worker-1"):
            text = f"Build of instance {server.id} aborted: the disk is broken"
            raise ResourceFailed(server.name, text)
        await build(server, host)

    builder.build = fail  # type: ignore[method-assign]  # a broken hypervisor


async def delete_a_port(twin: Twin) -> None:
    """Delete the third port as soon as it is there, behind everybody's back."""
    ports = twin.cloud.network.items["port"]
    while len(ports) < 3:
        await twin.runtime.sleep(STEP)
    last = list(ports)[-1]
    await twin.cloud.network.delete("port", last.id, 0)


async def lose_every_engine(twin: Twin) -> None:
    """Kill Heat's engine processes while servers are being built."""
    while not len(twin.cloud.nova.servers):
        await twin.runtime.sleep(STEP)
    for number in range(len(twin.cloud.substrate.engines)):
        twin.cloud.heat.lose_engine(number)


async def lose_a_cast(twin: Twin) -> None:
    """Let the message by which nova-api has the first server built die with the broker."""
    bus = twin.cloud.substrate.bus
    cast = bus.cast
    is_lost = False

    def lossy(queue: str, key: int, number: int, work: Work[None]) -> None:
        nonlocal is_lost
        if queue == "conductor" and not is_lost:
            is_lost = True
        else:
            cast(queue, key, number, work)

    bus.cast = lossy  # type: ignore[method-assign]  # a broken broker


async def lose_a_port(twin: Twin) -> None:
    """Let Heat not hear of a port that it has made; it holds the security group it is in."""
    network = twin.cloud.network
    create, delete = network.create, network.delete
    lost: list[NetworkItem] = []

    async def lossy(item: NetworkItem, key: int, number: int = 0) -> None:
        await create(item, key, number)
        if item.kind == "port" and not lost:
            lost.append(network.accept("port", f"{item.name}-lost", item.project, item.tag))
            raise rpc_timeout(item.name)

    async def refusing(kind: str, identity: str, key: int, number: int = 0) -> None:
        if kind == "security group" and lost and lost[0].id in network.items["port"]:
            raise Conflict(identity, f"Security Group {identity} in use.")
        await delete(kind, identity, key, number)

    network.create = lossy  # type: ignore[method-assign]  # a broken broker
    network.delete = refusing  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """How a kind of fault is brought about in the twin."""

    ways: tuple[str, ...] = WAYS
    overrides: Mapping[str, Json] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    policies: PolicySet = DEFAULT
    plan: FaultPlan = field(default_factory=NoFaults)
    disturb: Disturb = nothing

    async def create(self, ground: Ground) -> Ending:
        """Return how a create ends beside the fault."""
        twin = ground.twin
        cloud = Faulty(twin.cloud, self.plan, twin.runtime)
        async with twin.runtime.task_group() as group:
            group.start(self._disturbed(twin))
            wanted = cluster_of(twin.spec, Ask())
            ended = await ground.process("first", cloud).create(wanted)
        assert cloud.struck or self.plan == NoFaults(), "the plan struck nothing"
        return await ending(ground, ended)

    async def _disturbed(self, twin: Twin) -> None:
        await self.disturb(twin)


async def ending(ground: Ground, ended: Cluster) -> Ending:
    """Return how the last operation on a cluster ended; its text must read as its cause."""
    operation = await ground.last_operation(ended.id)
    found = ending_of(ended.status, operation.failure)
    read = error_of(ended.name, ended.status_reason)
    if found.reason is not None and found.reason is not Unauthorized:  # Keystone's text varies
        assert type(read) is found.reason, ended.status_reason
    return found


INJECTIONS: Mapping[FaultKind, Injection] = {
    FaultKind.QUOTA_HALF_WAY: Injection(overrides={"quota.instances": 2}),
    FaultKind.NO_VALID_HOST: Injection(
        overrides={
            "flavors": {"huge": {"cores": 1024, "ram_gib": 4096, "disk_gib": 1}},
            "cluster_template.flavor": "huge",
        }
    ),
    FaultKind.SERVER_IN_ERROR: Injection(disturb=fail_a_build),
    FaultKind.GUEST_SILENT: Injection(parameters={"guest.bootstrap_node_s": 1e6}),
    FaultKind.PORT_GONE: Injection(disturb=delete_a_port),
    FaultKind.CREDENTIALS_REFUSED: Injection(
        plan=ListedFaults(
            {
                (verb, 2): Fault(error=Unauthorized)
                for verb in ("show_stack", "show_server", "create_server")
            }
        )
    ),
    FaultKind.BROKER_OUT: Injection(
        policies=PATIENT,
        plan=Outage(
            begins_at=Seconds(0.5),
            ends_at=Seconds(0.5 + OUTAGE_S),
            verbs=ANSWERED_BY_HEAT_OR_NOVA,
            what=Fault(error=Unreachable),
        ),
    ),
    FaultKind.CAST_LOST: Injection(disturb=lose_a_cast),
    FaultKind.ORPHAN_IN_THE_WAY: Injection(ways=("stack",), policies=PATIENT, disturb=lose_a_port),
    FaultKind.ENGINE_LOST: Injection(
        ways=BY_HEAT, overrides=CONVERGENCE, disturb=lose_every_engine
    ),
    FaultKind.ENGINE_LOST_LEGACY: Injection(
        ways=BY_HEAT, overrides=LEGACY, disturb=lose_every_engine
    ),
}
CASES = [(kind, way) for kind, injection in INJECTIONS.items() for way in injection.ways]


@pytest.mark.parametrize(("kind", "way"), CASES, ids=lambda value: value.replace(" ", "-"))
def test_a_fault_ends_as_its_kind_says(kind: FaultKind, way: str) -> None:
    """A create ends in the status and for the reason of the table; a delete then leaves nothing."""
    injection = INJECTIONS[kind]
    ended = played(injection, way)
    assert ended == FAULT_KINDS[kind]


def played(injection: Injection, way: str) -> Ending:
    """Return how a create ends, after a delete was seen to leave nothing."""
    ground = Ground.of(
        twin_spec(
            provisioner=way,
            overrides=injection.overrides,
            parameters=injection.parameters,
            policies=injection.policies,
        )
    )

    async def scene() -> Ending:
        ended = await injection.create(ground)
        await rest(ground)
        await delete(ground)
        return ended

    return play(ground.twin, scene)


async def rest(ground: Ground) -> None:
    """Let everything come to rest, and check that nothing is out of order."""
    await ground.twin.runtime.sleep(Seconds(LONG))
    check_always(ground.twin.cloud, await ground.repository.clusters())


async def delete(ground: Ground) -> None:
    """Delete the one cluster; nothing may be left of it."""
    (cluster,) = await ground.repository.clusters()
    gone = await ground.process("last", ground.twin.cloud).delete(cluster.id)
    assert gone.status is ClusterStatus.DELETE_COMPLETE, gone.status_reason
    await ground.twin.runtime.sleep(Seconds(LONG))
    check_empty(ground.twin.cloud, [cluster.project])


@pytest.mark.parametrize("way", WAYS)
def test_nothing_ends_in_failure_where_nothing_is_injected(way: str) -> None:
    """The same create without a fault completes: so it was the injection that failed it."""
    assert played(Injection(), way) == Ending(ClusterStatus.CREATE_COMPLETE, None)


def test_every_kind_has_a_test() -> None:
    """The kinds of the table are those that are injected, here or by a crash."""
    assert {*INJECTIONS, FaultKind.PROCESS_CRASHED} == set(FAULT_KINDS) == set(FaultKind)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_an_outage_without_a_back_off_fails_the_create(way: str, is_answer_lost: bool) -> None:  # noqa: FBT001 - a parameter
    """Who does not try again fails, though the next look would find all well; nothing is lost."""
    fault = Fault(error=rpc_timeout, is_answer_lost=is_answer_lost)
    plan = ListedFaults({("create_stack", 1): fault, ("create_server", 1): fault})
    ended = played(Injection(plan=plan), way)
    assert ended == Ending(ClusterStatus.CREATE_FAILED, RpcTimeout)


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_answer_makes_no_duplicate(way: str) -> None:
    """Who tries again after a lost answer finds what it made, and completes."""
    fault = Fault(error=rpc_timeout, is_answer_lost=True)
    creates = ("trust", "stack", "port", "server", "volume", "server_group")
    plan = ListedFaults({(f"create_{kind}", 1): fault for kind in creates})
    ended = played(Injection(plan=plan, policies=PATIENT), way)
    assert ended == Ending(ClusterStatus.CREATE_COMPLETE, None)


def rpc_timeout(subject: str) -> RpcTimeout:
    """Return the error of a call whose answer did not come."""
    return RpcTimeout(subject, "Timed out waiting for a reply to message")


@pytest.mark.parametrize("way", BY_HEAT)
def test_a_legacy_stack_that_lost_its_engine_is_made_anew(way: str) -> None:
    """Its failure is noticed at once, so another attempt completes in good time."""
    injection = replace(INJECTIONS[FaultKind.ENGINE_LOST_LEGACY], policies=PATIENT)
    assert played(injection, way) == Ending(ClusterStatus.CREATE_COMPLETE, None)


async def reset_a_state(twin: Twin) -> None:
    """Set the last worker to ERROR while it is being built, as an operator can."""
    servers = twin.cloud.nova.servers
    while len(servers) < 3:
        await twin.runtime.sleep(STEP)
    last = list(servers)[-1]
    last.status = ServerStatus.ERROR
    twin.cloud.substrate.changes.notify(last.id)


@pytest.mark.parametrize("way", WAYS)
def test_a_state_that_an_operator_set_is_believed(way: str) -> None:
    """A server that reads ERROR without a fault has failed, whatever its host still does."""
    assert played(Injection(disturb=reset_a_state), way) == FAULT_KINDS[FaultKind.SERVER_IN_ERROR]


def test_an_engine_is_not_missed_where_it_does_nothing() -> None:
    """Without Heat, or before there is a stack, the loss of an engine changes nothing."""

    async def at_once(twin: Twin) -> None:
        for number in range(len(twin.cloud.substrate.engines)):
            twin.cloud.heat.lose_engine(number)

    for architecture in (LEGACY, CONVERGENCE):
        for way, disturb in (("direct", lose_every_engine), ("stack", at_once)):
            injection = Injection(overrides=architecture, disturb=disturb)
            assert played(injection, way) == Ending(ClusterStatus.CREATE_COMPLETE, None)
