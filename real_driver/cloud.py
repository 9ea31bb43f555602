"""A real OpenStack behind the cloud seam."""

from typing import Final

import openstack
from openstack import exceptions as sdk
from openstack.config.loader import OpenStackConfig
from openstack.connection import Connection

from real_driver.calls import Calls
from real_driver.catalogue import KeystoneCatalogue
from real_driver.cinder import CinderVolumes
from real_driver.errors import UnknownCloud
from real_driver.heat import HeatStacks
from real_driver.keystone import KeystoneIdentity
from real_driver.marks import ProjectMarks
from real_driver.neutron import NeutronNetworks
from real_driver.nova import NovaCompute
from real_driver.octavia import OctaviaLoadBalancers
from real_driver.quotas import GlanceImages, ProjectQuotas

API_TIMEOUT_S: Final = 120.0
"""How long one HTTP call may take [s] (assumed: longer than a service's own RPC time-out)."""


class OpenStackCloud(
    HeatStacks,
    NovaCompute,
    NeutronNetworks,
    OctaviaLoadBalancers,
    CinderVolumes,
    KeystoneIdentity,
    GlanceImages,
    ProjectQuotas,
    KeystoneCatalogue,
    ProjectMarks,
):
    """`coe_core.ports.cloud.CloudDriver` by openstacksdk; no retry, no polling loop, no cache."""

    def __init__(self, calls: Calls) -> None:
        super().__init__(calls)
        self.calls = calls


def connect(cloud: str) -> Connection:
    """Return a connection to the entry `cloud` of `clouds.yaml`; nothing is asked yet.

    The SDK tries no call again on its own: that is the core's.

    Raises:
        UnknownCloud: there is no such entry, or it is incomplete.
    """
    try:
        return openstack.connect(cloud=cloud, app_name="coe-twin", api_timeout=API_TIMEOUT_S)
    except sdk.ConfigException as error:
        raise UnknownCloud(f"cloud {cloud!r}: {error}") from None


def known_clouds() -> tuple[str, ...]:
    """Return the names in `clouds.yaml`, wherever the SDK finds one."""
    return tuple(OpenStackConfig().get_cloud_names())
