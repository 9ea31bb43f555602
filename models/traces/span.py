"""What a trace is made of: how long something took, as one service tells it."""

from dataclasses import dataclass
from enum import StrEnum

from coe_twin.models.traces.instants import Instant


class Status(StrEnum):
    """How a span ended, in Heat's words."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One action on one resource.

    Attributes:
        source: the service that tells it, or `rally`.
        kind: the type of the resource (`OS::Nova::Server`), or the scenario of Rally.
        action: what was done (`CREATE`); "" where the kind says it all.
        cluster: what the resource belongs to: a root stack, an iteration of Rally.
        path: where the resource is, `stack/group/0/server`; as far as it is known.
        physical_id: the service's own id of it, "" if it never got one.
        started: when it began.
        ended: when it ended, None if nobody saw that.
        status: how it ended.
        reason: the service's text on how it ended.
    """

    source: str
    kind: str
    action: str
    cluster: str
    path: str
    physical_id: str = ""
    started: Instant
    ended: Instant | None
    status: Status
    reason: str = ""

    @property
    def phase(self) -> str:
        """The name under which spans are alike: `heat:OS::Nova::Server:CREATE`."""
        return ":".join(part for part in (self.source, self.kind, self.action) if part)

    @property
    def duration_s(self) -> float | None:
        """How long it took [s]; None without an end, negative if the clock went back.

        It is known to the resolution of either end.
        """
        if self.ended is None:
            return None
        return (self.ended.at - self.started.at).total_seconds()


@dataclass(frozen=True, slots=True)
class Spans:
    """What was read from documents, and what a reader must know of it."""

    spans: tuple[Span, ...] = ()
    flags: tuple[str, ...] = ()

    def __add__(self, other: "Spans") -> "Spans":
        return Spans(self.spans + other.spans, self.flags + other.flags)
