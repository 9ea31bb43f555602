"""The four choices together: what the planner compares and what a real cloud then runs."""

from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.policies.admission import Fifo
from coe_twin.coe_core.policies.backoff import NoRetry
from coe_twin.coe_core.policies.batching import AllAtOnce
from coe_twin.coe_core.policies.placement import Anywhere
from coe_twin.coe_core.ports.policies import (
    AdmissionPolicy,
    BackoffPolicy,
    BatchingPolicy,
    PlacementPolicy,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """One policy of each kind."""

    admission: AdmissionPolicy
    batching: BatchingPolicy
    placement: PlacementPolicy
    backoff: BackoffPolicy


DEFAULT: Final = PolicySet(
    admission=Fifo(None), batching=AllAtOnce(), placement=Anywhere(), backoff=NoRetry()
)
"""What Magnum does: no admission control, no batches, no hints, no second attempt."""
