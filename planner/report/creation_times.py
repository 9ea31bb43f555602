"""Chart: predicted creation times with their intervals, and the published ones over them."""

from collections.abc import Iterator, Sequence

from coe_twin.coe_core.documents import Json
from coe_twin.planner.report.figure import (
    BLUE,
    BLUE_PALE,
    ORANGE,
    Figure,
    figure,
    label,
    rounded,
    title,
)
from coe_twin.planner.result import RowResult
from coe_twin.planner.table import cells


def creation_times(rows: Sequence[RowResult]) -> Figure:
    """Return minutes over nodes per cluster."""
    predicted = sorted(
        (row for row in rows if row.predicted_minutes is not None), key=lambda row: row.nodes
    )
    sizes = sorted({row.nodes for row in rows})
    ticks: list[Json] = list(sizes)
    x: Figure = {
        "type": "log",
        "title": title("nodes per cluster"),
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{size:,}" for size in sizes],
    }
    y: Figure = {"title": title("minutes to create"), "rangemode": "tozero"}
    return figure([*_traces(predicted), _published(rows)], x=x, y=y, height=420)


def _traces(rows: Sequence[RowResult]) -> Iterator[Json]:
    """Yield the band and the line; a line through two rows of one size would say nothing."""
    is_line = len(rows) > 1 and len({row.nodes for row in rows}) == len(rows)
    if is_line:
        yield _band(rows)
    yield {
        "type": "scatter",
        "name": "predicted, with the 95 % interval of the mean",
        "mode": "lines+markers" if is_line else "markers",
        "x": [row.nodes for row in rows],
        "y": rounded(row.predicted_minutes or 0.0 for row in rows),
        "error_y": {"type": "data", "array": rounded(_half_width(row) for row in rows)},
        "line": {"color": BLUE},
        "text": [_hover(row) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _band(rows: Sequence[RowResult]) -> Json:
    known = [(row.nodes, row.interval_minutes) for row in rows if row.interval_minutes]
    there = [(nodes, interval[1]) for nodes, interval in known]
    back = [(nodes, interval[0]) for nodes, interval in reversed(known)]
    outline = there + back
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [nodes for nodes, _ in outline],
        "y": rounded(minutes for _, minutes in outline),
        "fill": "toself",
        "fillcolor": BLUE_PALE,
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _published(rows: Sequence[RowResult]) -> Json:
    known = [row for row in rows if row.published_minutes is not None]
    return {
        "type": "scatter",
        "name": "published",
        "mode": "markers",
        "x": [row.nodes for row in known],
        "y": [row.published_minutes for row in known],
        "marker": {"color": ORANGE, "symbol": "diamond", "size": 11},
        "text": [_hover(row) for row in known],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _half_width(row: RowResult) -> float:
    if row.interval_minutes is None:
        return 0.0
    low, high = row.interval_minutes
    return (high - low) / 2.0


def _hover(row: RowResult) -> str:
    nodes, at_once, _created, predicted, published, _error, limit = map(label, cells(row))
    return (
        f"{nodes} nodes, {at_once} at once<br>predicted {predicted} min<br>"
        f"published {published} min<br>limited by {limit}"
    )
