"""Neutron behind the seam `Networks`."""

from openstack.connection import Connection

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import PortId, ProjectId, Tag
from coe_twin.coe_core.ports.cloud import Named
from coe_twin.real_driver.calls import Service


class NeutronNetworks(Service):
    """`coe_core.ports.cloud.Networks`.

    Neutron takes tags with a create only where `tag-ports-during-bulk-creation` is on, and
    drops them in silence elsewhere. A port that is tagged by a second call is an orphan if
    that call is lost. So a port carries its tag as its description, from the first moment.
    """

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        """Create a port."""

        def create(cloud: Connection) -> str:
            if next(iter(cloud.network.ports(name=name, project_id=project)), None) is not None:
                raise AlreadyExists(name, f"a port named {name} exists in {project}")
            made = cloud.network.create_port(
                name=name, network_id=network_id(cloud, network), description=tag
            )
            return str(made.id)

        return PortId(await self._calls.run(name, create))

    async def delete_port(self, port: PortId) -> None:
        """Delete a port."""
        await self._calls.run(
            port, lambda cloud: cloud.network.delete_port(port, ignore_missing=False)
        )

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        """Return the ports under `tag`: our own by description, Heat's by Neutron's tags."""

        def find(cloud: Connection) -> tuple[Named, ...]:
            found = (*cloud.network.ports(description=tag), *cloud.network.ports(tags=tag))
            by_id = {str(one.id): str(one.name) for one in found}
            return tuple(Named(id=identity, name=name) for identity, name in by_id.items())

        return await self._calls.run(tag, find)

    async def list_networks(self) -> tuple[Named, ...]:
        """Return the networks that the project sees."""
        return await self._calls.run(
            "networks",
            lambda cloud: tuple(
                Named(id=str(one.id), name=str(one.name)) for one in cloud.network.networks()
            ),
        )


def network_id(cloud: Connection, name: str) -> str:
    """Return the id of a network by its name or id.

    Raises:
        NotFound: there is none.
    """
    for one in cloud.network.networks():
        if name in (one.name, one.id):
            return str(one.id)
    raise NotFound(name, f"Network {name} could not be found.")
