"""What may have stopped CNCF's tests: each candidate stops a run, and is named in its result."""

from typing import Any

import pytest

from coe_twin.models.scenario import Scenario
from coe_twin.models.validation import validated
from coe_twin.planner.simulate import simulate

CLUSTERS = 14
RESOURCES = 97
"""Of a cluster of two nodes in Newton's templates: 21 + 30 + 2 * 23."""


def stopped(**changes: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a run on CNCF's set-up under `changes`."""
    document: dict[str, Any] = {
        "schema_version": 1,
        "name": "stops",
        "description": "Small clusters until something gives out.",
        "setup": "cncf-2016",
        "seed": 1,
        "replications": 2,
        "rows": [{"nodes": 2, "concurrency": 2, "clusters": CLUSTERS}],
    }
    overrides = {"network.floating_ips": None, **changes.pop("overrides", {})}
    study = validated(Scenario, {**document, **changes, "overrides": overrides}).resolve()
    row: Any = simulate(study).document()["rows"]
    first: dict[str, Any] = row[0]
    return first


def test_without_a_limit_all_are_created() -> None:
    row = stopped()
    assert row["clusters_created"] == CLUSTERS
    assert row["failures"] == {}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"overrides": {"network.floating_ips": 24}}, "quota"),
        ({"overrides": {"heat.state_resources_max": 6 * RESOURCES}}, "RPC timeout"),
        ({"overrides": {"rabbitmq.kept_messages_max": 1500}}, "RPC timeout"),
        ({"rally": {"session_s": 500.0}}, "unauthorized"),
    ],
)
def test_a_limit_stops_the_run_and_is_named(changes: dict[str, Any], cause: str) -> None:
    row = stopped(**changes)
    assert 0 < row["clusters_created"] < CLUSTERS
    assert cause in row["failures"], row["failures"]


def test_the_state_of_the_orchestration_is_what_exists() -> None:
    """Twice the room takes twice the clusters, less at most what is in flight."""
    once, twice = (
        stopped(overrides={"heat.state_resources_max": count * RESOURCES})["clusters_created"]
        for count in (5, 10)
    )
    assert 3 <= once <= 5
    assert 8 <= twice <= 10
