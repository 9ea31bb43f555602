"""From a scenario to a plan: judge it on the twin, and write down what is expected."""

from concurrent.futures import Executor
from pathlib import Path

from coe_twin.models import yaml_file
from coe_twin.models.plan import Plan, PlanRow, digest_of
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.models.scenario import Row, Scenario
from coe_twin.models.setup import Setup
from coe_twin.planner.predict import RowExpected, predict
from coe_twin.planner.replicate import spec_of
from coe_twin.planner.result import MODEL_VERSION


def plan_of(scenario: Scenario, executor: Executor | None = None) -> Plan:
    """Return the plan to create the clusters of `scenario`, with what the twin expects.

    Unlike `simulate`, which asks Magnum and measures as Rally does, a plan is simulated as
    `apply` carries it out: by this program itself, row after row.

    Raises:
        InvalidInput: the scenario names something that is not there.
    """
    setup = scenario.effective_setup()
    draft = draft_of(scenario, setup)
    expected = predict(draft, spec_of(scenario, 0), executor)
    return _plan(scenario, setup, tuple(map(_row, scenario.rows, expected)))


def draft_of(scenario: Scenario, setup: Setup) -> Plan:
    """Return the plan to create the clusters of `scenario` on `setup`, which nobody has judged."""
    return _plan(scenario, setup, tuple(_row(row, None) for row in scenario.rows))


def _plan(scenario: Scenario, setup: Setup, rows: tuple[PlanRow, ...]) -> Plan:
    parameters = setup.parameter_set().with_values(scenario.parameter_overrides)
    interval = parameters.mean("magnum.poll_interval_s")
    content = {
        "schema_version": 1,
        "model_version": MODEL_VERSION,
        "scenario": scenario.name,
        "setup": setup.name,
        "seed": scenario.seed,
        "replications": scenario.replications,
        "provisioner": scenario.provisioner.model_dump(mode="json"),
        "policies": _policies(scenario).model_dump(mode="json"),
        "create_timeout_s": scenario.create_timeout_s,
        "poll_interval_s": interval,
        "cluster_template": setup.cluster_template.model_dump(mode="json"),
        "rows": [row.model_dump(mode="json") for row in rows],
    }
    return Plan.model_validate({**content, "id": digest_of(content)})


def _policies(scenario: Scenario) -> PolicySetFile:
    if scenario.policies is None:
        return PolicySetFile(schema_version=1)
    return yaml_file.validate(PolicySetFile, Path(scenario.policies))


def _row(row: Row, expected: RowExpected | None) -> PlanRow:
    return PlanRow(
        nodes=row.nodes,
        masters=row.masters,
        clusters=row.clusters,
        concurrency=row.concurrency,
        whole=expected.whole if expected else None,
        phases=dict(expected.phases) if expected else {},
        failures=dict(expected.failures) if expected else {},
    )
