"""What the scenes of a cloud need to know of it, and what only its harness can do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from coe_twin.coe_core.ids import ProjectId, Tag
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.ports.runtime import Runtime
from coe_twin.coe_core.units import Seconds

LOAD_BALANCERS: Final = "load balancers"
QUOTA: Final = "settable quota"
STACKS: Final = "stacks"
VOLUMES: Final = "volumes"
CAPABILITIES: Final = frozenset({LOAD_BALANCERS, QUOTA, STACKS, VOLUMES})
"""What a cloud may lack; a scene that needs what is missing is skipped, and says so."""


class SetQuota(Protocol):
    """Sets limits of the project by the keys of `Quotas.allowances`."""

    async def __call__(self, **limits: int) -> None:
        """Let each named quota have this limit from now on; UNLIMITED for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudUnderTest:
    """One implementation, prepared for one scene.

    Attributes:
        runtime: where the scene runs.
        project: the owner of what the scene makes; nobody else may use it meanwhile.
        prefix: begins every name, other for each scene: lower-case letters, digits and "-".
        tag: marks what the scene makes, other for each scene, as the tag of a cluster: it begins
            with `coe_core.cluster.TAG_PREFIX`, and "-other" may follow it.
        flavor: the name of a flavor that fits.
        huge_flavor: the name of a flavor that is larger than any host, and within the quota.
        image, network: names as the catalogue lists them.
        user_data: what a server is booted with so that its guest signals.
        schedule: when to look at what takes its time.
        patience: how long a scene waits for one thing [s].
        capabilities: those of CAPABILITIES that the cloud has.
        set_quota: where the quota is settable; a scene restores what it changed.
        guest_signals: lets guests that boot from now on signal so long [s] after their boot;
            infinity for never. A scene calls it before it boots a server whose signal matters.
    """

    runtime: Runtime
    cloud: CloudDriver
    project: ProjectId
    prefix: str
    tag: Tag
    flavor: str
    huge_flavor: str
    image: str
    network: str
    user_data: str
    schedule: PollSchedule
    patience: Seconds
    capabilities: frozenset[str]
    set_quota: SetQuota
    guest_signals: Callable[[Seconds], Awaitable[None]]

    @property
    def other_tag(self) -> Tag:
        """A second tag, for what must not be mixed up with the first."""
        return Tag(f"{self.tag}-other")

    def name(self, of: str) -> str:
        """Return the scene's own name for something."""
        return f"{self.prefix}-{of}"
