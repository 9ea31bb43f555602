"""What goes wrong on a real cloud ends in a truthful status, the twin's own, and no orphan.

`coe_core.conformance.fault_kinds` says how each kind ends; the twin is held to the same table in
tests/simulation/test_fault_kinds.py.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from coe_core.cluster import Cluster, Role, node_name
from coe_core.conformance.fault_kinds import FAULT_KINDS, OUTAGE_S, FaultKind, ending_of
from coe_core.decorators.around import Around
from coe_core.ids import PortId, ServerId
from coe_core.lifecycle.sweep import leftovers
from coe_core.policies import DEFAULT, FixedDelay
from coe_core.ports.cloud import ServerSpec, ServerStatus
from coe_core.transitions import ClusterStatus
from coe_core.units import Seconds
from testbed import faults
from tests.openstack import ground
from tests.openstack.ground import CHOICES, Core, Ground, cluster_of

pytestmark = pytest.mark.timeout(420)

HEAT_AND_DIRECT = ("stack", "direct")
BOOT_S = 6.0
"""Long enough that a test finds a server while it is being built."""

Trouble = Callable[[Ground, Cluster], Awaitable[None]]


@pytest.fixture(autouse=True)
def quota_is_free() -> Iterator[None]:
    """Let no test inherit another's quota."""
    yield
    ground.admin().compute.update_quota_set(ground.project(), instances=-1)


async def no_trouble(ground: Ground, cluster: Cluster) -> None:
    """Leave the cloud alone while the cluster is being created."""


def ends_as(
    kind: FaultKind | tuple[FaultKind, ...],
    core: Core,
    cluster: Cluster,
    trouble: Trouble = no_trouble,
) -> None:
    """Create `cluster` while `trouble` goes on; hold how it ends, and that a delete clears up.

    Where chance decides between kinds, it ends as one of them.
    """
    kinds = kind if isinstance(kind, tuple) else (kind,)

    async def scene(ground: Ground) -> None:
        async with ground.runtime.task_group() as group:
            creation = group.start(ground.conductor.create(cluster))
            await trouble(ground, cluster)
        ended = creation.result()
        await is_truthful(ground, ended)
        (operation,) = await ground.repository.operations(cluster.id)
        got = ending_of(ended.status, operation.failure)
        assert got in [FAULT_KINDS[one] for one in kinds], ended.status_reason
        faults.set_guest(boot_s=0)
        ended = await ground.conductor.delete(cluster.id)
        assert ended.status is ClusterStatus.DELETE_COMPLETE, ended.status_reason
        assert await leftovers(ground.cloud, cluster.tag) == ()

    core.play(scene)


async def is_truthful(ground: Ground, cluster: Cluster) -> None:
    """Hold that a failure has a reason, and that a complete cluster has all its nodes."""
    if cluster.status.is_failed:
        assert cluster.status_reason
        return
    servers = await ground.cloud.list_servers(cluster.tag)
    wanted = cluster.masters.node_count + cluster.workers.node_count
    assert len({one.name for one in servers}) == len(servers) == wanted
    assert {one.status for one in servers} == {ServerStatus.ACTIVE}


async def worker_in_build(on: Ground, cluster: Cluster) -> ServerId:
    """Return the first worker once Nova builds it; Heat tags it only when it is ACTIVE."""
    name = node_name(cluster.name, Role.WORKER, 0)
    async with on.runtime.deadline(Seconds(120.0)):
        while True:
            for one in ground.member().compute.servers(details=True, name=f"^{name}$"):
                if one.status == "BUILD":
                    return ServerId(str(one.id))
            await on.runtime.sleep(Seconds(0.3))


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_a_quota_that_ends_half_way(provisioner: str) -> None:
    """Some servers fit and the next is refused: QuotaExceeded, and what was made goes again."""
    used = len(list(ground.member().compute.servers(details=False)))
    ground.admin().compute.update_quota_set(ground.project(), instances=used + 3)
    ends_as(FaultKind.QUOTA_HALF_WAY, Core(choice=CHOICES[provisioner]), cluster_of(4))


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_no_valid_host(provisioner: str) -> None:
    """Workers that fit on no hypervisor: NoValidHost, by Nova's or by Heat's words."""
    template = replace(ground.TEMPLATE, flavor="m.huge")
    core = Core(choice=CHOICES[provisioner])
    ends_as(FaultKind.NO_VALID_HOST, core, cluster_of(1, template=template))


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_a_server_goes_to_error(provisioner: str) -> None:
    """A hypervisor cannot build a worker: ResourceFailed, by Nova's or by Heat's words."""

    async def trouble(on: Ground, cluster: Cluster) -> None:
        faults.set_guest(broken="-worker-")

    ends_as(FaultKind.SERVER_IN_ERROR, Core(choice=CHOICES[provisioner]), cluster_of(1), trouble)


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_a_guest_never_signals(provisioner: str) -> None:
    """A silent worker: the creation times out and says so."""

    async def trouble(on: Ground, cluster: Cluster) -> None:
        faults.set_guest(silent="-worker-")

    cluster = cluster_of(1, timeout_s=60.0)
    ends_as(FaultKind.GUEST_SILENT, Core(choice=CHOICES[provisioner]), cluster, trouble)


class LosesPorts(Around):
    """Deletes a worker's port behind our back, between its creation and its server's."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        if f"-{Role.WORKER}-" in spec.name:
            ground.admin().network.delete_port(PortId(spec.port))
        return await super().create_server(spec)


def test_a_port_is_deleted_behind_our_back() -> None:
    """Nova cannot find the port of the server that it is asked for: NotFound."""
    core = Core(choice=CHOICES["direct"], wrap=lambda cloud, _runtime: LosesPorts(cloud))
    ends_as(FaultKind.PORT_GONE, core, cluster_of(1))


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_what_somebody_else_deleted_does_not_hinder_a_delete(provisioner: str) -> None:
    """A port and a server of a complete cluster are gone: its delete leaves nothing anyway."""
    cluster = cluster_of(2)

    async def scene(on: Ground) -> None:
        ended = await on.conductor.create(cluster)
        assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
        ports = await on.driver.list_ports(cluster.tag)
        servers = await on.driver.list_servers(cluster.tag)
        ground.admin().network.delete_port(ports[0].id)
        await on.driver.delete_server(servers[0].id)
        ended = await on.conductor.delete(cluster.id)
        assert ended.status is ClusterStatus.DELETE_COMPLETE, ended.status_reason
        assert await leftovers(on.cloud, cluster.tag) == ()

    Core(choice=CHOICES[provisioner]).play(scene)


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_an_expired_token_is_renewed(provisioner: str) -> None:
    """A token that Keystone takes no longer costs one more login, and no cluster."""
    cluster = cluster_of(1)

    async def scene(on: Ground) -> None:
        async with on.runtime.task_group() as group:
            creation = group.start(on.conductor.create(cluster))
            for _ in range(3):
                await on.runtime.sleep(Seconds(2.0))
                spoil_token(on)
        assert creation.result().status is ClusterStatus.CREATE_COMPLETE
        spoil_token(on)
        ended = await on.conductor.delete(cluster.id)
        assert ended.status is ClusterStatus.DELETE_COMPLETE, ended.status_reason

    Core(choice=CHOICES[provisioner]).play(scene)


def spoil_token(on: Ground) -> None:
    """Let the driver hold a token that no service takes, as after its expiry."""
    auth = on.driver.calls.connection.session.auth
    assert auth is not None
    access = auth.get_access(on.driver.calls.connection.session)  # type: ignore[attr-defined]
    access._auth_token = "spoilt"  # noqa: S105 - what no service takes


@pytest.mark.parametrize("provisioner", HEAT_AND_DIRECT)
def test_rabbitmq_is_away(provisioner: str) -> None:
    """Twenty seconds without a broker delay a creation, unless a cast was lost with it."""

    async def trouble(on: Ground, cluster: Cluster) -> None:
        await on.runtime.sleep(Seconds(4.0))
        faults.stop_rabbit()
        await on.runtime.sleep(Seconds(OUTAGE_S))
        faults.start_rabbit()

    policies = replace(DEFAULT, backoff=FixedDelay(Seconds(5.0), 12))
    core = Core(choice=CHOICES[provisioner], policies=policies)
    kinds = (FaultKind.BROKER_OUT, FaultKind.CAST_LOST)
    ends_as(kinds, core, cluster_of(2, timeout_s=120.0), trouble)


@pytest.mark.parametrize("mode", ["convergence", "legacy"])
def test_the_engines_die_in_mid_create(mode: str) -> None:
    """Heat's workers are killed: under convergence the stack hangs until its time is over."""

    async def trouble(on: Ground, cluster: Cluster) -> None:
        faults.set_guest(boot_s=BOOT_S)
        await worker_in_build(on, cluster)
        for _ in faults.heat_worker_pids():
            faults.kill_heat_worker()

    faults.restart_heat(convergence=mode == "convergence")
    try:
        kind = FaultKind.ENGINE_LOST if mode == "convergence" else FaultKind.ENGINE_LOST_LEGACY
        core = Core(choice=CHOICES["stack"])
        ends_as(kind, core, cluster_of(2, timeout_s=90.0), trouble)
    finally:
        faults.restart_heat(convergence=True)
