import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario
from coe_twin.models.study import Study
from coe_twin.planner.check import check
from coe_twin.planner.cost import Cost, cost_of, require_affordable
from coe_twin.planner.demand import demand_of
from coe_twin.planner.trial import run_trial, trial_of
from coe_twin.planner.twin import world_of

CONVERGENCE: dict[str, Json] = {"heat.architecture": "convergence"}


def study_of(*rows: dict[str, Json], **changes: Json) -> Study:
    document: dict[str, Json] = {
        "schema_version": 1,
        "name": "dear",
        "description": "what a run costs",
        "setup": "cern-2016",
        "seed": 1,
        "replications": 2,
        "rows": list(rows),
    }
    return Scenario.model_validate({**document, **changes}).resolve()


def row(nodes: int, concurrency: int = 1, **more: Json) -> dict[str, Json]:
    return {"nodes": nodes, "concurrency": concurrency, **more}


def measured_events(study: Study) -> int:
    """Return the events of one replication, by the numbers that SimPy gives them."""
    outcome = run_trial(trial_of(study, 0, 0))
    assert not outcome.rows[0].failed, "what fails early costs less than is estimated"
    return outcome.events


def cost(study: Study) -> Cost:
    world = world_of(study, 0)
    return cost_of(study, world, [demand_of(world, row) for row in study.rows])


def estimated(study: Study) -> int:
    return sum(cost(study).by_row)


@pytest.mark.parametrize(
    "study",
    [
        study_of(row(1)),
        study_of(row(2, 20)),
        study_of(row(60, masters=3)),
        study_of(row(2, 2, clusters=10), setup="cncf-2016"),
        study_of(row(20), setup="cncf-2016"),
        study_of(row(30), overrides=CONVERGENCE),
        study_of(row(1), provisioner={"kind": "direct"}),
        study_of(row(60), provisioner={"kind": "direct"}),
        study_of(row(40), provisioner={"kind": "sharded", "nodes_per_shard": 15}),
        study_of(row(10), provisioner={"kind": "sharded", "nodes_per_shard": 1}),
        study_of(row(1), overrides={"background.servers_per_hour": 1000.0}),
        study_of(row(1), parameter_overrides={"guest.boot_s": 1500.0}),
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
def test_the_estimate_is_within_a_factor_of_two(study: Study) -> None:
    """For whatever provisioner, engine, size and load, as measured on the twin itself."""
    events = measured_events(study)
    assert 0.5 * events <= estimated(study) <= 2.0 * events


def test_the_cost_is_that_of_all_replications() -> None:
    """Rows add up, replications multiply; time and memory grow with them."""
    first, second = row(2, 2), row(8)
    one, two = estimated(study_of(first)), estimated(study_of(second))
    both = study_of(first, second, replications=5)
    whole = cost(both)
    assert whole.by_row == (one, two)
    assert whole.events == 5 * (one + two)
    assert whole.cpu_s > cost(study_of(first)).cpu_s > 0.0
    assert whole.worker_mib > cost(study_of(first)).worker_mib > 0.0


def refusal(study: Study) -> str:
    with pytest.raises(InvalidInput) as caught:
        check(study)
    return str(caught.value)


def test_the_limit_itself_is_affordable() -> None:
    """A cost equal to the limit passes, one event more is refused."""
    needed = cost(study_of(row(2)))
    limited = study_of(row(2), limits={"cost_events_max": needed.events})
    require_affordable(limited, world_of(limited, 0), needed)
    tighter = study_of(row(2), limits={"cost_events_max": needed.events - 1})
    with pytest.raises(InvalidInput, match=f"about {needed.events:,} events"):
        require_affordable(tighter, world_of(tighter, 0), needed)


def test_the_replications_that_fit_do_fit() -> None:
    """What the refusal offers is accepted, and one replication more is not."""
    limits: dict[str, Json] = {"cost_events_max": 10_000}
    assert "limits.cost_events_max = 10000" in refusal(
        study_of(row(2), replications=100, limits=limits)
    )
    words = refusal(study_of(row(2), replications=100, limits=limits)).split()
    fits = int(words[words.index("would") - 2])
    check(study_of(row(2), replications=fits, limits=limits))
    refusal(study_of(row(2), replications=fits + 1, limits=limits))


def test_the_nodes_that_fit_do_fit() -> None:
    """Where not even two replications fit, the refusal offers a size that does."""
    limits: dict[str, Json] = {"cost_events_max": 10_000}
    text = refusal(study_of(row(2), row(3000), limits=limits))
    assert "in rows[1] would fit" in text
    words = text.split()
    nodes = int(words[words.index("nodes") - 1])
    check(study_of(row(2), row(nodes), limits=limits))
    refusal(study_of(row(2), row(nodes + 1), limits=limits))


def test_where_nothing_fits_it_says_so() -> None:
    """A limit below a single cluster leaves nothing to offer but another question."""
    text = refusal(study_of(row(2), limits={"cost_events_max": 10}))
    assert "ask for fewer clusters" in text


def test_the_largest_scenario_is_refused_quickly() -> None:
    """The worst that a file can ask for is priced without being built a million times."""
    rows = [row(10_000, 1000, clusters=10_000) for _ in range(100)]
    assert "would fit" not in refusal(study_of(*rows, replications=10_000))
