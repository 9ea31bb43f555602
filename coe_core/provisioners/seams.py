"""What a provisioner needs of a world."""

from dataclasses import dataclass

from coe_twin.coe_core.phases import Phases
from coe_twin.coe_core.ports.cloud import CloudDriver
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.ports.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """One world, seen from a provisioner; `zones` are its availability zones."""

    runtime: Runtime
    cloud: CloudDriver
    poller: Poller
    schedule: PollSchedule
    zones: tuple[str, ...]
    phases: Phases
