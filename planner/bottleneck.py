"""What limits a cluster: the shares of its critical path, read off the recorder."""

from collections.abc import Iterable, Mapping

from coe_twin.sim_driver.recorder import Recorder

Shares = dict[str, float]
"""Seconds on the critical path by what they were spent on [s]."""


def shares(recorder: Recorder, last: int, since: float) -> Shares:
    """Return the seconds on the path that ends in row `last`, from `since` [s] on.

    A span counts for the role of its task if it has one (the serial walker), else for its
    station, queue and service together.
    """
    spent: Shares = {}
    names = recorder.names
    while last >= 0 and (span := recorder.span(last)).ended > since:
        name = names[span.role or span.station]
        spent[name] = spent.get(name, 0.0) + span.ended - max(since, span.arrived)
        last = span.previous
    return spent


def critical_path(paths: Iterable[Mapping[str, float]]) -> Shares:
    """Return each name's share of the time on all `paths`, in [0, 1], largest first."""
    total: Shares = {}
    for path in paths:
        for name, seconds in path.items():
            total[name] = total.get(name, 0.0) + seconds
    whole = sum(total.values())
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return {name: seconds / whole for name, seconds in ordered}
