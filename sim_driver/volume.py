"""Cinder: volumes that are created, attached, and deleted with what they are attached to."""

from coe_twin.coe_core.ids import ProjectId, ServerId, Tag, VolumeId
from coe_twin.sim_driver.registry import Registry
from coe_twin.sim_driver.substrate import Substrate


class SimVolume:
    """A volume; `server` is where it is attached."""

    __slots__ = ("id", "name", "project", "server", "size_gib", "tag")

    def __init__(self, identity: str, name: str, project: ProjectId, tag: Tag, size: int) -> None:
        self.id = VolumeId(identity)
        self.name = name
        self.project = project
        self.tag = tag
        self.size_gib = size
        self.server: ServerId | None = None


class Volumes:
    """cinder-api and the volume back end."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._create = substrate.service_time("cinder.volume_create_s")
        self._attach = substrate.service_time("cinder.volume_attach_s")
        self._delete = substrate.service_time("cinder.volume_delete_s")
        self.items = Registry[SimVolume]("volume")

    def accept(self, name: str, project: ProjectId, tag: Tag, size_gib: int) -> SimVolume:
        """Reserve a volume of `size_gib` [GiB], before any time passes.

        Raises:
            AlreadyExists: the project has one of this name.
            QuotaExceeded: the project's volumes.
        """
        self.items.refuse_duplicate(project, name)
        self._substrate.quota.reserve(project, name, {"volumes": 1})
        volume = SimVolume(self.items.new_id(), name, project, tag, size_gib)
        self.items.add(volume)
        return volume

    async def create(self, key: int) -> None:
        """Return when Cinder has answered for an accepted volume."""
        await self._substrate.run("cinder-api", self._create, key)

    async def attach(self, identity: str, server: ServerId, key: int) -> None:
        """Attach a volume to a server.

        Raises:
            NotFound: there is no such volume.
        """
        volume = self.items.get(identity)
        await self._substrate.run("cinder-api", self._attach, key)
        volume.server = server

    async def delete(self, identity: str, key: int) -> None:
        """Detach and delete a volume.

        Raises:
            NotFound: there is no such volume.
        """
        volume = self.items.remove(identity)
        self._substrate.quota.give_back(volume.project, {"volumes": 1})
        await self._substrate.run("cinder-api", self._delete, key)
