"""The page of the fabric: docs/validation/fabric.md."""

from coe_twin.coe_cli.fabric_command import SCENARIOS
from coe_twin.models.fabric_scenario import FabricScenario
from coe_twin.models.parameters import ParameterSet
from coe_twin.planner import fabric_table
from coe_twin.planner.fabric import answer
from validation.page import table

INTRODUCTION = """\
# Fabric: requests per second of a deployed cluster

What `models/fabric.py` makes of the published rows (Trigazis, "OpenStack Magnum @CERN", FOSDEM
2017; CERN, "Containers on the CERN cloud", 9 Jan 2017). `coe-twin fabric cncf-2016` prints the
same; `make validation` makes this page.
"""

CANNOT_TELL = """\
## What the data cannot tell

- CNCF's three rows are used to find three parameters (`fit`): they are met by construction, and
  nothing is left to test the model with. CERN's rows are held out, but the second one is the
  network's own limit, and the first only says that a node can answer at least 10,000 requests a
  second.
- Node count and backend changed together between the rows. The latencies of udp and host-gw differ
  63 times because the udp cluster ran at 99 % of what it could answer; what a node can answer
  differs by a third. That is the figure to compare backends by.
- The cores of a node, the size of an answer and the part of a node that its load generators take
  were not published. So a node here is one of the published kind, and its cores are not a knob.
- vxlan has no published row. Its time per packet is derived from transfer rates of another test
  (kubernetes PR 17877) and its interval is wide.
- That an idle cluster answers as fast with udp as with host-gw is assumed; at 99 % utilisation a
  latency follows from that utilisation far more than from it.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for name in SCENARIOS.names():
        scenario = FabricScenario.load(SCENARIOS.path(name))
        result = answer(scenario)
        headings = [heading for heading, _ in fabric_table.ROWS]
        rows = table(headings, map(fabric_table.row_cells, result.rows))
        needed = table(
            [heading for heading, _ in fabric_table.NEEDED],
            map(fabric_table.needed_cells, result.needed),
        )
        parts.append(f"## {scenario.description}\n\n{rows}\n")
        if result.target is not None:
            target = result.target
            wanted = f"{target.requests_per_s:,.0f} requests/s within {target.latency_ms:g} ms need"
            parts.append(f"{wanted}\n\n{needed}\n")
    scenario = FabricScenario.load(SCENARIOS.path(SCENARIOS.names()[0]))
    return "\n".join([*parts, _parameters(scenario.parameter_set()), CANNOT_TELL])


def _parameters(parameters: ParameterSet) -> str:
    headings = ("parameter", "value [µs]", "95 % [µs]", "status", "source")
    rows = [
        (
            name,
            f"{1e6 * one.value:.4g}",
            f"{1e6 * one.low:.3g} to {1e6 * one.high:.3g}",
            one.status,
            one.source,
        )
        for name, one in parameters.parameters.items()
    ]
    return f"## Parameters\n\n{table(headings, rows)}\n"
