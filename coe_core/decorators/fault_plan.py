"""Which calls of a cloud go wrong, and how: pure functions of the call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from coe_twin.coe_core.errors import RpcTimeout, ServiceFailed, Throttled, Unreachable
from coe_twin.coe_core.ports.draws import Draws
from coe_twin.coe_core.units import Seconds

MakeError = Callable[[str], Exception]
"""Returns the error of a call, given its subject; a class of `DriverError` is one."""

NO_DELAY: Final = Seconds(0.0)
ANY_VERB: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """A call that is about to be made.

    `number` counts the calls of its verb and `total` those of all verbs, this one included;
    `at` is the time since the run began [s].
    """

    verb: str
    subject: str
    number: int
    total: int
    at: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one call.

    It is made `delay` [s] late. With an `error`, it is then not made at all; or it is made and
    its answer, good or bad, is lost (`is_answer_lost`), so that who asked does not know.
    """

    error: MakeError | None = None
    is_answer_lost: bool = False
    delay: Seconds = NO_DELAY


class FaultPlan(Protocol):
    """Decides over each call; the same call, the same fault."""

    def fault(self, call: Attempted) -> Fault | None:
        """Return what goes wrong with `call`, None for nothing."""


@dataclass(frozen=True, slots=True)
class NoFaults:
    """Nothing goes wrong."""

    def fault(self, call: Attempted) -> None:
        """Return nothing, whatever is called."""
        del call


@dataclass(frozen=True, slots=True)
class ListedFaults:
    """Faults by the verb and the number of the call, from 1; ANY_VERB counts all calls."""

    faults: Mapping[tuple[str, int], Fault]

    def fault(self, call: Attempted) -> Fault | None:
        """Return the fault of this call of its verb, or else of this call of all."""
        named = self.faults.get((call.verb, call.number))
        return named if named is not None else self.faults.get((ANY_VERB, call.total))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Every call of some verbs fails from `begins_at` until before `ends_at` [s]."""

    begins_at: Seconds
    ends_at: Seconds
    verbs: frozenset[str]
    what: Fault

    def fault(self, call: Attempted) -> Fault | None:
        """Return the fault of a call that falls into the outage."""
        is_out = self.begins_at <= call.at < self.ends_at
        return self.what if is_out and call.verb in self.verbs else None


@dataclass(frozen=True, slots=True)
class Until:
    """Another plan, until `ends_at` [s]; nothing goes wrong from then on."""

    ends_at: Seconds
    plan: FaultPlan

    def fault(self, call: Attempted) -> Fault | None:
        """Return the other plan's fault while it lasts."""
        return self.plan.fault(call) if call.at < self.ends_at else None


USUAL: Final[Mapping[str, Fault]] = {
    "late": Fault(delay=Seconds(5.0)),
    "throttled": Fault(error=Throttled),
    "unreachable": Fault(error=Unreachable),
    "failed": Fault(error=ServiceFailed),
    "answer lost": Fault(error=RpcTimeout, is_answer_lost=True),
}
"""Faults that may pass, by the name of their site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFaults:
    """Faults by chance, in two stages.

    A site is one fault of one verb. Each site is armed or not, once for the run, with the
    probability `arming`; an armed one then strikes at each call with the probability `firing`.
    So some runs see much of one fault and none of another, where one stage would give all runs
    a little of each.

    Source: the two stages and their probabilities are those of FoundationDB's BUGGIFY.
    """

    draws: Draws
    sites: Mapping[str, Fault]
    arming: float = 0.25
    firing: float = 0.25

    def fault(self, call: Attempted) -> Fault | None:
        """Return the fault of the first armed site that strikes at `call`."""
        for name, fault in self.sites.items():
            stream = f"fault/{call.verb}/{name}"
            if self.draws.uniform(stream, 0) >= self.arming:
                continue
            if self.draws.uniform(stream, call.number) < self.firing:
                return fault
        return None
