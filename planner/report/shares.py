"""Chart and table: what the time on the critical paths went to, row by row."""

from collections.abc import Sequence
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.planner.report.figure import GREY, PALETTE, Figure, figure, label, rounded, title
from coe_twin.planner.report.markup import folded, grid
from coe_twin.planner.result import RowResult

SHARE_MIN: Final = 0.02
"""What has less than this in every row is shown as part of the rest."""

REST: Final = "everything else"


def row_name(row: RowResult) -> str:
    """Return how a chart calls a row."""
    nodes = "1 node" if row.nodes == 1 else f"{row.nodes:,} nodes"
    return f"{nodes}, {row.concurrency} at once"


def shares_figure(rows: Sequence[RowResult]) -> Figure:
    """Return one bar per row, from the first at the top."""
    names = _names(rows)
    labels: list[Json] = [f"{row_name(row)} ({index + 1})" for index, row in enumerate(rows)]
    traces: list[Json] = [
        _trace(name, labels, [row.critical_path.get(name, 0.0) for row in rows], colour)
        for name, colour in zip(names, PALETTE, strict=False)
    ]
    shown = names[: len(PALETTE)]
    rest = [
        sum(share for name, share in row.critical_path.items() if name not in shown) for row in rows
    ]
    traces.append(_trace(REST, labels, rest, GREY))
    x: Figure = {
        "title": title("share of the critical paths"),
        "tickformat": ".0%",
        "range": [0, 1],
    }
    y: Figure = {"autorange": "reversed", "automargin": True}
    return figure(traces, x=x, y=y, height=190 + 34 * len(rows), barmode="stack")


def shares_table(rows: Sequence[RowResult]) -> str:
    """Return all shares, as text."""
    names = _ordered(rows)
    headings = ("spent on", *(row_name(row) for row in rows))
    body = ((name, *(f"{row.critical_path.get(name, 0.0):.1%}" for row in rows)) for name in names)
    numbers = frozenset(range(1, len(headings)))
    return folded("All shares", grid("Shares of the critical paths", headings, body, numbers))


def _trace(name: str, labels: list[Json], shares: Sequence[float], colour: str) -> Json:
    return {
        "type": "bar",
        "orientation": "h",
        "name": label(name),
        "y": labels,
        "x": rounded(shares, 4),
        "marker": {"color": colour},
        "hovertemplate": "%{fullData.name}: %{x:.1%}<extra></extra>",
    }


def _ordered(rows: Sequence[RowResult]) -> list[str]:
    """Return all names, what matters most in any row first."""
    peaks: dict[str, float] = {}
    for row in rows:
        for name, share in row.critical_path.items():
            peaks[name] = max(share, peaks.get(name, 0.0))
    return sorted(peaks, key=lambda name: (-peaks[name], name))


def _names(rows: Sequence[RowResult]) -> list[str]:
    return [
        name
        for name in _ordered(rows)
        if any(row.critical_path.get(name, 0.0) >= SHARE_MIN for row in rows)
    ]
