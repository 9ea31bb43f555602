"""From a study to a plan: judge it on the twin, and write down what is expected."""

from collections.abc import Callable
from concurrent.futures import Executor

from coe_twin.models.plan import Expected, Plan, digest_of
from coe_twin.models.policy_set import with_patience
from coe_twin.models.study import Study
from coe_twin.planner.predict import RowExpected, predict
from coe_twin.planner.result import MODEL_VERSION
from coe_twin.planner.run import Outcomes, Progress


def plan_of(
    study: Study,
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    progress: Progress = lambda _done, _total: None,
    cancel: Callable[[], bool] = lambda: False,
) -> Plan:
    """Return the plan to create the clusters of `study`, with what the twin expects.

    Unlike `simulate`, which asks Magnum and measures as Rally does, a plan is simulated as
    `apply` carries it out: by this program itself, row after row. The arguments are those of
    `run`.

    Raises:
        Cancelled: `cancel` said so.
    """
    study = as_carried_out(study)
    expected = predict(study, executor=executor, store=store, progress=progress, cancel=cancel)
    return _plan(study, tuple(map(_row, expected)))


def draft_of(study: Study) -> Plan:
    """Return the plan to create the clusters of `study`, which nobody has judged."""
    return _plan(as_carried_out(study), tuple(Expected() for _row in study.rows))


def as_carried_out(study: Study) -> Study:
    """Return `study` with the back-off under which it is carried out, and judged."""
    return study.model_copy(update={"policies": with_patience(study.policies)})


def _plan(study: Study, expected: tuple[Expected, ...]) -> Plan:
    content = {
        "schema_version": 2,
        "model_version": MODEL_VERSION,
        "expected": [row.model_dump(mode="json") for row in expected],
        "study_digest": study.digest,
        "study": study.document(),
    }
    return Plan.model_validate({**content, "id": digest_of(content)})


def _row(expected: RowExpected) -> Expected:
    return Expected(
        whole=expected.whole,
        phases=dict(expected.phases),
        failures=dict(expected.failures),
    )
