import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.documents import Json
from coe_twin.planner.detail import Detail, NodeTimes
from coe_twin.planner.report.creation_times import creation_times
from coe_twin.planner.report.figure import Figure
from coe_twin.planner.report.gantt import BARS_MAX, creation_of, gantt, gantt_caption
from coe_twin.planner.report.markup import data, element, text
from coe_twin.planner.report.shares import shares_figure
from coe_twin.planner.report.utilisation import busy_stations, quiet_stations, utilisation_figure
from coe_twin.planner.result import RowResult

ROW = RowResult(
    nodes=2,
    masters=1,
    concurrency=1,
    clusters_asked=1,
    clusters_created=1.0,
    predicted_minutes=3.0,
    interval_minutes=(2.0, 4.0),
    published_minutes=2.5,
    published_clusters=None,
    limited_by=None,
    failures={},
    outcomes=(),
    critical_path={"guest boot": 0.7, "heat step": 0.29, "keystone": 0.01},
)


def traces(figure: Figure) -> list[dict[str, Json]]:
    found = figure["data"]
    assert isinstance(found, list)
    return [trace for trace in found if isinstance(trace, dict)]


def names(figure: Figure) -> list[Json]:
    return [trace.get("name") for trace in traces(figure)]


def node(number: int, cluster: str = "c", *, is_ready: bool = True) -> NodeTimes:
    return NodeTimes(
        name=f"{cluster}-worker-{number}",
        accepted_at=float(number),
        active_at=number + 5.0,
        signalled_at=number + 60.0 if is_ready else None,
    )


def detail(*nodes: NodeTimes, **utilisation: tuple[float, ...]) -> Detail:
    return Detail(horizon_s=600.0, nodes=nodes, utilisation=utilisation)


@given(st.text())
def test_any_text_stays_text(value: str) -> None:
    """No text opens or closes an element, as content or as an attribute."""
    html = element("p", text(value), title=value)
    assert html.count("<") == html.count(">") == 2
    assert html.count('"') == 2


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_data_comes_back_and_cannot_end_its_element(value: Json) -> None:
    """What the script reads is what was written, and holds no markup."""
    html = data("d", value)
    body = html.removeprefix('<script type="application/json" id="d">').removesuffix("</script>")
    assert json.loads(body) == value
    assert "<" not in body


def test_a_band_is_as_wide_as_the_intervals() -> None:
    """It goes there along the upper ends and back along the lower ones."""
    larger = replace(ROW, nodes=8, predicted_minutes=5.0, interval_minutes=(4.5, 5.5))
    band, line, published = traces(creation_times([larger, ROW]))
    assert band["x"] == [2, 8, 8, 2]
    assert band["y"] == [4.0, 5.5, 4.5, 2.0]
    assert (line["x"], line["y"]) == ([2, 8], [3.0, 5.0])
    assert published["x"] == [8, 2]


def test_two_rows_of_one_size_are_no_line() -> None:
    """A line between them would be upright and mean nothing."""
    points, _published = traces(creation_times([ROW, replace(ROW, concurrency=9)]))
    assert points["mode"] == "markers"


def test_a_row_without_prediction_is_only_its_publication() -> None:
    """Nothing is drawn at 0 minutes for want of a number."""
    failed = replace(ROW, predicted_minutes=None, interval_minutes=None)
    points, published = traces(creation_times([failed]))
    assert points["x"] == []
    assert published["y"] == [2.5]


def test_shares_add_up_to_the_whole() -> None:
    """What is too small for a colour of its own is in the rest."""
    figure = shares_figure([ROW, replace(ROW, nodes=4, critical_path={"heat step": 1.0})])
    assert names(figure) == ["heat step", "guest boot", "everything else"]
    columns = [trace["x"] for trace in traces(figure)]
    for position in (0, 1):
        whole = [column[position] for column in columns if isinstance(column, list)]
        assert sum(share for share in whole if isinstance(share, float)) == pytest.approx(1.0)


def test_shares_have_more_names_than_colours() -> None:
    """Even then nothing is lost."""
    path = {f"station {number}": 0.05 for number in range(20)}
    figure = shares_figure([replace(ROW, critical_path=path)])
    assert len(traces(figure)) == 10
    rest = traces(figure)[-1]
    assert rest["name"] == "everything else"
    assert rest["x"] == [0.55]


def test_the_shown_creation_is_the_most_complete() -> None:
    """Of two clusters the one is shown of which more nodes came up, in order of acceptance."""
    broken = [node(n, "first-cluster", is_ready=False) for n in range(3)]
    creation = creation_of(detail(node(2), *broken, node(1)))
    assert creation is not None
    assert creation.cluster == "c"
    assert [each.name for each in creation.nodes] == ["c-worker-1", "c-worker-2"]


def test_without_servers_there_is_no_creation() -> None:
    """A row in which nothing was accepted has no chart."""
    assert creation_of(detail()) is None


def test_an_unfinished_node_is_drawn_to_the_end() -> None:
    """From the last that is known of it until the run ended."""
    waiting = NodeTimes(name="c-worker-9", accepted_at=60.0, active_at=None, signalled_at=None)
    creation = creation_of(detail(node(0), waiting))
    assert creation is not None
    unfinished = traces(gantt(creation))[-1]
    assert unfinished["name"] == "never finished"
    assert (unfinished["base"], unfinished["x"]) == ([1.0], [9.0])


def test_a_huge_creation_is_thinned() -> None:
    """No more bars than a screen can show, the first among them, and the caption says so."""
    creation = creation_of(detail(*(node(n) for n in range(2 * BARS_MAX + 1))))
    assert creation is not None
    first = traces(gantt(creation))[0]
    places = first["y"]
    assert isinstance(places, list)
    assert places[:3] == [1, 4, 7]
    assert len(places) <= BARS_MAX
    assert "one in 3 is drawn" in gantt_caption(creation)


def test_a_station_that_is_idle_is_named_not_drawn() -> None:
    """One that was busy for a moment is drawn, the busiest at the top."""
    given_detail = detail(node(0), idle=(0.0, 0.009), brief=(0.0, 0.4), busy=(1.0, 0.9))
    assert busy_stations(given_detail) == ["brief", "busy"]
    assert quiet_stations(given_detail) == ["idle"]
    (heat,) = traces(utilisation_figure(given_detail))
    assert heat["z"] == [[0.0, 0.4], [1.0, 0.9]]
    assert (heat["x0"], heat["dx"]) == (2.5, 5.0)


def test_labels_are_no_markup() -> None:
    """Plotly reads tags in labels, so there are none."""
    hostile = replace(ROW, critical_path={"<a href='x'>y</a>": 1.0})
    assert "<" not in json.dumps(shares_figure([hostile])["data"]).replace("<extra></extra>", "")
