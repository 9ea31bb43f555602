"""What can go wrong, as types: cloud faults, refused input, and misuse of the core."""

from typing import ClassVar


class CoeError(Exception):
    """Root of every error that coe-twin raises on purpose."""


class DriverError(CoeError):
    """A cloud operation failed. Raise a subclass, never this class itself.

    Attributes:
        resource: what the operation was about, a name or an id.
        is_retryable: a later attempt at the same call can succeed.
        cause: the name under which results count this failure.
    """

    is_retryable: ClassVar[bool] = False
    cause: ClassVar[str] = ""

    def __init__(self, resource: str, detail: str = "") -> None:
        if type(self) is DriverError:
            raise TypeError("raise a subclass of DriverError")
        super().__init__(f"{resource}: {detail or type(self).__name__}")
        self.resource = resource
        self.detail = detail


class WrongPlace(CoeError):
    """A cluster lives on another cloud, in another region or project, than this one."""


class NotFound(DriverError):
    """No such resource; to a delete this is success."""

    cause = "not found"


class AlreadyExists(DriverError):
    """A resource of this name is there already."""

    cause = "already exists"


class Conflict(DriverError):
    """The resource is in a state that forbids the call."""

    cause = "conflict"


class QuotaExceeded(DriverError):
    """A project's quota, or a pool such as floating IPs, is used up."""

    cause = "quota"


class NoValidHost(DriverError):
    """The scheduler found no host with room; a later retry can succeed."""

    is_retryable = True
    cause = "no valid host"


class StackLimitExceeded(DriverError):
    """Heat's limit on resources per stack or on stacks per project."""

    cause = "stack limit"


class RpcTimeout(DriverError):
    """No answer over the message bus within `rpc_response_timeout`."""

    is_retryable = True
    cause = "RPC timeout"


class VifPlugTimeout(DriverError):
    """Neutron did not report the port as plugged within `vif_plugging_timeout`."""

    is_retryable = True
    cause = "VIF timeout"


class StackTimeout(DriverError):
    """A stack, or a wait condition in it, ran out of its time."""

    cause = "stack timeout"


class Throttled(DriverError):
    """The service asked to be called less often, or not just now; the call was not done.

    Attributes:
        retry_after_s: how long the service wants to be left alone [s], None if it did not say.
    """

    is_retryable = True
    cause = "throttled"

    def __init__(
        self, resource: str, detail: str = "", *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(resource, detail)
        self.retry_after_s = retry_after_s


class Unreachable(DriverError):
    """No connection, or no answer in time; what was asked for may have been done."""

    is_retryable = True
    cause = "unreachable"


class Unauthorized(DriverError):
    """Keystone does not take the credentials, or no longer."""

    cause = "unauthorized"


class Forbidden(DriverError):
    """The service's policy denies the call to this user; trying again is no use."""

    cause = "forbidden"


class ServiceFailed(DriverError):
    """The service answered with an error of its own (500, 502, 504); the call may be done."""

    is_retryable = True
    cause = "service failed"


class BadRequest(DriverError):
    """The service refuses what was asked as malformed."""

    cause = "bad request"


class InvalidTemplate(DriverError):
    """The service refuses the template: unknown resource type, cycle, bad reference."""

    cause = "invalid template"


class EngineLost(DriverError):
    """The Heat engine that worked on the stack died; another attempt starts anew."""

    is_retryable = True
    cause = "engine lost"


class ResourceFailed(DriverError):
    """A resource ended in ERROR for a reason that has no class of its own."""

    cause = "resource failed"


class DeadlineExceeded(CoeError):
    """The block under `Runtime.deadline` did not end in time."""


class IllegalTransition(CoeError):
    """The status table has no such row."""


class StaleVersion(CoeError):
    """The record was changed by somebody else since it was read."""


class UnknownCluster(CoeError):
    """The repository holds no such cluster."""


class DuplicateCluster(CoeError):
    """The repository holds a cluster of this id already."""


class LeaseHeld(CoeError):
    """Somebody else works on the cluster.

    Attributes:
        holder: who.
        left: how long until the lease ends, if it is not renewed [s].
    """

    def __init__(self, cluster: str, holder: str, left: float) -> None:
        super().__init__(f"{cluster}: {holder} works on it, for {left:.0f} s at least")
        self.holder = holder
        self.left = left


class LeaseLost(CoeError):
    """The lease ran out and somebody else took it, so this work must stop."""


class Superseded(CoeError):
    """An operation was given up because its cluster is being deleted."""


class InvalidRequest(CoeError):
    """A request that no state of the cloud could satisfy.

    The text names the field, the value and what is accepted.
    """
