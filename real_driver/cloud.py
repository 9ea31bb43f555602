"""A real OpenStack behind the cloud seam."""

from typing import Final

import openstack
from openstack.connection import Connection

from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.catalogue import KeystoneCatalogue
from coe_twin.real_driver.cinder import CinderVolumes
from coe_twin.real_driver.entry import no_surprise, read_config, require_good
from coe_twin.real_driver.heat import HeatStacks
from coe_twin.real_driver.keystone import KeystoneIdentity
from coe_twin.real_driver.marks import ProjectMarks
from coe_twin.real_driver.neutron import NeutronNetworks
from coe_twin.real_driver.nova import NovaCompute
from coe_twin.real_driver.octavia import OctaviaLoadBalancers
from coe_twin.real_driver.quotas import GlanceImages, ProjectQuotas

API_TIMEOUT_S: Final = 120.0
"""How long one HTTP call may take [s] (assumed: longer than a service's own RPC time-out)."""

RETRIES: Final = ("connect_retries", "status_code_retries")
"""End the names of the settings by which the SDK tries a call again, for one service or all."""


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


def connect(cloud: str, region: str | None = None) -> Connection:
    """Return a connection to the entry `cloud` of `clouds.yaml`; nothing is asked yet.

    The SDK tries no call again on its own: that is the core's.

    Args:
        cloud: the name of the entry.
        region: one of its regions; needed where it has several.

    Raises:
        UnknownCloud: there is no such entry or region, or the entry is no good.
    """
    config = read_config()
    require_good(config, cloud, region)
    with no_surprise(config):
        made = openstack.connect(
            cloud=cloud, region_name=region, app_name="coe-twin", api_timeout=API_TIMEOUT_S
        )
    _forbid_retries(made)
    return made


def _forbid_retries(connection: Connection) -> None:
    """Override what the SDK's defaults (five more calls of Glance) or the user ask for."""
    settings = connection.config.config
    for name in settings:
        if name.endswith(RETRIES):
            settings[name] = 0
