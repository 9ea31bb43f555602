"""Polls that are computed against polls that are simulated one by one."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean

import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.lifecycle.conductor import Conductor
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.poller import Poller
from coe_twin.coe_core.transitions import ClusterStatus
from coe_twin.models.statistics import mean_interval
from coe_twin.planner.twin import Twin, TwinSpec
from tests.simulation.worlds import CONVERGENCE, LEGACY, PROVISIONERS, Ask, created, play, twin_spec

POLL_INTERVAL_S = 1.0
"""Magnum's, and the step of Heat's walker: what one cluster's end may be apart."""

LOOK_S = 0.1
"""More than a look that needs no work takes on its way, and that the cloud may wait for it."""

FREE_LOOKS: Mapping[str, float] = {
    "heat.stack_show_s": 0.0,
    "heat.output_s": 0.0,
    "nova.api_show_s": 0.0,
    "neutron.server_ports_s": 0.0,
    "heat.resource_poll_s": 0.0,
}


BUSY_ENGINES: Mapping[str, float] = {
    "heat.stack_show_s": 0.12,
    "heat.resource_create_s": 0.07,
}
"""Fifty clusters, each polled every second, then keep half of twelve engine processes busy."""


class LoopingTwin(Twin):
    """A world in which every poll is simulated."""

    def __init__(self, spec: TwinSpec) -> None:
        super().__init__(spec, is_recording=False)
        self.poller: Poller = LoopPoller(self.runtime)
        self.conductor = Conductor(self._context(), spec.policies.admission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """When and how each cluster ended, by name."""

    at: Mapping[str, float]
    status: Mapping[str, ClusterStatus]

    @property
    def mean_s(self) -> float:
        """Return the mean time to create one [s]."""
        return fmean(self.at.values())


def ended(twin: Twin, clusters: int, workers: int) -> Ended:
    """Return how so many creates at once end."""
    at: dict[str, float] = {}
    status: dict[str, ClusterStatus] = {}

    async def one(name: str) -> None:
        cluster = await created(twin, Ask(name=name, workers=workers))
        at[name] = twin.runtime.now()
        status[name] = cluster.status

    async def scene() -> None:
        async with twin.runtime.task_group() as group:
            for number in range(clusters):
                group.start(one(f"c{number}"))

    play(twin, scene)
    return Ended(at=at, status=status)


@pytest.mark.parametrize("overrides", [LEGACY, CONVERGENCE], ids=["legacy", "convergence"])
@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_free_looks_see_the_end_of_a_cluster_at_the_same_tick(
    way: str, overrides: Mapping[str, Json]
) -> None:
    """Looks that cost nothing change nothing: leaving them out moves the end by no interval."""
    for seed in range(4):
        spec = twin_spec(provisioner=way, overrides=overrides, parameters=FREE_LOOKS, seed=seed)
        computed = ended(Twin(spec, is_recording=False), 1, 3)
        looped = ended(LoopingTwin(spec), 1, 3)
        assert computed.status == looped.status
        assert abs(computed.mean_s - looped.mean_s) <= POLL_INTERVAL_S + LOOK_S, f"{seed=}"


@pytest.mark.parametrize("way", list(PROVISIONERS))
def test_both_end_in_the_same_statuses(way: str) -> None:
    """Quota for five masters and two workers: two clusters are created, the others fail for it."""
    spec = twin_spec(provisioner=way, overrides={"quota.instances": 7})
    for twin in (Twin(spec, is_recording=False), LoopingTwin(spec)):
        statuses = Counter(ended(twin, 5, 1).status.values())
        assert statuses == {ClusterStatus.CREATE_COMPLETE: 2, ClusterStatus.CREATE_FAILED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """So many clusters at once, and how far off their mean time may be [1]."""

    overrides: Mapping[str, Json]
    clusters: int
    replications: int
    tolerance: float
    parameters: Mapping[str, float] = field(default_factory=lambda: BUSY_ENGINES)
    provisioner: str = "stack"
    workers: int = 2
    setup: str = "cern-2016"

    def spec(self, seed: int) -> TwinSpec:
        """Return the world that the clusters are created in."""
        return twin_spec(
            self.setup, self.provisioner, self.overrides, parameters=self.parameters, seed=seed
        )


CROWDS: Mapping[str, Crowd] = {
    "legacy-20": Crowd(overrides=LEGACY, clusters=20, replications=4, tolerance=0.05),
    "convergence-20": Crowd(overrides=CONVERGENCE, clusters=20, replications=4, tolerance=0.03),
    "legacy-50": Crowd(overrides=LEGACY, clusters=50, replications=3, tolerance=0.07),
    # Half of the engines' time goes to polls. Convergence spreads its work over all engines, so
    # most of it finds one idle and is not slowed; the fluid slows all of it: 9 % too long.
    "convergence-50": Crowd(overrides=CONVERGENCE, clusters=50, replications=3, tolerance=0.13),
    # Server by server on two cores that all services share: a poll that is simulated waits in
    # the line of all other work, so there are fewer of them than one a second; the fluid has all.
    "direct-1": Crowd(
        overrides={"discipline": "fcfs"},
        clusters=1,
        workers=32,
        replications=4,
        tolerance=0.06,
        provisioner="direct",
        setup="testbed",
        parameters={"nova.api_show_s": 0.06, "neutron.server_ports_s": 0.0},
    ),
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in CROWDS if name.endswith("-50")]


@pytest.mark.parametrize("name", ["legacy-20", "convergence-20", "direct-1", *SLOW])
def test_the_fluid_of_polls_takes_as_much_as_the_polls(name: str) -> None:
    """The 95 % interval of the ratio of mean times lies within the tolerance around 1."""
    crowd = CROWDS[name]
    ratios = []
    for seed in range(crowd.replications):
        spec = crowd.spec(seed)
        fluid = ended(Twin(spec, is_recording=False), crowd.clusters, crowd.workers)
        looped = ended(LoopingTwin(spec), crowd.clusters, crowd.workers)
        ratios.append(math.log(fluid.mean_s / looped.mean_s))
    interval = mean_interval(ratios)
    assert -crowd.tolerance <= interval.low <= interval.high <= crowd.tolerance, ratios


@pytest.mark.parametrize("name", ["legacy-20", "direct-1"])
def test_polls_cost_something_in_a_crowd(name: str) -> None:
    """Without the services' work for them, all end sooner: the tolerance bites."""
    crowd = CROWDS[name]
    freed = replace(crowd, parameters={**crowd.parameters, **FREE_LOOKS})
    costly, free = (
        ended(Twin(one.spec(0), is_recording=False), one.clusters, one.workers)
        for one in (crowd, freed)
    )
    assert costly.mean_s > 1.01 * free.mean_s
