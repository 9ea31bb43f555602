"""A trace as text: how long each phase took, and the lines under that table."""

from collections.abc import Iterator
from typing import Final

from coe_twin.models.traces.durations import Durations, PhaseDuration
from coe_twin.models.traces.instants import WHOLE_SECONDS
from coe_twin.models.traces.log import Trace
from coe_twin.planner.table import NOTHING, Column

COLUMNS: Final = (
    Column("phase", is_number=False),
    Column("ended"),
    Column("failed"),
    Column("no end"),
    Column("mean s"),
    Column("median s"),
    Column("90 % s"),
    Column("max s"),
)

LARGEST: Final = "90 % s is the least time that 90 % of those that ended well did not exceed."


def cells(row: PhaseDuration, trace: Trace) -> tuple[str, ...]:
    """Return the text of each of `COLUMNS` for a phase, no finer than `trace` knows it."""
    times = (row.mean_s, row.median_s, row.p90_s, row.max_s)
    counts = (row.count, row.failed, row.unfinished)
    return (row.phase, *map(str, counts), *(_seconds(time, trace) for time in times))


def identity(trace: Trace, durations: Durations) -> str:
    """Return what was traced and how long the whole took, in a line."""
    place = f" on {trace.cloud}" if trace.cloud else ""
    whole = _seconds(durations.whole_s, trace)
    began = trace.began.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
    return (
        f"{trace.stack}{place}, by {trace.source}: {len(trace.events)} events, "
        f"{whole} s from the first to the last, from {began}"
    )


def honesty(trace: Trace) -> Iterator[str]:
    """Yield what a reader must know of the numbers, the flags of the trace last."""
    yield LARGEST
    if trace.resolution_s >= WHOLE_SECONDS:
        yield (
            f"The services stamped to {trace.resolution_s:g} s, so a time may be off "
            f"by as much at either end."
        )
    for flag in trace.flags:
        yield f"flag: {flag}"


def _seconds(time: float | None, trace: Trace) -> str:
    if time is None:
        return NOTHING
    return f"{time:.1f}" if trace.resolution_s >= WHOLE_SECONDS else f"{time:.3f}"
