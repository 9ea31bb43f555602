"""An entry of clouds.yaml that leads to the cloud in this process."""

from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from openstack.connection import Connection

from coe_twin.real_driver.calls import Calls
from coe_twin.real_driver.cloud import OpenStackCloud, connect
from coe_twin.real_driver.runtime import AnyioRuntime
from tests.fake_openstack.cloud import PASSWORD, ROOT, FakeOpenStack
from tests.fake_openstack.transport import FakeTransport

T = TypeVar("T")

CLOUDS = f"""\
clouds:
  fake:
    auth:
      auth_url: {ROOT}/identity/v3
      username: demo
      password: {PASSWORD}
      project_name: demo
      user_domain_name: Default
      project_domain_name: Default
    region_name: R1
  other-cloud:
    auth: {{auth_url: "http://other.test/v3"}}
"""


def write_clouds(folder: Path) -> Path:
    """Write a clouds.yaml into `folder`; return its path."""
    path = folder / "clouds.yaml"
    path.write_text(CLOUDS, encoding="utf-8")
    return path


def connection_to(cloud: FakeOpenStack) -> Connection:
    """Return a connection by the entry `fake`, of which nothing leaves this process."""
    connection = connect("fake")
    connection.session.session.mount(f"{ROOT}/", cloud.transport)
    return connection


@dataclass(frozen=True, slots=True)
class Reached:
    """A cloud in this process, and the real driver that is connected to it."""

    cloud: FakeOpenStack
    driver: OpenStackCloud

    @property
    def http(self) -> FakeTransport:
        """What carries the requests."""
        return self.cloud.transport

    def ask(self, call: Coroutine[Any, Any, T]) -> T:
        """Return what a call of the driver returns."""
        return AnyioRuntime().run(call)


def reach(cloud: FakeOpenStack) -> Reached:
    """Return `cloud` with the real driver connected to it, by the entry `fake`."""
    return Reached(cloud, OpenStackCloud(Calls(connection_to(cloud))))
