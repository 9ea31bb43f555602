"""The model of the fabric: published rows, and what must hold of any cluster."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coe_twin.coe_cli.fabric_command import SCENARIOS
from coe_twin.coe_cli.main import BAD_INPUT, run
from coe_twin.models.fabric import Backend, Fabric, FabricModel, Load, packets
from coe_twin.models.fabric_scenario import FABRICS, FabricScenario
from coe_twin.models.parameters import load_parameters
from coe_twin.planner.fabric import answer

MODEL = FabricModel(load_parameters(str(FABRICS.path("fabric-2016"))))
backends = st.sampled_from(list(Backend))
rates = st.floats(1e3, 1e9)
latencies = st.floats(1e-3, 1.0)
sizes = st.integers(0, 100_000)


@pytest.mark.parametrize("name", SCENARIOS.names())
def test_published_rows_are_met(name: str) -> None:
    """Requests per second within 5 %, latency within 15 %."""
    rows = answer(FabricScenario.load(SCENARIOS.path(name))).rows
    assert rows
    for row in rows:
        assert row.rate_error_percent == pytest.approx(0.0, abs=5.0), row
        if row.latency_error_percent is not None:
            assert row.latency_error_percent == pytest.approx(0.0, abs=15.0), row


def test_cern_is_limited_by_its_network() -> None:
    rows = answer(FabricScenario.load(SCENARIOS.path("cern-2016"))).rows
    assert rows[-1].answer.limited_by == "network"


def test_udp_is_not_said_to_be_63_times_slower() -> None:
    """The published latencies differ 63 times, by utilisation; a node's capacity by a third."""
    rows = {
        row.row.backend: row
        for row in answer(FabricScenario.load(SCENARIOS.path("cncf-2016"))).rows
    }
    ratio = rows["host-gw"].answer.node_requests_per_s / rows["udp"].answer.node_requests_per_s
    assert 1.2 < ratio < 1.5
    assert rows["udp"].answer.utilisation > 0.95


@given(backend=backends, rate=rates, latency=latencies, size=sizes)
def test_the_nodes_needed_are_enough_and_no_more(
    backend: Backend, rate: float, latency: float, size: int
) -> None:
    load = Load(requests_per_s=rate, response_bytes=size)
    nodes = MODEL.nodes_for(backend, load, latency)
    assume(nodes is not None and nodes < 10**7)
    assert nodes is not None

    def seen(count: int) -> float:
        return MODEL.answer(Fabric(nodes=count, backend=backend), load).latency_s

    assert seen(nodes) <= latency * (1.0 + 1e-9)
    if nodes > 1:
        assert seen(nodes - 1) > latency * (1.0 - 1e-9)


@given(rate=rates, nodes=st.integers(1, 10_000), size=sizes)
def test_backends_are_ordered(rate: float, nodes: int, size: int) -> None:
    """An overlay costs a node time, one in user space most."""
    demands = [
        MODEL.demand_s(backend, size) for backend in (Backend.HOST_GW, Backend.VXLAN, Backend.UDP)
    ]
    assert demands == sorted(demands)


@given(backend=backends, rate=rates, nodes=st.integers(1, 1000))
def test_no_more_is_answered_than_asked_or_possible(
    backend: Backend, rate: float, nodes: int
) -> None:
    load = Load(requests_per_s=rate, response_bytes=612)
    one = MODEL.answer(Fabric(nodes=nodes, backend=backend, network_requests_per_s=5e5), load)
    assert one.requests_per_s <= min(rate, 5e5, nodes * one.node_requests_per_s) * (1.0 + 1e-12)
    assert math.isfinite(one.latency_s) == (one.utilisation < 1.0)


def test_nothing_is_faster_than_an_idle_cluster() -> None:
    load = Load(requests_per_s=1.0, response_bytes=612)
    assert MODEL.nodes_for(Backend.HOST_GW, load, 1e-4) is None


def test_large_answers_take_more_packets_in_an_overlay() -> None:
    assert packets(Backend.HOST_GW, 0) == packets(Backend.VXLAN, 0) == 2
    assert packets(Backend.HOST_GW, 1460) == 2
    assert packets(Backend.VXLAN, 1460) == 3
    assert packets(Backend.HOST_GW, 1_000_000) < packets(Backend.VXLAN, 1_000_000)


def test_large_answers_fill_the_link() -> None:
    load = Load(requests_per_s=1e6, response_bytes=10_000_000)
    assert MODEL.answer(Fabric(nodes=10, backend=Backend.HOST_GW), load).limited_by == "node NIC"


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fabric.json"
    assert run(["fabric", "cncf-2016", "--json", str(file)]) == 0
    assert "udp" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert [one["backend"] for one in written["needed"]] == ["host-gw", "vxlan", "udp"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("nodes: 35", "nodes: 0"), "rows[0].nodes = 0"),
        (("backend: udp", "backend: upd"), "udp"),
        (("latency_ms: 5.0", "latency_ms: -5.0"), "target.latency_ms = -5.0"),
        (("response_bytes: 612", "response_byte: 612"), "did you mean response_bytes"),
        (("parameters: fabric-2016", "parameters: cern-2016"), "fabric-2016"),
        (("parameters: fabric-2016", "parameters: fabric-2061"), "did you mean fabric-2016"),
    ],
)
def test_bad_input_is_one_line(
    change: tuple[str, str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(SCENARIOS.path("cncf-2016").read_text().replace(*change))
    assert run(["fabric", str(file)]) == BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
