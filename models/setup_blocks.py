"""The parts of a set-up: machines, services, limits.

Every number has a bound, so that a slip of the keyboard is refused before it costs an hour.
"""

from typing import Annotated, Final, Literal, Self, TypeAlias, get_args

from pydantic import Field, model_validator

from coe_twin.coe_core.cluster import ClusterTemplate
from coe_twin.coe_core.errors import InvalidRequest
from coe_twin.coe_core.told import check_template
from coe_twin.coe_core.units import GiB
from coe_twin.models.block import Block, ListOf, Name, Text

Count = Annotated[int, Field(ge=1, le=100_000)]
Cores = Annotated[int, Field(ge=1, le=1024)]
SizeGib = Annotated[int, Field(ge=1, le=1_000_000)]
Timeout = Annotated[float, Field(gt=0, le=1_000_000)]
Ratio = Annotated[float, Field(gt=0, le=1000)]
GbitPerS = Annotated[float, Field(gt=0, le=10_000)]
Limit = Annotated[int, Field(ge=-1, le=1_000_000_000, description="-1 is no limit")]

Service: TypeAlias = Literal[
    "magnum-api",
    "magnum-conductor",
    "heat-api",
    "heat-engine",
    "keystone",
    "nova-api",
    "nova-conductor",
    "nova-scheduler",
    "neutron-server",
    "glance-api",
    "cinder-api",
]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)


class Hypervisors(Block):
    """The compute hosts, all alike."""

    count: Count
    cores: Cores
    ram_gib: SizeGib
    disk_gib: SizeGib
    nic_gbit_per_s: GbitPerS
    availability_zones: Annotated[ListOf[Text], Field(min_length=1, max_length=100)]
    cpu_allocation_ratio: Ratio
    ram_allocation_ratio: Ratio
    max_concurrent_builds: Annotated[int, Field(ge=1, le=1000)]
    weigher: Literal["spread", "pack"]

    @model_validator(mode="after")
    def _zones_differ_and_have_hosts(self) -> Self:
        zones = self.availability_zones
        if len(set(zones)) < len(zones):
            raise ValueError("availability_zones: a name is given twice, accepted is once each")
        if len(zones) > self.count:
            raise ValueError(f"{len(zones)} availability_zones for {self.count} hypervisors")
        return self


class Images(Block):
    """Where a server's disk comes from: a Ceph clone, or a download that the host keeps."""

    store: Literal["ceph", "local"]
    image_gib: Annotated[float, Field(gt=0, le=10_000)]
    download_gbit_per_s: GbitPerS


class Network(Block):
    """What the nodes are plugged into; `floating_ips` is null where the cloud has no pool."""

    kind: Literal["flat", "private"]
    floating_ips: Annotated[int, Field(ge=0, le=1_000_000)] | None
    vif_plugging_timeout_s: Timeout


class Controller(Block):
    """A group of machines that run the same services; `services` gives workers per node."""

    name: Name
    nodes: Annotated[int, Field(ge=1, le=1000)]
    cores: Cores
    services: Annotated[dict[Service, Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]


class Placed(Block):
    """Something that has `cores` of its own, or shares those of a group of `controllers`."""

    cores: Cores | None = None
    controllers: Text | None = None

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.cores is None) is (self.controllers is None):
            raise ValueError("accepted is one of cores and controllers, the name of a group")
        return self


class Rabbitmq(Placed):
    """The message broker's cluster; `cores` are those of one node.

    After `kept_messages_max` messages the brokers' memory is full of copies that nobody
    consumes, and publishers are blocked; null where that does not happen.
    """

    nodes: Annotated[int, Field(ge=1, le=100)]
    rpc_response_timeout_s: Timeout
    kept_messages_max: Annotated[int, Field(ge=1, le=10**12)] | None = None


class Database(Placed):
    """The server that all services write to."""


class Heat(Block):
    """Heat's architecture and limits; `engine_threads` are the greenthreads of one worker.

    Beyond `state_resources_max` resources in all stacks together the engines no longer answer
    (memory, or the database behind them); null where that does not happen.
    """

    architecture: Literal["legacy", "convergence"]
    max_resources_per_stack: Limit
    max_stacks_per_project: Limit
    max_nested_stack_depth: Annotated[int, Field(ge=1, le=100)]
    engine_threads: Annotated[int, Field(ge=1, le=10_000)]
    state_resources_max: Annotated[int, Field(ge=1, le=10**9)] | None = None


class Nova(Block):
    """Nova's own settings."""

    scheduler_max_attempts: Annotated[int, Field(ge=1, le=100)]


class Quota(Block):
    """What one project may use; -1 is no limit."""

    instances: Limit
    cores: Limit
    ram_gib: Limit
    ports: Limit
    floating_ips: Limit
    volumes: Limit
    load_balancers: Limit


class Flavor(Block):
    """The size of a server."""

    cores: Cores
    ram_gib: SizeGib
    disk_gib: Annotated[int, Field(ge=0, le=1_000_000)]


class Template(Block):
    """The cluster template that scenarios on this set-up create clusters from.

    A volume of 0 GiB is none; a keypair of "" is none.
    """

    name: Text
    coe: Literal["kubernetes"]
    generation: Literal["mitaka", "newton", "lean"]
    image: Text
    flavor: Text
    master_flavor: Text
    fixed_network: Text
    external_network: Text
    docker_volume_size_gib: Annotated[int, Field(ge=0, le=1_000_000)]
    is_flat_network: bool
    floating_ip_enabled: bool
    master_lb_enabled: bool
    keypair: str = ""
    labels: dict[str, str]

    @model_validator(mode="after")
    def _nodes_can_be_told(self) -> Self:
        try:
            check_template(self.template())
        except InvalidRequest as error:
            raise ValueError(str(error)) from None
        return self

    def template(self) -> ClusterTemplate:
        """Return the core's record of this cluster template."""
        values = self.model_dump(exclude={"docker_volume_size_gib"})
        return ClusterTemplate(docker_volume_size=GiB(self.docker_volume_size_gib), **values)


class Background(Block):
    """The load of other users on Nova."""

    servers_per_hour: Annotated[float, Field(ge=0, le=1_000_000)]
