import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario
from coe_twin.planner.check import check
from coe_twin.planner.cost import Cost, cost_of, require_affordable
from coe_twin.planner.demand import demand_of
from coe_twin.planner.rally import Rally
from coe_twin.planner.replicate import spec_of
from coe_twin.planner.twin import Twin

CONVERGENCE: dict[str, Json] = {"heat.architecture": "convergence"}


def scenario_of(*rows: dict[str, Json], **changes: Json) -> Scenario:
    document: dict[str, Json] = {
        "schema_version": 1,
        "name": "dear",
        "description": "what a run costs",
        "setup": "cern-2016",
        "seed": 1,
        "replications": 2,
        "rows": list(rows),
    }
    return Scenario.model_validate({**document, **changes})


def row(nodes: int, concurrency: int = 1, **more: Json) -> dict[str, Json]:
    return {"nodes": nodes, "concurrency": concurrency, **more}


def measured_events(scenario: Scenario) -> int:
    """Return the events of one replication, by the numbers that SimPy gives them."""
    twin = Twin(spec_of(scenario, 0))
    rally = Rally(twin, scenario.rows[0], scenario.rally)
    twin.runtime.run(rally.run())
    assert not rally.measured.failures, "what fails early costs less than is estimated"
    number = next(twin.runtime.env._eid)
    assert isinstance(number, int)
    return number


def cost(scenario: Scenario) -> Cost:
    spec = spec_of(scenario, 0)
    return cost_of(scenario, spec, [demand_of(spec, row) for row in scenario.rows])


def estimated(scenario: Scenario) -> int:
    return sum(cost(scenario).by_row)


@pytest.mark.parametrize(
    "scenario",
    [
        scenario_of(row(1)),
        scenario_of(row(2, 20)),
        scenario_of(row(60, masters=3)),
        scenario_of(row(2, 2, clusters=10), setup="cncf-2016"),
        scenario_of(row(20), setup="cncf-2016"),
        scenario_of(row(30), overrides=CONVERGENCE),
        scenario_of(row(1), provisioner={"kind": "direct"}),
        scenario_of(row(60), provisioner={"kind": "direct"}),
        scenario_of(row(40), provisioner={"kind": "sharded", "nodes_per_shard": 15}),
        scenario_of(row(10), provisioner={"kind": "sharded", "nodes_per_shard": 1}),
        scenario_of(row(1), overrides={"background.servers_per_hour": 1000.0}),
        scenario_of(row(1), parameter_overrides={"guest.boot_s": 1500.0}),
    ],
    ids=[
        "smallest",
        "many at once",
        "large",
        "one after the other",
        "private network",
        "convergence",
        "direct",
        "large direct",
        "sharded",
        "single shards",
        "busy cloud",
        "long wait",
    ],
)
def test_the_estimate_is_within_a_factor_of_two(scenario: Scenario) -> None:
    """For whatever provisioner, engine, size and load, as measured on the twin itself."""
    events = measured_events(scenario)
    assert 0.5 * events <= estimated(scenario) <= 2.0 * events


def test_the_cost_is_that_of_all_replications() -> None:
    """Rows add up, replications multiply; time and memory grow with them."""
    first, second = row(2, 2), row(8)
    one, two = estimated(scenario_of(first)), estimated(scenario_of(second))
    both = scenario_of(first, second, replications=5)
    whole = cost(both)
    assert whole.by_row == (one, two)
    assert whole.events == 5 * (one + two)
    assert whole.cpu_s > cost(scenario_of(first)).cpu_s > 0.0
    assert whole.worker_mib > cost(scenario_of(first)).worker_mib > 0.0


def refusal(scenario: Scenario) -> str:
    with pytest.raises(InvalidInput) as caught:
        check(scenario)
    return str(caught.value)


def test_the_limit_itself_is_affordable() -> None:
    """A cost equal to the limit passes, one event more is refused."""
    needed = cost(scenario_of(row(2)))
    limited = scenario_of(row(2), limits={"cost_events_max": needed.events})
    require_affordable(limited, spec_of(limited, 0), needed)
    tighter = scenario_of(row(2), limits={"cost_events_max": needed.events - 1})
    with pytest.raises(InvalidInput, match=f"about {needed.events:,} events"):
        require_affordable(tighter, spec_of(tighter, 0), needed)


def test_the_replications_that_fit_do_fit() -> None:
    """What the refusal offers is accepted, and one replication more is not."""
    limits: dict[str, Json] = {"cost_events_max": 10_000}
    assert "limits.cost_events_max = 10000" in refusal(
        scenario_of(row(2), replications=100, limits=limits)
    )
    words = refusal(scenario_of(row(2), replications=100, limits=limits)).split()
    fits = int(words[words.index("would") - 2])
    check(scenario_of(row(2), replications=fits, limits=limits))
    refusal(scenario_of(row(2), replications=fits + 1, limits=limits))


def test_the_nodes_that_fit_do_fit() -> None:
    """Where not even two replications fit, the refusal offers a size that does."""
    limits: dict[str, Json] = {"cost_events_max": 10_000}
    text = refusal(scenario_of(row(2), row(3000), limits=limits))
    assert "in rows[1] would fit" in text
    words = text.split()
    nodes = int(words[words.index("nodes") - 1])
    check(scenario_of(row(2), row(nodes), limits=limits))
    refusal(scenario_of(row(2), row(nodes + 1), limits=limits))


def test_where_nothing_fits_it_says_so() -> None:
    """A limit below a single cluster leaves nothing to offer but another question."""
    text = refusal(scenario_of(row(2), limits={"cost_events_max": 10}))
    assert "ask for fewer clusters" in text


def test_the_largest_scenario_is_refused_quickly() -> None:
    """The worst that a file can ask for is priced without being built a million times."""
    rows = [row(10_000, 1000, clusters=10_000) for _ in range(100)]
    assert "would fit" not in refusal(scenario_of(*rows, replications=10_000))
