"""What the twin expects of a plan: its rows, carried out in simulated worlds as by `apply`."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from statistics import fmean

from coe_twin.models.plan import Predicted
from coe_twin.models.statistics import prediction_interval
from coe_twin.models.study import Study
from coe_twin.planner.history import WHOLE, means_of
from coe_twin.planner.outcome import RowOutcome
from coe_twin.planner.run import Outcomes, Progress, run
from coe_twin.planner.trial import Apply, Trial
from coe_twin.planner.twin import world_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RowExpected:
    """What runs like the simulated ones measure of one row."""

    whole: Predicted | None
    phases: Mapping[str, Predicted]
    failures: Mapping[str, float]


def predict(
    study: Study,
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    progress: Progress = lambda _done, _total: None,
    cancel: Callable[[], bool] = lambda: False,
) -> tuple[RowExpected, ...]:
    """Return what is expected of each row of `study`; the arguments are those of `run`.

    Raises:
        Cancelled: `cancel` said so.
    """
    trials = [applied(study, replication) for replication in range(study.replications)]
    done = run(trials, executor=executor, store=store, progress=progress, cancel=cancel)
    rows = range(len(study.rows))
    return tuple(_expected([outcome.rows[number] for outcome in done]) for number in rows)


def applied(study: Study, replication: int) -> Trial:
    """Return the trial in which `apply` carries all rows of `study` out, one after the other."""
    return Trial(
        world=world_of(study, replication), rows=study.rows, client=Apply(), is_recorded=False
    )


def measured(row: RowOutcome) -> dict[str, float]:
    """Return the mean of each phase and of the whole over the clusters that were created [s]."""
    return means_of([(one.seconds, one.phases) for one in row.created])


def _expected(runs: Sequence[RowOutcome]) -> RowExpected:
    means = [measured(run) for run in runs]
    names = dict.fromkeys(name for one in means for name in one)
    samples = {name: [one[name] for one in means if name in one] for name in names}
    by_name = {name: _interval(values) for name, values in samples.items() if len(values) > 1}
    causes = dict.fromkeys(cause for run in runs for cause in run.failures)
    return RowExpected(
        whole=by_name.pop(WHOLE, None),
        phases=by_name,
        failures={cause: fmean(run.failures.get(cause, 0) for run in runs) for cause in causes},
    )


def _interval(values: Sequence[float]) -> Predicted:
    interval = prediction_interval(values)
    return Predicted(mean_s=fmean(values), low_s=max(0.0, interval.low), high_s=interval.high)
