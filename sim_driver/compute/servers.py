"""Servers as the simulated Nova keeps them."""

from coe_twin.coe_core.ids import PortId, ProjectId, ServerId, Tag
from coe_twin.coe_core.ports.cloud import Server, ServerSpec, ServerStatus
from coe_twin.sim_driver.compute.inventory import Flavor
from coe_twin.sim_driver.sync import SimEvent


class SimServer:
    """A server; mutable, for Nova alone."""

    __slots__ = (
        "fault",
        "flavor",
        "gone",
        "group",
        "has_signalled",
        "host",
        "id",
        "key",
        "looks",
        "name",
        "port",
        "project",
        "signals",
        "status",
        "tag",
        "zone",
    )

    def __init__(
        self, identity: str, spec: ServerSpec, flavor: Flavor, key: int, signals: tuple[str, ...]
    ) -> None:
        self.id = ServerId(identity)
        self.name = spec.name
        self.project: ProjectId = spec.project
        self.tag: Tag = spec.tag
        self.port: PortId = spec.port
        self.zone = spec.zone
        self.group = spec.group
        self.flavor = flavor
        self.key = key
        self.signals = signals
        self.status = ServerStatus.BUILD
        self.fault = ""
        self.host: int | None = None
        self.has_signalled = False
        self.gone: SimEvent | None = None
        self.looks = 0

    @property
    def is_deleting(self) -> bool:
        """Whether its deletion has begun; `gone` then tells when it is over."""
        return self.gone is not None

    def view(self) -> Server:
        """Return what the API shows."""
        return Server(
            id=self.id,
            name=self.name,
            status=self.status,
            fault=self.fault,
            has_signalled=self.has_signalled,
            is_deleting=self.is_deleting,
        )
