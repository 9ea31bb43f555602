"""The page of the twin of the testbed: docs/validation/testbed-twin.md, and its plot."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from benchmarks.openstack_page import DATA, LEARNT_MAX, records
from models.demand_law import demand
from models.families import LEAST, families
from models.traces.durations import of_events
from models.traces.trace_file import read_trace
from validation import fitted
from validation.page import table

SET: Final = "testbed"
PLOT: Final = "testbed-twin"

SHOWN_S: Final = 0.02
"""Services that spend less on a server are left out of the table [s]."""

INTRODUCTION: Final = f"""\
# The twin of the testbed: learnt from small clusters, held against large ones

`testbed.md` has the creates that were measured. Their medians (`tests/data/testbed/medians.csv`)
are the data of

    coe-twin calibrate tests/data/testbed/medians.csv --setup testbed --free FREE -o FILE

which sees clusters of 1 to {LEARNT_MAX} workers and predicts those of 16 and 32: rows that are
`held out`. `make validation` makes this page from what it left in `models/parameters/testbed.json`.
"""

DEMANDS: Final = f"""\
## What each service spends

CPU time of a service against servers created (workers and the master), N up to {LEARNT_MAX}, both
Heats together: a part that each create costs, and a part for each server. These are the demands
that the parameters of the set-up add up to; a service for which the twin has no station
(nova-compute, placement, glance) is counted with nova-conductor.
"""

FAMILIES: Final = f"""\
## How long resources take

From the traces of the stacks of up to {LEARNT_MAX} workers, both Heats together. Heat stamps whole
seconds, so each family is fitted to intervals. These are times with all waiting in them, so their
spread is that of a busy machine and not of a service alone.
"""

CANNOT_TELL: Final = """\
## What the data cannot tell

- One machine, which is not alone on its host: the same create costs up to half as much CPU time
  again in another run. Medians of three runs are what they are.
- The testbed's guests boot and signal at once, and its hypervisors build nothing: it is a control
  plane, and says nothing about images, agents or guests.
- On two cores every service waits for every other, so the demands add up to the creation time
  almost by themselves; where cores are not short, waits between services decide, and these rows
  hardly see them.
"""


def page() -> str:
    """Return the page."""
    record = fitted.record(SET)
    names = ",".join(one.name for one in record.free)
    return "\n".join(
        [
            INTRODUCTION.replace("FREE", names),
            fitted.results(record, PLOT),
            f"{DEMANDS}\n{table(DEMAND_HEADINGS, _demands())}\n",
            f"{FAMILIES}\n{table(FAMILY_HEADINGS, _families())}\n",
            CANNOT_TELL,
        ]
    )


def plot() -> str:
    """Return the plot."""
    return fitted.plot(SET)


DEMAND_HEADINGS: Final = (
    "provisioner",
    "service",
    "a create [s]",
    "a server [s]",
    "95 %",
    "explained",
)


def _demands() -> Iterator[tuple[str, ...]]:
    rows = [row for row in records() if row["nodes"] <= LEARNT_MAX]
    for provisioner in ("stack", "direct"):
        own = [row for row in rows if row["provisioner"] == provisioner]
        servers = [row["nodes"] + 1 for row in own]
        for service in sorted({name for row in own for name in row["cpu_s"]}):
            found = demand(servers, [row["cpu_s"].get(service, 0.0) for row in own])
            if found.each_s >= SHOWN_S:
                yield (
                    provisioner,
                    service,
                    f"{found.fixed_s:.2f}",
                    f"{found.each_s:.3f}",
                    f"{found.interval.low:.3f} to {found.interval.high:.3f}",
                    f"{100.0 * found.explained:.0f} %",
                )


FAMILY_HEADINGS: Final = (
    "phase",
    "count",
    "family",
    "mean [s]",
    "coefficient of variation",
    "distance",
    "next best",
)


def _families() -> Iterator[tuple[str, ...]]:
    found: dict[str, list[float]] = defaultdict(list)
    resolution = 0.0
    for path in sorted((DATA / "traces").glob("*.jsonl")):
        trace = read_trace(path)
        if int(path.stem.rpartition("-")[2]) > LEARNT_MAX:
            continue
        resolution = max(resolution, trace.resolution_s)
        for phase, seconds in of_events(trace.events).items():
            found[phase].extend(seconds)
    for phase, seconds in sorted(found.items()):
        if len(seconds) < LEAST:
            continue
        best, second, *_ = families(seconds, resolution)
        yield (
            phase.removeprefix("heat:").removesuffix(":CREATE"),
            str(len(seconds)),
            best.name,
            f"{best.mean_s:.2f}",
            f"{best.cv:.2f}",
            f"{best.distance:.2f}",
            f"{second.name}, +{second.criterion - best.criterion:.1f}",
        )
