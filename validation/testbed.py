"""The page of the twin of the testbed: docs/validation/testbed-twin.md."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from benchmarks.openstack_page import DATA, LEARNT_MAX, records
from coe_twin.models.calibration.data import TableRow
from coe_twin.models.calibration.data_files import read_data
from coe_twin.models.demand_law import demand
from coe_twin.models.families import LEAST, families
from coe_twin.models.scenario import study_on
from coe_twin.models.traces.durations import of_events
from coe_twin.models.traces.trace_file import read_trace
from coe_twin.planner.calibration import Fit, targets_of
from coe_twin.planner.twin_model import TwinModel
from validation import fitted
from validation.page import table

SET: Final = "testbed"
MEDIANS: Final = DATA / "medians.csv"
POLLS: Final = DATA / "polls.json"
REPLICATIONS: Final = 2
HEAT: Final = "heat.architecture"
CORE_SPEED: Final = "core_speed"

SHOWN_S: Final = 0.02
"""Services that spend less on a server are left out of the table [s]."""

INTRODUCTION: Final = f"""\
# The twin of the testbed

`testbed.md` has the creates that were measured. Here is what they say of each service, and what the
set-up `testbed` makes of them. Its service demands are CPU times of clusters of 1 to {LEARNT_MAX}
workers; four of them, and no more, were then fitted to the creation times of these clusters:

    coe-twin calibrate tests/data/testbed/medians.csv --setup testbed --free FREE -o FILE

Clusters of 16 and 32 workers were held out. Of each create the run is taken that is the median by
wall time times core speed. The machine is not alone on its host, and its core speed at the time
(`testbed.md` says how it is told) is an input to the prediction of each row.
"""

RANKING: Final = """\
## Which provisioner is faster

Both at core speed 1: the measured wall time times the core speed of its run, which is right for a
create that is limited by the cores and a little long for a small one, against the twin.
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

- One machine, which is not alone on its host: the same create costs up to 1.6 times the CPU time in
  another run. The core speed corrects most of that, and is known only after the run. Of 32 workers
  there are four runs under convergence and three under legacy.
- The discipline `ps` was chosen because lines failed on the rows of 32 workers. These rows were
  held out of the fit, and of the polls' costs, but not of that choice.
- Why `stack` under the legacy Heat is met worst: too slow for the smallest clusters, too fast for
  the largest. Its steps of a second and what they look at are assumed, not measured.
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
            fitted.results(record, SET),
            f"{RANKING}\n{table(RANK_HEADINGS, _ranks())}\n",
            f"{LOOKS}\n{table(LOOK_HEADINGS, _looks())}\n",
            f"{DEMANDS}\n{table(DEMAND_HEADINGS, _demands())}\n",
            f"{FAMILIES}\n{table(FAMILY_HEADINGS, _families())}\n",
            CANNOT_TELL,
        ]
    )


def plot() -> str:
    """Return the plot."""
    return fitted.plot(SET)


RANK_HEADINGS: Final = (
    "workers",
    "Heat",
    "direct, measured [s]",
    "stack, measured [s]",
    "direct, twin [s]",
    "stack, twin [s]",
)


def _ranks() -> Iterator[tuple[str, ...]]:
    data = read_data([MEDIANS])
    speeds = [float(str(row.overrides[CORE_SPEED])) for row in data.rows]
    rows = [row.model_copy(update={"overrides": _at_speed_1(row)}) for row in data.rows]
    asked = Fit(study=study_on(SET), data=replace(data, rows=tuple(rows)), free={})
    (predicted,) = TwinModel(targets_of(asked), REPLICATIONS).evaluate([{}])
    found = {
        (row.nodes, str(row.overrides[HEAT]), row.provisioner): (float(row.seconds or 0) * speed, s)
        for row, speed, s in zip(rows, speeds, predicted, strict=True)
    }
    for nodes, heat in sorted({(nodes, heat) for nodes, heat, _ in found}):
        direct, stack = (found[nodes, heat, one] for one in ("direct", "stack"))
        cells = (direct[0], stack[0], direct[1], stack[1])
        yield (str(nodes), heat, *(f"{seconds:.1f}" for seconds in cells))


def _at_speed_1(row: TableRow) -> dict[str, JsonValue]:
    return {name: value for name, value in row.overrides.items() if name != CORE_SPEED}


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
