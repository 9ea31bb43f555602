"""How answers look in a terminal and in a pipe."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from rich import box
from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from coe_twin.coe_core.cluster import Cluster, Operation, Role
from coe_twin.coe_core.ports.cloud import Server
from coe_twin.coe_core.secrets import without_secrets
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.errors import printable
from coe_twin.models.plan import Plan
from coe_twin.models.study import Study
from coe_twin.models.traces.durations import Durations
from coe_twin.models.traces.log import Trace
from coe_twin.planner import calibration_table, fabric_table, table, trace_table
from coe_twin.planner.check import Feasible
from coe_twin.planner.drift import Drift
from coe_twin.planner.fabric import FabricResult
from coe_twin.planner.result import Result
from coe_twin.planner.stewardship import Orphans

Advance = Callable[[int, int], None]

PIPE_WIDTH: Final = 80
LINE_WIDTH_MAX: Final = 1000


def console_on(stream: TextIO) -> Console:
    """Return a console that takes no text for markup; without colours unless on a terminal."""
    is_terminal = stream.isatty()
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if is_terminal else PIPE_WIDTH,
        color_system="auto" if is_terminal else None,
        force_terminal=is_terminal,
    )


def show_result(console: Console, result: Result) -> None:
    """Print the table, what failed, and what the numbers are worth."""
    grid = _grid((column.heading, column.is_number) for column in table.COLUMNS)
    for row in result.rows:
        grid.add_row(*table.cells(row))
    _print_whole(console, grid)
    if failures := table.failures(result):
        _print(console, "Failures by cause, in a replication on average:")
        for line in failures:
            _print(console, f"  {line}")
    _print(console, table.identity(result))
    for line in table.honesty(result.study.parameters):
        _print(console, line)


def show_check(console: Console, study: Study, checked: Feasible) -> None:
    """Print what a scenario asks for and what it will cost."""
    headings = ("nodes", "at once", "clusters", "servers", "stacks", "Heat resources", "events")
    grid = _grid((heading, True) for heading in headings)
    for asked, events in zip(checked.rows, checked.cost.by_row, strict=True):
        row, demand = asked.row, asked.demand
        counts = (demand.servers, demand.stacks, demand.resources, events)
        cells = (row.nodes, row.concurrency, row.clusters, *counts)
        grid.add_row(*(f"{cell:,}" for cell in cells))
    _print(
        console,
        f"{study.name} on {study.setup.name}; "
        "servers, stacks and resources are those of one cluster",
    )
    _print_whole(console, grid)
    cost = checked.cost
    _print(
        console,
        f"{cost.replications} replications take about {cost.events:,} events, "
        f"{_minutes(cost.cpu_s)} of one CPU, and {cost.worker_mib:.0f} MiB per worker",
    )
    for index, asked in enumerate(checked.rows):
        for warning in asked.warnings:
            _print(console, f"warning: rows[{index}]: {warning}")


def show_drift(console: Console, plan: Plan, drift: Iterable[Drift]) -> None:
    """Print what was predicted against what was measured."""
    headings = ("row", "nodes", "phase", "predicted", "95 % of runs", "measured", "verdict")
    grid = _grid((heading, heading not in ("phase", "verdict")) for heading in headings)
    for one in drift:
        expected = one.predicted
        grid.add_row(
            str(one.row),
            str(one.nodes),
            one.phase,
            f"{expected.mean_s:.1f} s" if expected else table.NOTHING,
            f"{expected.low_s:.1f} to {expected.high_s:.1f} s" if expected else table.NOTHING,
            table.NOTHING if one.measured_s is None else f"{one.measured_s:.1f} s",
            one.verdict,
        )
    _print_whole(console, grid)
    study = plan.study
    _print(
        console,
        f"plan {plan.id} of {study.name} on {study.setup.name}: {study.replications} replications; "
        "the interval does not include that the parameters themselves are uncertain",
    )


def show_clusters(console: Console, clusters: Iterable[Cluster]) -> None:
    """Print a line a cluster."""
    grid = _grid([("id", False), ("status", False), ("masters", True), ("workers", True)])
    for one in clusters:
        counts = [
            sum(group.node_count for group in one.node_groups if group.role is role)
            for role in (Role.MASTER, Role.WORKER)
        ]
        grid.add_row(one.id, one.status, *(str(count) for count in counts))
    _print_whole(console, grid)


def show_cluster(
    console: Console,
    cluster: Cluster,
    operations: Iterable[Operation],
    servers: Iterable[Server],
) -> None:
    """Print all that is known of one cluster."""
    show_clusters(console, [cluster])
    if cluster.status_reason:
        _print(console, f"reason: {cluster.status_reason}")
    _print(console, f"tag: {cluster.tag}")
    _print(console, f"lives at: {cluster.place or 'not known: made by an early version'}")
    for one in operations:
        ended = "unfinished" if one.ended_at is None else one.failure or "done"
        _print(console, f"operation {one.verb}: {ended}")
    for server in servers:
        signalled = ", up" if server.has_signalled else ""
        _print(console, f"server {server.name}: {server.status}{signalled} {server.fault}".rstrip())


def show_trace(console: Console, found: Trace, durations: Durations) -> None:
    """Print how long the phases of a trace took, and what must be known of it."""
    grid = _grid((column.heading, column.is_number) for column in trace_table.COLUMNS)
    for row in durations.phases:
        grid.add_row(*trace_table.cells(row, found))
    _print_whole(console, grid)
    _print(console, trace_table.identity(found, durations))
    for line in trace_table.honesty(found):
        _print(console, line)


def show_orphans(console: Console, found: Iterable[Orphans], *, is_deleted: bool) -> None:
    """Print what belongs to no cluster of the repository."""
    some = tuple(found)
    for one in some:
        for left in one.left:
            _print(console, f"{one.tag}  {left.kind}  {left.id}")
    count = sum(len(one.left) for one in some)
    word = "deleted" if is_deleted else "found; delete them with --delete"
    _print(console, f"{count} orphans {word}" if count else "no orphans")


def show_calibration(console: Console, record: CalibrationRecord) -> None:
    """Print what was fitted, how well each row is met, and what the data cannot tell."""
    grid = _grid(calibration_table.PARAMETERS)
    for one in record.free:
        grid.add_row(*calibration_table.parameter_cells(one))
    _print_whole(console, grid)
    grid = _grid(calibration_table.ROWS)
    for row in record.rows:
        grid.add_row(*calibration_table.row_cells(row))
    _print_whole(console, grid)
    for line in calibration_table.notes(record):
        _print(console, line)


def show_fabric(console: Console, result: FabricResult) -> None:
    """Print what the clusters answer, and what the target needs."""
    if result.rows:
        grid = _grid(fabric_table.ROWS)
        for row in result.rows:
            grid.add_row(*fabric_table.row_cells(row))
        _print_whole(console, grid)
    if result.target is not None:
        target = result.target
        _print(console, f"{target.requests_per_s:,.0f} requests/s within {target.latency_ms:g} ms:")
        grid = _grid(fabric_table.NEEDED)
        for one in result.needed:
            grid.add_row(*fabric_table.needed_cells(one))
        _print_whole(console, grid)
    for line in fabric_table.notes(result):
        _print(console, line)


@contextmanager
def progress_on(stream: TextIO, of: str = "replications") -> Iterator[Advance]:
    """Yield what shows how many of how many are done; on a terminal only."""
    if not stream.isatty():
        yield lambda _done, _total: None
        return
    columns = (
        TextColumn(of),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console_on(stream), transient=True) as progress:
        bar = progress.add_task(of, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def complain(text: str) -> None:
    """Print one line on standard error."""
    line = printable(without_secrets(" ".join(text.split())))
    sys.stderr.write(f"coe-twin: {line}\n")


def _grid(columns: Iterable[tuple[str, bool]]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, is_number in columns:
        justify: JustifyMethod = "right" if is_number else "left"
        grid.add_column(heading, justify=justify, overflow="fold")
    return grid


def _print_whole(console: Console, grid: Table) -> None:
    """Print a table; a pipe has no edge, so there each row is one line, however long."""
    before = console.width
    if not console.is_terminal:
        console.width = LINE_WIDTH_MAX
        console.width = max(before, console.measure(grid).maximum)
    console.print(grid)
    console.width = before


def _print(console: Console, text: str) -> None:
    console.print(printable(text))


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
