"""What a trial yields, as plain values that can be stored and sent between processes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from coe_twin.planner.detail import Detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A cluster that was created.

    `seconds` is how long that took for its client, `seen_s` what the client reports, which
    looks only now and then; `phases` are parts of it by name [s].
    """

    name: str
    seconds: float
    seen_s: float
    phases: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A cluster that was not created: the cause, and the service's own words if there are any."""

    name: str
    cause: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """The clusters of one row, in the order in which they ended.

    `shares` adds up the critical paths of those that were created, by what the time went to
    [s]; it is empty where nothing was recorded.
    """

    created: tuple[Created, ...]
    failed: tuple[Failed, ...]
    shares: Mapping[str, float]

    @property
    def failures(self) -> dict[str, int]:
        """Failures by cause, in the order of the first of each."""
        return dict(Counter(one.cause for one in self.failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class StationUse:
    """How one station was used: `busy` is the share of its servers' time, in [0, 1].

    `wait_s` is the mean wait in line of a visit [s].
    """

    servers: int
    visits: int
    busy: float
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One replication.

    Attributes:
        rows: one for each row of the trial.
        horizon_s: when the last cluster had ended [s].
        events: that SimPy scheduled [-].
        digest: SHA-256 of the event log and, where it was recorded, of every span.
        stations: by name, where it was recorded.
        detail: what a report shows from close, where it was asked for.
    """

    rows: tuple[RowOutcome, ...]
    horizon_s: float
    events: int
    digest: str
    stations: Mapping[str, StationUse] = field(default_factory=dict)
    detail: Detail | None = None


_CODEC: Final = TypeAdapter(Outcome)


def packed(outcome: Outcome) -> bytes:
    """Return `outcome` as bytes; floats keep every digit."""
    return _CODEC.dump_json(outcome)


def unpacked(stored: bytes) -> Outcome | None:
    """Return the outcome that `packed` made these bytes of, None if it made no such."""
    try:
        return _CODEC.validate_json(stored)
    except ValidationError:
        return None
