"""Cinder behind the seam `Volumes`."""

from collections.abc import Callable

from openstack.block_storage.v2.volume import Volume as SdkVolume2
from openstack.block_storage.v3.volume import Volume as SdkVolume
from openstack.connection import Connection
from openstack.exceptions import BadRequestException

from coe_twin.coe_core.errors import AlreadyExists, BadRequest, Conflict, NotFound
from coe_twin.coe_core.ids import ProjectId, ServerId, Tag, VolumeId
from coe_twin.coe_core.ports.cloud import Volume
from coe_twin.coe_core.templates.hot import TAG_KEY
from coe_twin.coe_core.units import GiB
from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.catalogue import service_types

Work = Callable[[Connection], None]

SERVICES = frozenset({"block-storage", "volumev3"})


class CinderVolumes(Service):
    """`coe_core.ports.cloud.Volumes`; a cloud without Cinder has none of them."""

    async def create_volume(self, name: str, project: ProjectId, tag: Tag, size: GiB) -> VolumeId:
        """Create a volume."""

        def create(cloud: Connection) -> str:
            _require(cloud, name)
            if next(iter(cloud.block_storage.volumes(details=False, name=name)), None) is not None:
                raise AlreadyExists(name, f"a volume named {name} exists in {project}")
            made = cloud.block_storage.create_volume(name=name, size=size, metadata={TAG_KEY: tag})
            return str(made.id)

        return VolumeId(await self._calls.run(name, create))

    async def attach_volume(self, volume: VolumeId, server: ServerId) -> None:
        """Attach a volume to a server."""

        def attach(cloud: Connection) -> None:
            _require(cloud, volume)
            cloud.compute.create_volume_attachment(server, volume=volume)

        await self._in_its_state(volume, attach)

    async def delete_volume(self, volume: VolumeId) -> None:
        """Delete a volume, which Nova has detached with its server."""

        def delete(cloud: Connection) -> None:
            _require(cloud, volume)
            try:
                cloud.block_storage.delete_volume(volume, ignore_missing=False)
            except BadRequestException:
                if cloud.block_storage.get_volume(volume).status != "deleting":
                    raise

        await self._in_its_state(volume, delete)

    async def list_volumes(self, tag: Tag) -> tuple[Volume, ...]:
        """Return the volumes under `tag`."""

        def find(cloud: Connection) -> tuple[Volume, ...]:
            if not SERVICES & service_types(cloud):
                return ()
            found = cloud.block_storage.volumes(details=True)
            return tuple(_view(one) for one in found if (one.metadata or {}).get(TAG_KEY) == tag)

        return await self._calls.run(tag, find)

    async def _in_its_state(self, volume: VolumeId, work: Work) -> None:
        """Do `work`; Cinder says 400 where a volume's state does not allow a call."""
        try:
            await self._calls.run(volume, work)
        except BadRequest as error:
            if "status" in error.detail:
                raise Conflict(volume, error.detail) from None
            raise


def _require(cloud: Connection, resource: str) -> None:
    if not SERVICES & service_types(cloud):
        raise NotFound(resource, "this cloud has no block storage service")


def _view(shown: SdkVolume | SdkVolume2) -> Volume:
    attached = shown.attachments or []
    server = ServerId(str(attached[0]["server_id"])) if attached else None
    return Volume(id=VolumeId(str(shown.id)), name=str(shown.name), server=server)
