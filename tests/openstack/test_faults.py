"""What goes wrong for one cluster ends in a truthful status, the twin's own, and no orphan.

`coe_core.conformance.fault_kinds` says how each kind ends; the twin is held to the same table in
tests/simulation/test_fault_kinds.py. The clusters live beside each other, as they do on a cloud.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import pytest

from coe_twin.coe_core.cluster import Role
from coe_twin.coe_core.conformance.fault_kinds import FaultKind
from coe_twin.coe_core.decorators.around import Around
from coe_twin.coe_core.ids import PortId, ServerId
from coe_twin.coe_core.ports.cloud import ServerSpec
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.coe_core.units import Seconds
from testbed import faults
from tests.openstack import ground
from tests.openstack.endings import ends_as, goes
from tests.openstack.ground import CHOICES, Core, End, Ground, cluster_of, selected

pytestmark = pytest.mark.timeout(600)

AT_ONCE: Final = 11
BROKEN: Final = "broken"
SILENT: Final = "silent"
"""How names of clusters begin whose workers cannot be built, or never signal."""

Scene = Callable[[Ground], Awaitable[None]]


async def no_valid_host(on: Ground) -> None:
    """Workers that fit on no hypervisor: NoValidHost, by Nova's or by Heat's words."""
    template = replace(ground.TEMPLATE, flavor="m.huge")
    await ends_as([FaultKind.NO_VALID_HOST], on, cluster_of(1, template=template))


async def a_server_goes_to_error(on: Ground) -> None:
    """A hypervisor cannot build a worker: ResourceFailed, by Nova's or by Heat's words."""
    await ends_as([FaultKind.SERVER_IN_ERROR], on, cluster_of(1, prefix=BROKEN))


async def a_guest_never_signals(on: Ground) -> None:
    """A silent worker: the creation times out and says so."""
    await ends_as([FaultKind.GUEST_SILENT], on, cluster_of(1, timeout_s=45.0, prefix=SILENT))


class LosesPorts(Around):
    """Deletes a worker's port behind our back, between its creation and its server's."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        if f"-{Role.WORKER}-" in spec.name:
            ground.admin().network.delete_port(PortId(spec.port))
        return await super().create_server(spec)


async def a_port_is_deleted_behind_our_back(on: Ground) -> None:
    """Nova cannot find the port of the server that it is asked for: NotFound."""
    await ends_as([FaultKind.PORT_GONE], on, cluster_of(1))


async def others_delete_does_not_hinder_a_delete(on: Ground) -> None:
    """A port and a server of a complete cluster are gone: its delete leaves nothing anyway."""
    cluster = cluster_of(2)
    ended = await on.conductor.create(cluster)
    assert ended.status is ClusterStatus.CREATE_COMPLETE, ended.status_reason
    ports = await on.driver.list_ports(cluster.tag)
    servers = await on.driver.list_servers(cluster.tag)
    ground.admin().network.delete_port(ports[0].id)
    await on.driver.delete_server(servers[0].id)
    await goes(on, cluster)


async def an_expired_token_is_renewed(on: Ground) -> None:
    """A token that Keystone takes no longer costs one more login, and no cluster."""
    cluster = cluster_of(1)
    async with on.runtime.task_group() as group:
        creation = group.start(on.conductor.create(cluster))
        for _ in range(3):
            await on.runtime.sleep(Seconds(2.0))
            spoil_token(on)
    assert creation.result().status is ClusterStatus.CREATE_COMPLETE
    spoil_token(on)
    await goes(on, cluster)


def spoil_token(on: Ground) -> None:
    """Let the driver hold a token that no service takes, as after its expiry."""
    auth = on.driver.calls.connection.session.auth
    assert auth is not None
    access = auth.get_access(on.driver.calls.connection.session)  # type: ignore[attr-defined]
    access._auth_token = "spoilt"  # noqa: S105 - what no service takes


@dataclass(frozen=True, slots=True)
class Case:
    """A scene, and the core that it is played on."""

    scene: Scene
    core: Core


BY_HEAT, DIRECT = Core(choice=CHOICES["stack"]), Core(choice=CHOICES["direct"])
BY_BOTH: Final = (
    no_valid_host,
    a_server_goes_to_error,
    a_guest_never_signals,
    others_delete_does_not_hinder_a_delete,
    an_expired_token_is_renewed,
)
CASES: Final = {
    **{f"{scene.__name__}-stack": Case(scene, BY_HEAT) for scene in BY_BOTH},
    **{f"{scene.__name__}-direct": Case(scene, DIRECT) for scene in BY_BOTH},
    "a_port_is_deleted_behind_our_back-direct": Case(
        a_port_is_deleted_behind_our_back,
        replace(DIRECT, wrap=lambda cloud, _runtime: LosesPorts(cloud)),
    ),
}


@pytest.fixture(scope="module")
def ends(request: pytest.FixtureRequest) -> dict[str, End]:
    """Return how each of the selected cases ended."""
    broken, silent = f"^{BROKEN}.*-worker-", f"^{SILENT}.*-worker-"
    faults.set_guest(**{**ground.PROMPT, "broken": broken, "silent": silent})
    cases = {name: CASES[name] for name in selected(request, "case", CASES)}
    plays = {name: case.core.stage(case.scene) for name, case in cases.items()}
    return ground.ends_of(plays, AT_ONCE)


@pytest.mark.parametrize("case", CASES)
def test_a_fault_ends_as_its_kind_says(case: str, ends: dict[str, End]) -> None:
    """Every case holds; they are played beside each other."""
    if (end := ends[case]) is not None:
        raise end
