"""Keystone's catalogue behind the seam `Catalogue`."""

from openstack.connection import Connection

from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.login import access_of


class KeystoneCatalogue(Service):
    """`coe_core.ports.cloud.Catalogue`."""

    async def service_types(self) -> frozenset[str]:
        """Return the types of the services that have an endpoint for this user."""
        return await self._calls.run("catalogue", service_types)


def service_types(cloud: Connection) -> frozenset[str]:
    """Return the types in the catalogue that came with the token, as far as we can reach them."""
    reachable = access_of(cloud).service_catalog.get_endpoints(
        region_name=cloud.config.get_region_name() or None,
        interface=cloud.config.get_interface() or "public",
    )
    return frozenset(kind for kind, endpoints in reachable.items() if endpoints)


def has_service(cloud: Connection, kind: str) -> bool:
    """Return whether the cloud has a service of the type `kind`."""
    return kind in service_types(cloud)
