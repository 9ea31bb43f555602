"""The answer of the fabric model as the cells of tables and the lines below them."""

import math
from collections.abc import Iterator
from typing import Final

from coe_twin.planner.fabric import FabricResult, Needed, RowAnswer

ROWS: Final = (
    ("nodes", True),
    ("backend", False),
    ("asked/s", True),
    ("answered/s", True),
    ("latency", True),
    ("utilisation", True),
    ("a node can/s", True),
    ("limited by", False),
    ("published/s", True),
    ("error", True),
    ("published latency", True),
    ("error", True),
)
"""Headings, and whether numbers stand below."""

NEEDED: Final = (("backend", False), ("nodes needed", True))


def row_cells(one: RowAnswer) -> tuple[str, ...]:
    """Return the cells of a row."""
    latency = one.answer.latency_s
    row = one.row
    return (
        str(row.nodes),
        row.backend,
        _count(one.asked_per_s),
        _count(one.answer.requests_per_s),
        f"{1e3 * latency:.3g} ms" if math.isfinite(latency) else "grows without end",
        f"{100.0 * one.answer.utilisation:.1f} %",
        _count(one.answer.node_requests_per_s),
        one.answer.limited_by,
        "" if row.published_requests_per_s is None else _count(row.published_requests_per_s),
        _percent(one.rate_error_percent),
        "" if row.published_latency_ms is None else f"{row.published_latency_ms:g} ms",
        _percent(one.latency_error_percent),
    )


def needed_cells(one: Needed) -> tuple[str, str]:
    """Return the cells of a backend."""
    return one.backend, "no number is enough" if one.nodes is None else str(one.nodes)


def notes(result: FabricResult) -> Iterator[str]:
    """Yield what must be known to read the tables."""
    if result.target is not None and not result.network_is_enough:
        yield "The network around the cluster carries less than the target, whatever the nodes."
    yield (
        "A node is one of the published kind, whose cores are not known. Compare backends by what "
        "a node can answer: latencies at different utilisations say little of the backend."
    )


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _percent(error: float | None) -> str:
    return "" if error is None else f"{error:+.1f} %"
