"""What `benchmarks.openstack` measured: a page of `docs/validation/`, and a table of medians."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median, median_low
from typing import Final, TypeVar

from benchmarks.openstack_speed import Figures, core_speeds

ROOT: Final = Path(__file__).parents[1]
DATA: Final = ROOT / "tests" / "data" / "testbed"
PAGE: Final = ROOT / "docs" / "validation" / "testbed.md"
MEDIANS: Final = DATA / "medians.csv"
LEARNT_MAX: Final = 8
"""Nodes of the largest clusters that a calibration sees; it predicts those beyond."""

T = TypeVar("T")

HEAD: Final = """\
# Creates on the testbed, measured

Wall time of creating a cluster of one master and N workers through this program's own core on the
testbed (`testbed/`): a real Keystone, Glance, Placement, Nova, Neutron and Heat over a real
RabbitMQ, with fake hypervisors, whose servers boot and signal at once. From the start of the
operation to the poll that sees its end; polled every second. The figures are a control plane's on
this machine; no cloud's.

`make measure-openstack` makes the data (`tests/data/testbed/`) and this page.
"""


TABLE_TEXT: Final = """\
A cell lists its runs in their order, each with the speed of the cores in brackets: the median over
all creates of what the services that do the same for every server, and answer no polls, spend on a
server, over what they spent in this run. The machine is not alone on its host."""


def records(folder: Path = DATA) -> tuple[Figures, ...]:
    """Return the creates in the order of their measurement."""
    lines = (folder / "creates.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def page(creates: Iterable[Figures], machine: Figures) -> str:
    """Return the page as Markdown."""
    rows = tuple(creates)
    return "\n".join([HEAD, *_machine(machine, rows), "", *_table(rows), "", *_cpu(rows), ""])


def _machine(machine: Figures, rows: Sequence[Figures]) -> Iterator[str]:
    settings, versions = machine["settings"], machine["versions"]
    described = ", ".join(f"{name} {value}" for name, value in machine["machine"].items())
    loads = sorted(float(row["load_before"]) for row in rows)
    others = sorted(float(row["other_cpu_s"]) / float(row["wall_s"]) for row in rows)
    yield f"Machine: {described}."
    yield ""
    yield (
        f"Settings: {settings['hypervisors']} hypervisors, {settings['heat_workers']} heat-engine "
        f"workers, {settings['rabbit_nodes']} RabbitMQ node. Packages: "
        + ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        + "."
    )
    yield ""
    yield (
        f"Load of one minute before each create: {loads[0]:.1f} to {loads[-1]:.1f}, median "
        f"{median(loads):.1f} (it includes the deletion of the cluster before). CPU used by "
        f"anything but the testbed's services: {others[0]:.2f} to {others[-1]:.2f} cores, median "
        f"{median(others):.2f}, this program's own polls included. The same create takes up to "
        f"{_spread(rows):.2f} times the CPU time in one run that it takes in another."
    )


def _spread(rows: Sequence[Figures]) -> float:
    """Return the largest ratio of CPU times of the same create."""
    spent = _of_each(rows, (float(sum(row["cpu_s"].values())) for row in rows))
    return max(max(each) / min(each) for each in spent.values())


def _of_each(rows: Iterable[Figures], values: Iterable[T]) -> dict[tuple[str, str, int], list[T]]:
    """Return the values of all runs of the same create: by provisioner, Heat and workers."""
    found: dict[tuple[str, str, int], list[T]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        found[row["provisioner"], row["heat"], row["nodes"]].append(value)
    return found


def medians(rows: Iterable[Figures]) -> str:
    """Return a table for `coe-twin calibrate`: the median run of each create.

    The median by wall time times core speed, which is about what would be measured at speed 1.
    """
    creates = list(rows)
    walls = (float(row["wall_s"]) for row in creates)
    runs = _of_each(creates, zip(walls, core_speeds(creates), strict=True))
    lines = ["nodes,seconds,provisioner,heat.architecture,core_speed,use"]
    for (provisioner, mode, nodes), each in sorted(runs.items()):
        use = "fit" if nodes <= LEARNT_MAX else "held out"
        work = median_low(wall * speed for wall, speed in each)
        wall, speed = next((wall, speed) for wall, speed in each if wall * speed == work)
        lines.append(f"{nodes},{wall:.3f},{provisioner},{mode},{speed:.3f},{use}")
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Figures]) -> Iterator[str]:
    shown = (
        f"{row['wall_s']:.1f} ({speed:.2f})"
        for row, speed in zip(rows, core_speeds(rows), strict=True)
    )
    cells = _of_each(rows, shown)
    groups = list(dict.fromkeys((one, mode) for one, mode, _ in cells))
    yield "| N | " + " | ".join(f"`{one}`, {mode} [s]" for one, mode in groups) + " |"
    yield "|---|" + "---|" * len(groups)
    for nodes in sorted({nodes for _, _, nodes in cells}):
        each = (", ".join(cells.get((*group, nodes), [])) for group in groups)
        yield f"| {nodes} | " + " | ".join(each) + " |"
    failed = [row for row in rows if row["status"] != "CREATE_COMPLETE"]
    yield ""
    yield f"{len(rows)} creates, {len(failed)} failed. {TABLE_TEXT}"


def _cpu(rows: Sequence[Figures]) -> Iterator[str]:
    largest = max(int(row["nodes"]) for row in rows)
    yield f"CPU time by service [s], N = {largest}, median over the runs, of the largest eight:"
    yield ""
    yield "| provisioner | Heat | " + "services |"
    yield "|---|---|---|"
    groups = dict.fromkeys((row["provisioner"], row["heat"]) for row in rows)
    for provisioner, mode in groups:
        own = [
            row["cpu_s"]
            for row in rows
            if (row["provisioner"], row["heat"], row["nodes"]) == (provisioner, mode, largest)
        ]
        names = {name for one in own for name in one}
        totals = {name: median(float(one.get(name, 0.0)) for one in own) for name in names}
        top = sorted(totals.items(), key=lambda item: -item[1])[:8]
        words = ", ".join(f"{name} {seconds:.1f}" for name, seconds in top)
        yield f"| `{provisioner}` | {mode} | {words} |"


def main() -> None:
    """Write the page and the table from the data."""
    machine = json.loads((DATA / "machine.json").read_text(encoding="utf-8"))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(records(), machine), encoding="utf-8")
    MEDIANS.write_text(medians(records()), encoding="utf-8")


if __name__ == "__main__":
    main()
