"""The choices of scheduling and parallelism: pure functions of a frozen view and `now`."""

from coe_twin.coe_core.policies.admission import Aimd, Fifo, ProjectShare
from coe_twin.coe_core.policies.backoff import FixedDelay, FullJitter, NoRetry
from coe_twin.coe_core.policies.batching import AllAtOnce, FixedWindow, SizeOrAge
from coe_twin.coe_core.policies.placement import AntiAffinity, Anywhere, Pack, ZoneBalanced
from coe_twin.coe_core.policies.policy_set import DEFAULT, PolicySet

__all__ = [
    "DEFAULT",
    "Aimd",
    "AllAtOnce",
    "AntiAffinity",
    "Anywhere",
    "Fifo",
    "FixedDelay",
    "FixedWindow",
    "FullJitter",
    "NoRetry",
    "Pack",
    "PolicySet",
    "ProjectShare",
    "SizeOrAge",
    "ZoneBalanced",
]
