"""Nova behind the seam `Compute`."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from openstack.compute.v2.server import Server as SdkServer
from openstack.connection import Connection
from openstack.exceptions import HttpException

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import ProjectId, ServerGroupId, ServerId, Tag
from coe_twin.coe_core.ports.cloud import Flavor, Named, Server, ServerSpec, ServerStatus
from coe_twin.coe_core.templates.hot import TAG_KEY
from coe_twin.coe_core.templates.user_data import SIGNAL
from coe_twin.coe_core.units import GiB, MiB
from coe_twin.real_driver.calls import Calls, Service
from coe_twin.real_driver.translate import fault_of

CONSOLE_LINES: Final = 200
"""How far back the console is read (assumed: nothing is that chatty after the bootstrap)."""

DELETING: Final = ("deleting", "soft-deleting", "force_delete")
"""Nova's task states of a server that is going away."""

STATUSES: Final = {status.value: status for status in ServerStatus}

GONE: Final = ("DELETED", "SOFT_DELETED")

Attributes = dict[str, Any]
"""What the SDK takes by name."""


class NovaCompute(Service):
    """`coe_core.ports.cloud.Compute`.

    A node booted without Heat has nothing to signal with, and is given no credentials for it.
    So it says on its console that it is up, which Nova hands to the project's members.
    """

    def __init__(self, calls: Calls) -> None:
        super().__init__(calls)
        self._signalled: set[str] = set()

    async def create_server(self, spec: ServerSpec) -> ServerId:
        """Begin to boot a server."""
        made = await self._calls.run(spec.name, lambda cloud: _create(cloud, spec))
        return ServerId(made)

    async def show_server(self, server: ServerId) -> Server:
        """Return a server."""
        return await self._calls.run(server, lambda cloud: self._shown(cloud, server))

    async def delete_server(self, server: ServerId) -> None:
        """Begin to delete a server."""
        await self._calls.run(
            server, lambda cloud: cloud.compute.delete_server(server, ignore_missing=False)
        )

    async def list_servers(self, tag: Tag) -> tuple[Server, ...]:
        """Return the servers under `tag`.

        The mark is metadata, by which Nova does not filter, so all the project's are read.
        """
        return await self._calls.run(
            tag,
            lambda cloud: tuple(
                self._view(cloud, one)
                for one in cloud.compute.servers(details=True)
                if one.status not in GONE and tag in marks_of(one)
            ),
        )

    async def create_server_group(
        self, name: str, project: ProjectId, tag: Tag, policy: str
    ) -> ServerGroupId:
        """Create a server group; its name in Nova begins with the tag, since it has no tags."""
        full = _group_name(tag, name)

        def create(cloud: Connection) -> str:
            if name in (taken.partition("/")[2] for taken in _groups(cloud).values()):
                raise AlreadyExists(name, f"a server group named {name} exists in {project}")
            return str(cloud.compute.create_server_group(name=full, policy=policy).id)

        return ServerGroupId(await self._calls.run(name, create))

    async def delete_server_group(self, group: ServerGroupId) -> None:
        """Delete a server group."""
        await self._calls.run(
            group, lambda cloud: cloud.compute.delete_server_group(group, ignore_missing=False)
        )

    async def list_server_groups(self, tag: Tag) -> tuple[Named, ...]:
        """Return the server groups under `tag`."""
        found = await self._calls.run(tag, _groups)
        prefix = _group_name(tag, "")
        return tuple(
            Named(id=identity, name=name.removeprefix(prefix))
            for identity, name in found.items()
            if name.startswith(prefix)
        )

    async def availability_zones(self) -> tuple[str, ...]:
        """Return the zones that are available."""
        return await self._calls.run(
            "availability zones",
            lambda cloud: tuple(
                str(zone.name)
                for zone in cloud.compute.availability_zones()
                if (zone.state or {}).get("available", True)
            ),
        )

    async def list_flavors(self) -> tuple[Flavor, ...]:
        """Return the flavors."""
        return await self._calls.run("flavors", _flavors)

    async def list_keypairs(self) -> tuple[str, ...]:
        """Return the names of the user's keypairs."""
        return await self._calls.run(
            "keypairs", lambda cloud: tuple(str(one.name) for one in cloud.compute.keypairs())
        )

    def _shown(self, cloud: Connection, identity: ServerId) -> Server:
        shown = cloud.compute.get_server(identity)
        if shown.status in GONE:
            raise NotFound(identity, f"server {identity} could not be found")
        return self._view(cloud, shown)

    def _view(self, cloud: Connection, shown: SdkServer) -> Server:
        status = _status(str(shown.status))
        fault = str((shown.fault or {}).get("message", ""))
        return Server(
            id=ServerId(str(shown.id)),
            name=str(shown.name),
            status=status,
            fault=fault_of(str(shown.name), fault) if status is ServerStatus.ERROR else "",
            has_signalled=status is ServerStatus.ACTIVE and self._has_signalled(cloud, shown),
            is_deleting=shown.task_state in DELETING,
        )

    def _has_signalled(self, cloud: Connection, shown: SdkServer) -> bool:
        """Return whether the console shows the signal; what it showed once, holds for good."""
        identity = str(shown.id)
        if identity not in self._signalled and SIGNAL in _console(cloud, identity):
            self._signalled.add(identity)
        return identity in self._signalled


def marks_of(server: SdkServer) -> frozenset[str]:
    """Return the marks of clusters on a server; Heat sets a tag only once it is ACTIVE."""
    return frozenset({*(server.tags or ()), str((server.metadata or {}).get(TAG_KEY, ""))})


def _create(cloud: Connection, spec: ServerSpec) -> str:
    if any(
        one.name == spec.name for one in cloud.compute.servers(details=False, name=_only(spec.name))
    ):
        raise AlreadyExists(spec.name, f"a server named {spec.name} exists in {spec.project}")
    attributes: Attributes = {
        "name": spec.name,
        "flavor_id": flavor_id(cloud, spec.flavor),
        "image_id": image_id(cloud, spec.image),
        "networks": [{"port": spec.port}],
        "tags": [spec.tag],
        "metadata": {TAG_KEY: spec.tag},
        "user_data": base64.b64encode(spec.user_data.encode()).decode(),
        **_wishes(cloud, spec),
    }
    return str(cloud.compute.create_server(**attributes).id)


def _wishes(cloud: Connection, spec: ServerSpec) -> Attributes:
    wishes: Attributes = {}
    if spec.keypair:
        wishes["key_name"] = spec.keypair
    if spec.zone:
        wishes["availability_zone"] = spec.zone
    if spec.group:
        wishes["scheduler_hints"] = {"group": _group_id(cloud, _group_name(spec.tag, spec.group))}
    return wishes


def _group_id(cloud: Connection, name: str) -> str:
    for identity, taken in _groups(cloud).items():
        if taken == name:
            return identity
    raise NotFound(name, f"Instance group {name} could not be found.")


def _group_name(tag: Tag, name: str) -> str:
    return f"{tag}/{name}"


def _groups(cloud: Connection) -> Mapping[str, str]:
    """Return the names of the project's server groups by id."""
    return {str(one.id): str(one.name) for one in cloud.compute.server_groups()}


def flavor_id(cloud: Connection, name: str) -> str:
    """Return the id of a flavor.

    Raises:
        NotFound: there is none of this name.
    """
    for one in cloud.compute.flavors(details=True):
        if one.name == name:
            return str(one.id)
    raise NotFound(name, f"Flavor {name} could not be found.")


def image_id(cloud: Connection, name: str) -> str:
    """Return the id of an image by its name or id.

    Raises:
        NotFound: there is none.
    """
    for one in cloud.image.images(name=name):
        return str(one.id)
    for one in cloud.image.images():
        if one.id == name:
            return name
    raise NotFound(name, f"Image {name} could not be found.")


def _flavors(cloud: Connection) -> tuple[Flavor, ...]:
    return tuple(
        Flavor(
            name=str(one.name),
            vcpus=int(one.vcpus),
            ram=MiB(int(one.ram)),
            disk=GiB(int(one.disk)),
        )
        for one in cloud.compute.flavors(details=True)
    )


def _console(cloud: Connection, server: str) -> str:
    """Return the end of a server's console, "" while there is none."""
    try:
        shown = cloud.compute.get_server_console_output(server, length=CONSOLE_LINES)
    except HttpException as error:
        if error.status_code in (404, 409):  # no host yet, or the console is not there yet
            return ""
        raise
    return str(shown.get("output", "")) if shown else ""


def _status(shown: str) -> ServerStatus:
    """Return the status as clusters meet it: what is neither up nor broken is being built."""
    return STATUSES.get(shown, ServerStatus.BUILD)


def _only(name: str) -> str:
    """Return the pattern that matches this name alone; Nova filters by regular expression."""
    return f"^{name}$"
