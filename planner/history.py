"""What an event log says of each operation: how long the whole took, and each phase."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from coe_twin.coe_core.cluster import Cluster, Verb
from coe_twin.coe_core.events import Event, EventKind
from coe_twin.coe_core.ids import ClusterId
from coe_twin.coe_core.units import Seconds

WHOLE: Final = "whole"
"""The name of what all phases of a creation are part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMeasured:
    """One run of one row: means over its clusters that were created [s], failures by cause."""

    means: Mapping[str, float]
    failures: Mapping[str, int]


@dataclass(slots=True)
class Spent:
    """One cluster's creation [s]; `whole` is None while it has not ended.

    A phase that began more than once, because of further attempts, counts all its times.
    `is_resumed` tells that a process took it up which another had left, so that no time in it is
    that of a whole creation.
    """

    began: Seconds
    is_resumed: bool = False
    whole: float | None = None
    failure: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    open: dict[str, Seconds] = field(default_factory=dict)


def creations(events: Iterable[Event]) -> Mapping[ClusterId, Spent]:
    """Return what the log says of the creation of each cluster; the last one where two began."""
    spent: dict[ClusterId, Spent] = {}
    for event in events:
        if event.kind is EventKind.OPERATION_STARTED:
            if event.subject == Verb.CREATE:
                before = spent.get(event.cluster)
                left = before is not None and before.whole is None
                spent[event.cluster] = Spent(event.at, is_resumed=left)
        elif event.cluster in spent and spent[event.cluster].whole is None:
            _note(spent[event.cluster], event)
    return spent


def _note(spent: Spent, event: Event) -> None:
    match event.kind:
        case EventKind.PHASE_STARTED:
            spent.open[event.subject] = event.at
        case EventKind.PHASE_ENDED if event.subject in spent.open:
            lasted = event.at - spent.open.pop(event.subject)
            spent.phases[event.subject] = spent.phases.get(event.subject, 0.0) + lasted
        case EventKind.OPERATION_ENDED if event.subject == Verb.CREATE:
            spent.whole = event.at - spent.began
            spent.failure = event.detail


def measured(clusters: Sequence[Cluster], spent: Mapping[ClusterId, Spent]) -> RowMeasured:
    """Return the means over those of `clusters` whose creation the log shows to its end."""
    ended = [spent[one.id] for one in clusters if one.id in spent]
    well = [(one.whole, one.phases) for one in ended if one.whole is not None and not one.failure]
    failures = Counter(one.failure for one in ended if one.failure)
    return RowMeasured(means=means_of(well), failures=dict(failures))


def means_of(created: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Return the mean of the wholes and of each phase, over clusters that were created [s]."""
    names = dict.fromkeys(name for _whole, phases in created for name in phases)
    means = {name: fmean(phases.get(name, 0.0) for _whole, phases in created) for name in names}
    if created:
        means[WHOLE] = fmean(whole for whole, _phases in created)
    return means
