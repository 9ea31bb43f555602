"""Octavia behind the seam `LoadBalancers`."""

from openstack.connection import Connection
from openstack.exceptions import ConflictException

from coe_twin.coe_core.errors import AlreadyExists, NotFound
from coe_twin.coe_core.ids import LoadBalancerId, ProjectId, Tag
from coe_twin.coe_core.ports.cloud import Named
from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.catalogue import has_service
from coe_twin.real_driver.neutron import network_id

SERVICE = "load-balancer"


class OctaviaLoadBalancers(Service):
    """`coe_core.ports.cloud.LoadBalancers`; a cloud without Octavia has none of them."""

    async def create_load_balancer(
        self, name: str, project: ProjectId, tag: Tag, network: str
    ) -> LoadBalancerId:
        """Create a load balancer."""

        def create(cloud: Connection) -> str:
            if not has_service(cloud, SERVICE):
                raise NotFound(name, "this cloud has no load-balancer service")
            if next(iter(cloud.load_balancer.load_balancers(name=name)), None) is not None:
                raise AlreadyExists(name, f"a load balancer named {name} exists in {project}")
            made = cloud.load_balancer.create_load_balancer(
                name=name, vip_network_id=network_id(cloud, network), tags=[tag], description=tag
            )
            return str(made.id)

        return LoadBalancerId(await self._calls.run(name, create))

    async def delete_load_balancer(self, load_balancer: LoadBalancerId) -> None:
        """Delete a load balancer with its listeners and pools."""

        def delete(cloud: Connection) -> None:
            if not has_service(cloud, SERVICE):
                raise NotFound(load_balancer, "this cloud has no load-balancer service")
            try:
                cloud.load_balancer.delete_load_balancer(
                    load_balancer, ignore_missing=False, cascade=True
                )
            except ConflictException:
                if not _is_deleting(cloud, load_balancer):
                    raise

        await self._calls.run(load_balancer, delete)

    async def list_load_balancers(self, tag: Tag) -> tuple[Named, ...]:
        """Return the load balancers under `tag`."""

        def find(cloud: Connection) -> tuple[Named, ...]:
            if not has_service(cloud, SERVICE):
                return ()
            found = cloud.load_balancer.load_balancers(description=tag)
            return tuple(Named(id=str(one.id), name=str(one.name)) for one in found)

        return await self._calls.run(tag, find)


def _is_deleting(cloud: Connection, load_balancer: LoadBalancerId) -> bool:
    shown = cloud.load_balancer.get_load_balancer(load_balancer)
    return bool(shown.provisioning_status == "PENDING_DELETE")
