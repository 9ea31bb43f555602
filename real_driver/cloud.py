"""A real OpenStack behind the cloud seam."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import openstack
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk
from openstack.config.loader import OpenStackConfig
from openstack.connection import Connection

from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.catalogue import KeystoneCatalogue
from coe_twin.real_driver.cinder import CinderVolumes
from coe_twin.real_driver.errors import UnknownCloud
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


def connect(cloud: str) -> Connection:
    """Return a connection to the entry `cloud` of `clouds.yaml`; nothing is asked yet.

    The SDK tries no call again on its own: that is the core's.

    Raises:
        UnknownCloud: there is no such entry, or it is incomplete.
    """
    with _readable():
        made = openstack.connect(cloud=cloud, app_name="coe-twin", api_timeout=API_TIMEOUT_S)
    _forbid_retries(made)
    return made


def known_clouds() -> tuple[str, ...]:
    """Return the names in `clouds.yaml`, wherever the SDK finds one, none if it finds none.

    Raises:
        UnknownCloud: the file is no good.
    """
    with _readable():
        found = OpenStackConfig()
        # Without a file the SDK makes up an entry of this name, which leads nowhere.
        made_up = () if found.config_filename else ("defaults",)
        return tuple(name for name in found.get_cloud_names() if name not in made_up)


def _forbid_retries(connection: Connection) -> None:
    """Override what the SDK's defaults (five more calls of Glance) or the user ask for."""
    settings = connection.config.config
    for name in settings:
        if name.endswith(RETRIES):
            settings[name] = 0


@contextmanager
def _readable() -> Iterator[None]:
    """Raise whatever the SDK makes of a bad `clouds.yaml` as one error."""
    try:
        yield
    except (sdk.SDKException, keystone.ClientException) as error:
        raise UnknownCloud(f"clouds.yaml is no good: {error}") from None
    except (AttributeError, TypeError, ValueError) as error:  # what the SDK does not look at
        raise UnknownCloud("clouds.yaml is no good: something in it is no mapping") from error
