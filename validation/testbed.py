"""The page of the twin of the testbed: docs/validation/testbed-twin.md."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from benchmarks.openstack_page import DATA, LEARNT_MAX, records
from models.calibration.data_files import read_data
from models.demand_law import demand
from models.families import LEAST, families
from models.setup import load_setup
from models.traces.durations import of_events
from models.traces.trace_file import read_trace
from planner.calibration import Study, trials_of
from planner.trial import Store, TwinModel
from validation.page import table

SET: Final = "testbed"
MEDIANS: Final = DATA / "medians.csv"
POLLS: Final = DATA / "polls.json"
REPLICATIONS: Final = 2

SHOWN_S: Final = 0.02
"""Services that spend less on a server are left out of the table [s]."""

INTRODUCTION: Final = f"""\
# The twin of the testbed: service demands, and where it fails

`testbed.md` has the creates that were measured. Here is what they say of each service, and what the
set-up `testbed` makes of it: its demands are those of clusters of 1 to {LEARNT_MAX} workers, and
**nothing was fitted to the creation times**. `make validation` makes this page.

## Creation times

Medians of the runs against the twin. Up to {LEARNT_MAX} workers the demands come from the same
creates; 16 and 32 were not used.
"""

FAILS: Final = """\
**At 32 workers the twin is far too fast, and a likely reason was measured.** A look at a server
costs much more here than the parameters say (next table), because Nova asks Neutron for its ports
each time. Heat, and the direct provisioner, look at every server once a second, and at 32 workers
about half of the CPU time exceeds what the services spend on a server at 1 to 8. The twin's polls
are a share of the processors that does not see how much other work is waiting: with the measured
cost it makes a stack of 32 workers under convergence four times too slow. Until it does better, do
not use the set-up `testbed` beyond 16 workers. That the legacy Heat is slower than the other at 32
workers was seen once.
"""

LOOKS: Final = """\
## What a poll costs

CPU time of one look, from 300 looks in a row, less what the idle services spend.
"""

DEMANDS: Final = f"""\
## What each service spends

CPU time of a service against servers created (workers and the master), N up to {LEARNT_MAX}, both
Heats together: a part that each create costs, and a part for each server. A service for which the
twin has no station (nova-compute, placement, glance) is counted with nova-conductor in the
parameters. In `direct` the looks at servers are part of nova-api and neutron-server.
"""

FAMILIES: Final = f"""\
## How long resources take

From the traces of the stacks of up to {LEARNT_MAX} workers, both Heats together. Heat stamps whole
seconds, so each family is fitted to intervals, and phases of less than a second are left out;
"distance" is Kolmogorov's, to the stamps as they are. These are times with all waiting in them, so
their spread is that of a busy machine and not of a service alone.
"""

CANNOT_TELL: Final = """\
## What the data cannot tell

- One machine, which is not alone on its host: the same create costs up to half as much CPU time
  again in another run. The medians are of three runs, for 32 workers of two or one.
- The testbed's guests boot and signal at once, and its hypervisors build nothing: it is a control
  plane, and says nothing about images, agents or guests.
- On two cores every service waits for every other, so the demands add up to the creation time
  almost by themselves; where cores are not short, waits between services decide, and these rows
  hardly see them.
"""


def page() -> str:
    """Return the page."""
    return "\n".join(
        [
            f"{INTRODUCTION}\n{table(TIME_HEADINGS, _times())}\n",
            FAILS,
            f"{LOOKS}\n{table(LOOK_HEADINGS, _looks())}\n",
            f"{DEMANDS}\n{table(DEMAND_HEADINGS, _demands())}\n",
            f"{FAMILIES}\n{table(FAMILY_HEADINGS, _families())}\n",
            CANNOT_TELL,
        ]
    )


TIME_HEADINGS: Final = (
    "workers",
    "provisioner",
    "Heat",
    "measured [s]",
    "twin [s]",
    "error",
    "use",
)


def _times() -> Iterator[tuple[str, ...]]:
    data = read_data([MEDIANS])
    setup = load_setup(SET)
    asked = Study(setup=setup, parameters=setup.parameter_set(), data=data, free={})
    (predicted,) = TwinModel(trials_of(asked), REPLICATIONS, Store(), None).evaluate([{}])
    for row, seconds in zip(data.rows, predicted, strict=True):
        assert row.seconds is not None, "the table of medians is one of seconds"
        yield (
            str(row.nodes),
            row.provisioner,
            str(row.overrides["heat.architecture"]),
            f"{row.seconds:.1f}",
            f"{seconds:.1f}",
            f"{100.0 * (seconds / row.seconds - 1.0):+.0f} %",
            "demands" if row.use == "fit" else "not used",
        )


LOOK_HEADINGS: Final = ("look at", "wall [s]", "CPU [s]")
LOOK_SHOWN_S: Final = 0.001


def _looks() -> Iterator[tuple[str, ...]]:
    for what, found in json.loads(POLLS.read_text(encoding="utf-8")).items():
        spent = sorted(found["cpu_s"].items(), key=lambda item: -item[1])
        parts = ", ".join(f"{name} {cpu:.4f}" for name, cpu in spent if cpu >= LOOK_SHOWN_S)
        yield f"a {what}", f"{found['wall_s']:.3f}", parts


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
        if best.mean_s < resolution:
            continue
        yield (
            phase.removeprefix("heat:").removesuffix(":CREATE"),
            str(len(seconds)),
            best.name,
            f"{best.mean_s:.2f}",
            f"{best.cv:.2f}",
            f"{best.distance:.2f}",
            f"{second.name}, +{second.criterion - best.criterion:.1f}",
        )
