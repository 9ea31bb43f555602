"""Find what carries a cluster's tag, in every service, and delete it.

Deletion is a checklist over observed resources, not over remembered ones, and it is run
until the listing is empty: what a lost answer or a failed stack left behind goes, too.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from coe_twin.coe_core.errors import Conflict, NotFound, ResourceFailed
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
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds

Id = TypeVar("Id", bound=str)


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that carries a tag, and how to delete it."""

    kind: str
    id: str
    delete: Callable[[], Awaitable[None]]


async def leftovers(cloud: CloudDriver, tag: Tag) -> tuple[Leftover, ...]:
    """Return what carries `tag`, in the order in which it can be deleted."""
    stacks = [StackId(item.id) for item in await cloud.list_stacks(tag)]
    servers = [ServerId(item.id) for item in await cloud.list_servers(tag)]
    volumes = [VolumeId(item.id) for item in await cloud.list_volumes(tag)]
    ports = [PortId(item.id) for item in await cloud.list_ports(tag)]
    balancers = [LoadBalancerId(item.id) for item in await cloud.list_load_balancers(tag)]
    groups = [ServerGroupId(item.id) for item in await cloud.list_server_groups(tag)]
    trusts = [TrustId(item.id) for item in await cloud.list_trusts(tag)]
    return (
        *_of_kind("stack", stacks, cloud.delete_stack),
        *_of_kind("server", servers, cloud.delete_server),
        *_of_kind("volume", volumes, cloud.delete_volume),
        *_of_kind("port", ports, cloud.delete_port),
        *_of_kind("load balancer", balancers, cloud.delete_load_balancer),
        *_of_kind("server group", groups, cloud.delete_server_group),
        *_of_kind("trust", trusts, cloud.delete_trust),
    )


def _of_kind(
    kind: str, found: list[Id], delete: Callable[[Id], Awaitable[None]]
) -> Iterator[Leftover]:
    return (Leftover(kind, identity, partial(delete, identity)) for identity in found)


async def sweep(
    runtime: Runtime, cloud: CloudDriver, tag: Tag, *, pause: Seconds, rounds_max: int
) -> None:
    """Delete what carries `tag`, with a `pause` [s] between rounds, until nothing does.

    Raises:
        ResourceFailed: something is left after `rounds_max` rounds; it is named.
    """
    rounds_left = rounds_max
    while left := await leftovers(cloud, tag):
        if not rounds_left:
            names = ", ".join(f"{item.kind} {item.id}" for item in left)
            raise ResourceFailed(tag, f"cannot delete {names}")
        for item in left:
            await _delete(item)
        rounds_left -= 1
        await runtime.sleep(pause)


async def _delete(item: Leftover) -> None:
    try:
        await item.delete()
    except NotFound:
        return  # gone already: that is what a delete is for
    except Conflict:
        return  # still held by something that goes first; the next round tries again
