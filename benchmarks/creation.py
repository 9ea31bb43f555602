"""What a whole cluster creation costs: CPU, virtual seconds per CPU second, memory."""

import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coe_twin.models.scenario import Scenario
from coe_twin.models.scenario_blocks import Row
from coe_twin.planner.rally import Rally
from coe_twin.planner.twin import Twin, world_of

SCENARIO: Final = Path(__file__).parent.parent / "scenarios" / "cern-deployment.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """One creation: CPU time [s], events on SimPy's queue, virtual time [s]."""

    cpu_s: float
    events: int
    virtual_s: float


def create(nodes: int, *, is_recording: bool) -> Creation:
    """Return what it costs to create one cluster of `nodes` nodes on CERN's set-up."""
    twin, rally = _prepared(nodes, is_recording=is_recording)
    begun = time.process_time()
    twin.runtime.run(rally.run())
    cpu_s = time.process_time() - begun
    assert len(rally.outcome().created) == 1, "the cluster was not created"
    return Creation(cpu_s=cpu_s, events=twin.runtime.scheduled(), virtual_s=twin.runtime.now())


def peak_bytes_per_node(nodes: int) -> float:
    """Return the peak of traced memory during a creation without recording, per node [B]."""
    _prepared(2, is_recording=False)  # what is loaded once is not counted
    tracemalloc.start()
    twin, rally = _prepared(nodes, is_recording=False)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    twin.runtime.run(rally.run())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - before) / nodes


def _prepared(nodes: int, *, is_recording: bool) -> tuple[Twin, Rally]:
    scenario = Scenario.load(SCENARIO)
    # Enough hypervisors for 10 000 nodes at the same number of nodes per hypervisor.
    hypervisors = max(240, nodes * 240 // 1000)
    scenario = scenario.model_copy(
        update={
            "overrides": {"hypervisors": {"count": hypervisors}},
            "create_timeout_s": 1_000_000.0,
        }
    )
    study = scenario.resolve()
    twin = Twin(world_of(study, 0), is_recording=is_recording)
    return twin, Rally(twin, Row(nodes=nodes, concurrency=1, clusters=1), study.rally)
