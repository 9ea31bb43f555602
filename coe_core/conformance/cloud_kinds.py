"""The kinds of resources that a cloud keeps, each by its verbs, so that a scene fits them all."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Protocol

from coe_twin.coe_core.conformance.cloud_steps import need, spec, until, until_gone
from coe_twin.coe_core.conformance.cloud_suite import rule
from coe_twin.coe_core.conformance.cloud_templates import empty_stack
from coe_twin.coe_core.conformance.subject import LOAD_BALANCERS, STACKS, VOLUMES, CloudUnderTest
from coe_twin.coe_core.ids import (
    LoadBalancerId,
    PortId,
    ServerGroupId,
    ServerId,
    StackId,
    Tag,
    TrustId,
    VolumeId,
)
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.units import GiB

POLICY: Final = "soft-anti-affinity"


class Listed(Protocol):
    """What every listing tells."""

    @property
    def id(self) -> str:
        """The id that the service gave."""

    @property
    def name(self) -> str:
        """The name that the creator gave."""


Create = Callable[[CloudUnderTest, str, Tag], Awaitable[str]]
Delete = Callable[[CloudDriver, str], Awaitable[None]]
List = Callable[[CloudDriver, Tag], Awaitable[tuple[Listed, ...]]]
Show = Callable[[CloudDriver, str], Awaitable[object]]
KindScene = Callable[[CloudUnderTest, "Kind"], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource; `needs` is the capability that it takes, `show` its verb if any."""

    name: str
    create: Create
    delete: Delete
    list: List
    show: Show | None = None
    needs: str = ""

    async def wait_for_end(self, subject: CloudUnderTest, identity: str, tag: Tag) -> None:
        """Return once what is being deleted is gone."""
        if self.show is not None:
            show = self.show
            await until_gone(subject, identity, lambda: show(subject.cloud, identity))
            return

        async def look() -> bool | None:
            listed = await self.list(subject.cloud, tag)
            return True if identity not in {item.id for item in listed} else None

        await until(subject, f"{identity} is gone", look)


async def _stack(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_stack(empty_stack(subject, name, tag))


async def _server(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    """Boot a server on the port that belongs to its name, for a second create of that name."""
    ports = {port.name: port.id for port in await subject.cloud.list_ports(subject.tag)}
    port_name = f"{name}-port"
    if port_name not in ports:
        ports[port_name] = await _port(subject, port_name, subject.tag)
    return await subject.cloud.create_server(spec(subject, name, PortId(ports[port_name]), tag))


async def _group(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_server_group(name, subject.project, tag, POLICY)


async def _port(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_port(name, subject.project, tag, subject.network)


async def _balancer(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_load_balancer(name, subject.project, tag, subject.network)


async def _volume(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_volume(name, subject.project, tag, GiB(1))


async def _trust(subject: CloudUnderTest, name: str, tag: Tag) -> str:
    return await subject.cloud.create_trust(name, subject.project, tag)


KINDS: Final = (
    Kind(
        name="stack",
        create=_stack,
        delete=lambda cloud, identity: cloud.delete_stack(StackId(identity)),
        list=lambda cloud, tag: cloud.list_stacks(tag),
        show=lambda cloud, identity: cloud.show_stack(StackId(identity)),
        needs=STACKS,
    ),
    Kind(
        name="server",
        create=_server,
        delete=lambda cloud, identity: cloud.delete_server(ServerId(identity)),
        list=lambda cloud, tag: cloud.list_servers(tag),
        show=lambda cloud, identity: cloud.show_server(ServerId(identity)),
    ),
    Kind(
        name="server group",
        create=_group,
        delete=lambda cloud, identity: cloud.delete_server_group(ServerGroupId(identity)),
        list=lambda cloud, tag: cloud.list_server_groups(tag),
    ),
    Kind(
        name="port",
        create=_port,
        delete=lambda cloud, identity: cloud.delete_port(PortId(identity)),
        list=lambda cloud, tag: cloud.list_ports(tag),
    ),
    Kind(
        name="load balancer",
        create=_balancer,
        delete=lambda cloud, identity: cloud.delete_load_balancer(LoadBalancerId(identity)),
        list=lambda cloud, tag: cloud.list_load_balancers(tag),
        needs=LOAD_BALANCERS,
    ),
    Kind(
        name="volume",
        create=_volume,
        delete=lambda cloud, identity: cloud.delete_volume(VolumeId(identity)),
        list=lambda cloud, tag: cloud.list_volumes(tag),
        needs=VOLUMES,
    ),
    Kind(
        name="trust",
        create=_trust,
        delete=lambda cloud, identity: cloud.delete_trust(TrustId(identity)),
        list=lambda cloud, tag: cloud.list_trusts(tag),
    ),
)


def rule_for_every_kind(rule_id: str) -> Callable[[KindScene], KindScene]:
    """Return a decorator that registers a scene of `rule_id` once for each kind."""

    def decorate(scene: KindScene) -> KindScene:
        for kind in KINDS:
            rule(rule_id)(_of_kind(scene, kind))
        return scene

    return decorate


def _of_kind(scene: KindScene, kind: Kind) -> Callable[[CloudUnderTest], Coroutine[Any, Any, None]]:
    @wraps(scene)
    async def play(subject: CloudUnderTest) -> None:
        if kind.needs:
            need(subject, kind.needs)
        await scene(subject, kind)

    play.__name__ = f"{scene.__name__}-{kind.name.replace(' ', '-')}"
    return play
