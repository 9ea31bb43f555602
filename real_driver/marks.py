"""The marks of clusters on everything of a project, behind the seam `Marks`."""

from collections.abc import Iterator
from typing import Final

from openstack.connection import Connection

from coe_twin.coe_core.cluster import TAG_PREFIX
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.templates.hot import TAG_KEY
from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.catalogue import service_types
from coe_twin.real_driver.cinder import SERVICES as VOLUME_SERVICES
from coe_twin.real_driver.keystone import application_credentials
from coe_twin.real_driver.nova import marks_of
from coe_twin.real_driver.octavia import SERVICE as BALANCER_SERVICE

GONE: Final = "DELETE_COMPLETE"
"""The status of a stack that Heat lists for a moment longer, and shows no more."""


class ProjectMarks(Service):
    """`coe_core.ports.cloud.Marks`."""

    async def tags(self) -> frozenset[Tag]:
        """Return the tags of clusters on anything that the project has."""
        return await self._calls.run("tags", _tags)


def _tags(cloud: Connection) -> frozenset[Tag]:
    return frozenset(Tag(text) for text in _marks(cloud) if text.startswith(TAG_PREFIX))


def _marks(cloud: Connection) -> Iterator[str]:
    services = service_types(cloud)
    if "orchestration" in services:
        for stack in cloud.orchestration.stacks():
            if stack.status != GONE:
                yield from stack.tags or ()
    yield from _of_nova(cloud)
    for port in cloud.network.ports():
        yield from (*(port.tags or ()), str(port.description or ""))
    for credential in application_credentials(cloud):
        yield str(credential.description or "")
    yield from _of_extras(cloud, services)


def _of_nova(cloud: Connection) -> Iterator[str]:
    for server in cloud.compute.servers(details=True):
        yield from marks_of(server)
    for group in cloud.compute.server_groups():
        yield str(group.name).partition("/")[0]


def _of_extras(cloud: Connection, services: frozenset[str]) -> Iterator[str]:
    """Yield the marks in services that many clouds do not have."""
    if services & VOLUME_SERVICES:
        for volume in cloud.block_storage.volumes(details=True):
            yield str((volume.metadata or {}).get(TAG_KEY, ""))
    if BALANCER_SERVICE in services:
        for balancer in cloud.load_balancer.load_balancers():
            yield str(balancer.description or "")
