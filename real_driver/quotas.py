"""The quotas of Nova, Neutron and Cinder, and Glance's images, behind their seams."""

from collections.abc import Mapping
from typing import Final

from openstack.connection import Connection
from openstack.exceptions import NotFoundException, raise_from_response

from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.ports.cloud import Allowance, Named
from coe_twin.real_driver.calls import Service
from coe_twin.real_driver.catalogue import has_service, service_types
from coe_twin.real_driver.cinder import SERVICES as VOLUME_SERVICES

Allowances = dict[str, Allowance]

NETWORK_KINDS: Final[Mapping[str, str]] = {"ports": "ports", "floating_ips": "floating_ips"}
"""Our word for a quota to the SDK's attribute of Neutron's quota."""


class GlanceImages(Service):
    """`coe_core.ports.cloud.Images`."""

    async def list_images(self) -> tuple[Named, ...]:
        """Return the images that are active."""
        return await self._calls.run(
            "images",
            lambda cloud: tuple(
                Named(id=str(one.id), name=str(one.name))
                for one in cloud.image.images(status="active")
            ),
        )


class ProjectQuotas(Service):
    """`coe_core.ports.cloud.Quotas`."""

    async def allowances(self, project: ProjectId) -> Mapping[str, Allowance]:
        """Return what Nova, Neutron and Cinder say of the project."""
        return await self._calls.run(
            project, lambda cloud: {**_nova(cloud), **_neutron(cloud, project), **_cinder(cloud)}
        )


def _nova(cloud: Connection) -> Allowances:
    # Read as Nova writes it: the SDK's own record warns of fields that nobody asked for.
    answer = cloud.compute.get("/limits")
    raise_from_response(answer)
    limits = answer.json()["limits"]["absolute"]
    return _told(
        instances=(limits.get("maxTotalInstances"), limits.get("totalInstancesUsed")),
        cores=(limits.get("maxTotalCores"), limits.get("totalCoresUsed")),
        ram_mib=(limits.get("maxTotalRAMSize"), limits.get("totalRAMUsed")),
    )


def _neutron(cloud: Connection, project: ProjectId) -> Allowances:
    if not has_service(cloud, "network"):
        return {}
    try:
        details = cloud.network.get_quota(project, details=True)
    except NotFoundException:  # a Neutron without the extension quota_details
        return {}
    shown = {kind: getattr(details, name) for kind, name in NETWORK_KINDS.items()}
    used = {kind: one for kind, one in shown.items() if isinstance(one, dict)}
    return _told(
        **{kind: (one["limit"], one["used"] + one.get("reserved", 0)) for kind, one in used.items()}
    )


def _cinder(cloud: Connection) -> Allowances:
    if not VOLUME_SERVICES & service_types(cloud):
        return {}
    limits = cloud.block_storage.get_limits().absolute
    return _told(volumes=(limits.max_total_volumes, limits.total_volumes_used))


def _told(**shown: tuple[object, object]) -> Allowances:
    """Return those of the limits and what is used of them that the service tells."""
    return {
        kind: Allowance(limit=int(str(limit)), used=int(str(used)))
        for kind, (limit, used) in shown.items()
        if limit is not None and used is not None
    }
