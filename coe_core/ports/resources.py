"""What the cloud seam passes around: specs that are asked for, and resources as shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import PortId, ProjectId, ServerId, StackId, Tag, VolumeId
from coe_twin.coe_core.units import GiB, MiB, Seconds

UNLIMITED = -1
"""A quota without a limit, as OpenStack writes it."""


class StackStatus(StrEnum):
    """Heat's `stack_status`, as far as clusters meet it."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"

    @property
    def is_in_progress(self) -> bool:
        """Whether Heat still works on the stack."""
        return self.value.endswith("_IN_PROGRESS")

    @property
    def is_failed(self) -> bool:
        """Whether the last action failed."""
        return self.value.endswith("_FAILED")

    @property
    def is_update(self) -> bool:
        """Whether the last action was an update."""
        return self.value.startswith("UPDATE_")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSpec:
    """A stack to create: a Heat Orchestration Template (HOT) and what fills it in.

    `files` maps the names under which nested templates are used as resource types to
    those templates. `timeout` is Heat's stack timeout [s].
    """

    name: str
    project: ProjectId
    tag: Tag
    template: dict[str, Json]
    files: Mapping[str, dict[str, Json]]
    parameters: Mapping[str, Json]
    timeout: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as Heat shows it; `parameters` in the words of C108, without Heat's own."""

    id: StackId
    name: str
    status: StackStatus
    reason: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class ServerStatus(StrEnum):
    """Nova's server status, as far as clusters meet it."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """A server to boot.

    `zone` and `group` are wishes to the scheduler: an availability zone, and the name of a
    server group of the same project. Both are "" for none, as is `keypair`.
    """

    name: str
    project: ProjectId
    tag: Tag
    flavor: str
    image: str
    port: PortId
    user_data: str
    zone: str = ""
    group: str = ""
    keypair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as Nova shows it.

    `has_signalled` once the guest ended its bootstrap; `is_deleting` while a delete is under
    way (Nova's task state), whatever the status still says.
    """

    id: ServerId
    name: str
    status: ServerStatus
    fault: str
    has_signalled: bool
    is_deleting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """The size of a server: cores [-], memory and root disk."""

    name: str
    vcpus: int
    ram: MiB
    disk: GiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A resource that needs no more than its id and its name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume as Cinder shows it; `server` is what it is attached to."""

    id: VolumeId
    name: str
    server: ServerId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One quota of a project: its limit, UNLIMITED for none, and what is used of it."""

    limit: int
    used: int

    @property
    def left(self) -> float:
        """How much more is allowed, infinity without a limit."""
        return float("inf") if self.limit == UNLIMITED else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How the caller is logged in, as far as it decides what Keystone will refuse.

    Attributes:
        methods: of the login, in Keystone's words (`password`, `application_credential`, ...).
        is_restricted: whether it may make no further credentials.
        is_delegated: whether somebody acts for another, by a trust or by OAuth.
    """

    methods: frozenset[str] = frozenset({"password"})
    is_restricted: bool = False
    is_delegated: bool = False
