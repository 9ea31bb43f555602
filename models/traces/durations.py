"""How long the phases of a trace took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, median

from coe_twin.coe_core.events import Event, EventKind
from coe_twin.models.traces.log import by_phase
from coe_twin.models.traces.span import Span, Status

PERCENT_90 = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDuration:
    """How long the spans of one phase took that ended well.

    Attributes:
        phase: its name.
        count: how many ended well; the times are theirs, None without any.
        failed: how many failed.
        unfinished: how many have no end, or one before their begin.
        mean_s: the mean [s].
        median_s: the median [s].
        p90_s: the least time that 90 % of them did not exceed [s].
        max_s: the longest [s].
    """

    phase: str
    count: int
    failed: int
    unfinished: int
    mean_s: float | None = None
    median_s: float | None = None
    p90_s: float | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True)
class Durations:
    """All phases in the order of their begin, and the time from the first begin to the last end.

    `whole_s` [s] is None where nothing ended.
    """

    phases: tuple[PhaseDuration, ...]
    whole_s: float | None


def phase_durations(spans: Sequence[Span]) -> Durations:
    """Return how long each phase took, and the whole.

    Each time is known to the resolution of its stamps at either end.
    """
    phases = tuple(_duration(phase, own) for phase, own in by_phase(spans).items())
    return Durations(phases, _whole_s(spans))


def of_events(events: Iterable[Event]) -> dict[str, list[float]]:
    """Return how long each resource of each phase took to end well [s], by phase.

    A phase that failed, or has no begin, or no end, is left out.
    """
    begun: dict[tuple[str, str], float] = {}
    found: dict[str, list[float]] = {}
    for event in events:
        key = (event.subject, event.detail)
        if event.kind is EventKind.PHASE_STARTED:
            begun[key] = event.at
        elif event.kind is EventKind.PHASE_ENDED and key in begun:
            found.setdefault(event.subject, []).append(event.at - begun.pop(key))
    return found


def _duration(phase: str, spans: Sequence[Span]) -> PhaseDuration:
    known = [(span, span.duration_s) for span in spans]
    ended = [(span, time) for span, time in known if time is not None and time >= 0]
    times = sorted(time for span, time in ended if span.status is not Status.FAILED)
    counts = {"failed": len(ended) - len(times), "unfinished": len(spans) - len(ended)}
    if not times:
        return PhaseDuration(phase=phase, count=0, **counts)
    return PhaseDuration(
        phase=phase,
        count=len(times),
        mean_s=fmean(times),
        median_s=median(times),
        p90_s=times[ceil(PERCENT_90 * len(times)) - 1],
        max_s=times[-1],
        **counts,
    )


def _whole_s(spans: Sequence[Span]) -> float | None:
    ends = [span.ended.at for span in spans if span.ended is not None]
    if not ends:
        return None
    return (max(ends) - min(span.started.at for span in spans)).total_seconds()
