"""Chart: how one cluster of the largest row came up, node by node."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.planner.detail import Detail, NodeTimes
from coe_twin.planner.report.figure import BLUE, ORANGE, RED, Figure, figure, label, rounded, title

BARS_MAX: Final = 1500
"""More bars than this are finer than a screen, and slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """The nodes of one cluster in the order in which they were accepted."""

    cluster: str
    nodes: tuple[NodeTimes, ...]
    horizon_s: float


def creation_of(detail: Detail) -> Creation | None:
    """Return the cluster of which most nodes came up, the first of several; None without any."""
    ordered = sorted(detail.nodes, key=lambda node: _cluster(node.name))
    clusters = [tuple(nodes) for _, nodes in groupby(ordered, lambda node: _cluster(node.name))]
    if not clusters:
        return None
    nodes = max(clusters, key=lambda nodes: sum(node.signalled_at is not None for node in nodes))
    return Creation(
        cluster=_cluster(nodes[0].name),
        nodes=tuple(sorted(nodes, key=lambda node: node.accepted_at)),
        horizon_s=detail.horizon_s,
    )


def gantt(creation: Creation) -> Figure:
    """Return two bars per node: until ACTIVE, and until its signal."""
    nodes = creation.nodes[:: _step(creation)]
    places = range(1, len(creation.nodes) + 1, _step(creation))
    traces = [
        _bars("Nova: accepted until ACTIVE", BLUE, _until_active(nodes, places)),
        _bars("guest: boot and bootstrap until its signal", ORANGE, _until_signal(nodes, places)),
        _bars("never finished", RED, _unfinished(nodes, places, creation.horizon_s)),
    ]
    x: Figure = {"title": title("minutes since the row began"), "rangemode": "tozero"}
    y: Figure = {"title": title("node, in the order of acceptance"), "autorange": "reversed"}
    return figure(
        [trace for trace in traces if trace is not None],
        x=x,
        y=y,
        height=max(260, min(560, 120 + 14 * len(nodes))),
        barmode="overlay",
        bargap=0.0 if len(nodes) > 60 else 0.25,  # noqa: PLR2004 - a gap of a pixel or none
    )


def gantt_caption(creation: Creation) -> str:
    """Return what the chart shows, in words."""
    step = _step(creation)
    of_which = f" (one in {step} is drawn)" if step > 1 else ""
    ready = sum(node.signalled_at is not None for node in creation.nodes)
    return (
        f"{creation.cluster} of the first replication: {len(creation.nodes):,} servers were "
        f"accepted{of_which}, {ready:,} signalled that they are ready. Before a bar begins, the "
        "node waits for its turn in the cluster's own order of work."
    )


Bar = tuple[int, str, float, float]
"""Place from the top, name, begin and end [s]."""


def _until_active(nodes: Sequence[NodeTimes], places: Iterable[int]) -> Iterator[Bar]:
    for place, node in zip(places, nodes, strict=True):
        if node.active_at is not None:
            yield place, node.name, node.accepted_at, node.active_at


def _until_signal(nodes: Sequence[NodeTimes], places: Iterable[int]) -> Iterator[Bar]:
    for place, node in zip(places, nodes, strict=True):
        if node.active_at is not None and node.signalled_at is not None:
            yield place, node.name, node.active_at, node.signalled_at


def _unfinished(nodes: Sequence[NodeTimes], places: Iterable[int], horizon: float) -> Iterator[Bar]:
    for place, node in zip(places, nodes, strict=True):
        if node.signalled_at is None:
            since = node.accepted_at if node.active_at is None else node.active_at
            yield place, node.name, since, horizon


def _bars(name: str, colour: str, bars: Iterable[Bar]) -> Json:
    found = list(bars)
    if not found:
        return None
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [place for place, *_ in found],
        "base": rounded(start / 60.0 for _, _, start, _ in found),
        "x": rounded((end - start) / 60.0 for _, _, start, end in found),
        "text": [label(node) for _, node, *_ in found],
        "textposition": "none",
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": "%{text}: from %{base:.2f} min, for %{x:.2f} min<extra></extra>",
    }


def _step(creation: Creation) -> int:
    return -(-len(creation.nodes) // BARS_MAX)


def _cluster(node: str) -> str:
    """Return the cluster in a server's name, which is cluster, role and index."""
    return node.rsplit("-", 2)[0]
