"""The seam of the cloud: one small Protocol per OpenStack service, verbs only.

No retry, no polling loop and no state machine stand behind these verbs; those are the
core's. Every create takes a name that is unique in its project and the tag of the cluster,
so that after a lost answer the core can look before it creates again.

Contract rules (ids are append-only; `coe_core.conformance.cloud` holds one test each):

- C101 a create returns before the resource is ready; its status is then read by `show`.
- C102 a second create of the same name in the same project raises AlreadyExists.
- C103 `show` and `delete` of an unknown id raise NotFound.
- C104 a delete returns once deletion has begun, or later; `show` raises NotFound when it is
  over, and until then a server says `is_deleting`. One that no longer does, and is there, met
  an error: Nova gave its deletion up, and whoever wants it gone asks again.
- C105 `list` by tag returns what was created under the tag and is not deleted, each once.
- C106 a create that is refused leaves nothing behind.
- C107 deleting a stack deletes every resource that it made.
- C108 a stack shows the parameters it was last given, as text (`coe_core.templates.hot.as_text`).
- C109 `list` by tag also returns the servers and ports that a stack made under the same tag.
- C110 a server that no host has room for is accepted, then reads ERROR with a fault that
  `coe_core.faults` reads as NoValidHost.
- C111 a create that names an unknown flavor, image or network raises NotFound with that name.
- C112 a create beyond the quota raises QuotaExceeded.
- C113 a server has signalled only once its guest has, and then for good.
- C114 a stack that failed says why, in words that `coe_core.faults` reads as the cause.
- C115 updating a stack brings what it made to the new parameters; members named as removed go.
- C116 deleting what is being deleted already raises nothing but NotFound.
- C117 flavors, images, networks and keypairs that the catalogue lists are accepted by creates.
- C118 allowances count what exists: a server raises `instances` by one, at the latest when it is
  ACTIVE (Nova counts what it has scheduled), and its end lowers it.
- C119 a server group is found by its tag, and a server may ask for it by name.
- C120 `tags` names a cluster's tag as long as anything is listed under it, and no longer.
"""

from collections.abc import Mapping
from typing import Protocol

from coe_twin.coe_core.ids import (
    LoadBalancerId,
    PortId,
    ProjectId,
    ServerGroupId,
    ServerId,
    StackId,
    Tag,
    TrustId,
    VolumeId,
)
from coe_twin.coe_core.ports.resources import (
    UNLIMITED,
    Allowance,
    Flavor,
    Login,
    Named,
    Server,
    ServerSpec,
    ServerStatus,
    Stack,
    StackSpec,
    StackStatus,
    Volume,
)
from coe_twin.coe_core.units import GiB

__all__ = [
    "UNLIMITED",
    "Allowance",
    "Catalogue",
    "CloudDriver",
    "Compute",
    "Flavor",
    "Identity",
    "Images",
    "LoadBalancers",
    "Login",
    "Marks",
    "Named",
    "Networks",
    "Quotas",
    "Server",
    "ServerSpec",
    "ServerStatus",
    "Stack",
    "StackSpec",
    "StackStatus",
    "Stacks",
    "Volume",
    "Volumes",
]


class Stacks(Protocol):
    """Heat."""

    async def create_stack(self, spec: StackSpec) -> StackId:
        """Begin to create a stack.

        Raises:
            AlreadyExists: the project has a stack of this name.
            InvalidTemplate: Heat refuses the template.
            StackLimitExceeded: too many stacks, or too many resources in this one.
            RpcTimeout: the engine did not answer in time; the stack may exist.
        """

    async def show_stack(self, stack: StackId) -> Stack:
        """Return the stack; this call is what a poll costs.

        Raises:
            NotFound: there is none, or its deletion is over.
        """

    async def update_stack(self, stack: StackId, spec: StackSpec) -> None:
        """Begin to change a stack to `spec`.

        Raises:
            NotFound: there is no such stack.
            Conflict: another action is in progress, and Heat does not take over.
            InvalidTemplate: Heat refuses the template.
        """

    async def delete_stack(self, stack: StackId) -> None:
        """Begin to delete a stack with everything in it.

        Raises:
            NotFound: there is no such stack.
        """

    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        """Return the top-level stacks under `tag`."""


class Compute(Protocol):
    """Nova."""

    async def create_server(self, spec: ServerSpec) -> ServerId:
        """Begin to boot a server.

        Raises:
            AlreadyExists: the project has a server of this name.
            QuotaExceeded: cores, RAM or instances.
            NotFound: unknown flavor, image, port, keypair or server group.
        """

    async def show_server(self, server: ServerId) -> Server:
        """Return the server.

        Raises:
            NotFound: there is none, or its deletion is over.
        """

    async def delete_server(self, server: ServerId) -> None:
        """Begin to delete a server.

        Raises:
            NotFound: there is no such server.
        """

    async def list_servers(self, tag: Tag) -> tuple[Server, ...]:
        """Return the servers under `tag`."""

    async def create_server_group(
        self, name: str, project: ProjectId, tag: Tag, policy: str
    ) -> ServerGroupId:
        """Create a server group with a scheduling policy of Nova's, such as `anti-affinity`.

        Raises:
            AlreadyExists: the project has a server group of this name.
            QuotaExceeded: server groups.
        """

    async def delete_server_group(self, group: ServerGroupId) -> None:
        """Delete a server group; its members stay.

        Raises:
            NotFound: there is no such server group.
        """

    async def list_server_groups(self, tag: Tag) -> tuple["Named", ...]:
        """Return the server groups under `tag`."""

    async def availability_zones(self) -> tuple[str, ...]:
        """Return the zones in which servers can be placed."""

    async def list_flavors(self) -> tuple[Flavor, ...]:
        """Return the flavors that the project may use."""

    async def list_keypairs(self) -> tuple[str, ...]:
        """Return the names of the caller's keypairs."""


class Networks(Protocol):
    """Neutron."""

    async def create_port(self, name: str, project: ProjectId, tag: Tag, network: str) -> PortId:
        """Create a port on `network`.

        Raises:
            AlreadyExists: the project has a port of this name.
            QuotaExceeded: ports.
            NotFound: no such network.
        """

    async def delete_port(self, port: PortId) -> None:
        """Delete a port.

        Raises:
            NotFound: there is no such port.
        """

    async def list_ports(self, tag: Tag) -> tuple[Named, ...]:
        """Return the ports under `tag`."""

    async def list_networks(self) -> tuple[Named, ...]:
        """Return the networks that the project may use, shared and external ones too."""


class LoadBalancers(Protocol):
    """Octavia, or Neutron's LBaaS of 2016."""

    async def create_load_balancer(
        self, name: str, project: ProjectId, tag: Tag, network: str
    ) -> LoadBalancerId:
        """Create a load balancer.

        Raises:
            AlreadyExists: the project has one of this name.
            QuotaExceeded: load balancers.
        """

    async def delete_load_balancer(self, load_balancer: LoadBalancerId) -> None:
        """Delete a load balancer.

        Raises:
            NotFound: there is none.
        """

    async def list_load_balancers(self, tag: Tag) -> tuple[Named, ...]:
        """Return the load balancers under `tag`."""


class Volumes(Protocol):
    """Cinder."""

    async def create_volume(self, name: str, project: ProjectId, tag: Tag, size: GiB) -> VolumeId:
        """Create a volume of `size` [GiB].

        Raises:
            AlreadyExists: the project has a volume of this name.
            QuotaExceeded: volumes or gigabytes.
        """

    async def attach_volume(self, volume: VolumeId, server: ServerId) -> None:
        """Attach a volume to an ACTIVE server.

        Raises:
            NotFound: no such volume or server.
            Conflict: the server is not ACTIVE.
        """

    async def delete_volume(self, volume: VolumeId) -> None:
        """Detach and delete a volume.

        Raises:
            NotFound: there is no such volume.
        """

    async def list_volumes(self, tag: Tag) -> tuple[Volume, ...]:
        """Return the volumes under `tag`."""


class Identity(Protocol):
    """Keystone: what a cluster needs to act for its owner."""

    async def login(self) -> Login:
        """Return how the caller is logged in."""

    async def create_trust(self, name: str, project: ProjectId, tag: Tag) -> TrustId:
        """Create the cluster's trust.

        Raises:
            AlreadyExists: the project has a trust of this name.
        """

    async def delete_trust(self, trust: TrustId) -> None:
        """Delete a trust.

        Raises:
            NotFound: there is none.
        """

    async def list_trusts(self, tag: Tag) -> tuple[Named, ...]:
        """Return the trusts under `tag`."""


class Images(Protocol):
    """Glance."""

    async def list_images(self) -> tuple[Named, ...]:
        """Return the images that the project may boot from."""


class Quotas(Protocol):
    """What a project may use, as each service counts it."""

    async def allowances(self, project: ProjectId) -> Mapping[str, Allowance]:
        """Return the quotas of `project` that the cloud tells.

        Keys: instances, cores, ram_mib, ports, floating_ips, volumes, load_balancers. What the
        cloud does not tell, or a service that is not there, is left out.
        """


class Catalogue(Protocol):
    """Keystone's catalogue."""

    async def service_types(self) -> frozenset[str]:
        """Return the types of the services that have an endpoint, such as `orchestration`."""


class Marks(Protocol):
    """The marks of clusters, across all services."""

    async def tags(self) -> frozenset[Tag]:
        """Return every tag of a cluster under which the project has anything at all."""


class CloudDriver(
    Stacks,
    Compute,
    Networks,
    LoadBalancers,
    Volumes,
    Identity,
    Images,
    Quotas,
    Catalogue,
    Marks,
    Protocol,
):
    """All services; a coroutine of the core asks for the narrowest Protocol that it needs."""
