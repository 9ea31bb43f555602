"""`simulate`: the replications of a study, and their summary."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from hashlib import sha256
from statistics import fmean

from coe_twin.models.scenario_blocks import Row
from coe_twin.models.statistics import mean_interval
from coe_twin.models.study import Study
from coe_twin.planner.bottleneck import critical_path
from coe_twin.planner.outcome import Outcome
from coe_twin.planner.result import MODEL_VERSION, LimitedBy, Result, RowResult
from coe_twin.planner.run import Outcomes, Progress, run
from coe_twin.planner.trial import trial_of


def simulate(
    study: Study,
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    has_detail: bool = False,
    progress: Progress = lambda _done, _total: None,
    cancel: Callable[[], bool] = lambda: False,
) -> Result:
    """Return the answer to `study`; the same wherever its trials run.

    `has_detail` keeps what a report shows of the first replication of each row. The other
    arguments are those of `run`.

    Raises:
        Cancelled: `cancel` said so.
    """
    trials = [
        trial_of(study, row, replication, has_detail=has_detail and replication == 0)
        for row in range(len(study.rows))
        for replication in range(study.replications)
    ]
    done = run(trials, executor=executor, store=store, progress=progress, cancel=cancel)
    each = study.replications
    by_row = [done[row * each : (row + 1) * each] for row in range(len(study.rows))]
    return Result(
        study=study,
        version=MODEL_VERSION,
        digest=_digest(done),
        rows=tuple(map(_row, study.rows, by_row)),
    )


def _digest(done: Sequence[Outcome]) -> str:
    total = sha256()
    for one in done:
        total.update(one.digest.encode())
    return total.hexdigest()


def _row(row: Row, done: Sequence[Outcome]) -> RowResult:
    """Return the summary of the replications `done` of `row`."""
    own = [outcome.rows[0] for outcome in done]
    means = [fmean(one.seen_s / 60.0 for one in ran.created) for ran in own if ran.created]
    path = critical_path(ran.shares for ran in own)
    name = next(iter(path), None)
    counts = [ran.failures for ran in own]
    causes = sorted({cause for count in counts for cause in count})
    return RowResult(
        nodes=row.nodes,
        masters=row.masters,
        concurrency=row.concurrency,
        clusters_asked=row.clusters,
        clusters_created=fmean(len(ran.created) for ran in own),
        predicted_minutes=fmean(means) if means else None,
        interval_minutes=_interval(means),
        published_minutes=row.published_minutes,
        published_clusters=row.published_clusters,
        limited_by=LimitedBy(name=name, share=path[name]) if name else None,
        failures={cause: fmean(count.get(cause, 0) for count in counts) for cause in causes},
        critical_path=path,
        outcomes=tuple(own),
        detail=next((one.detail for one in done if one.detail is not None), None),
    )


def _interval(means: list[float]) -> tuple[float, float] | None:
    if len(means) < 2:  # noqa: PLR2004 - one value has no spread
        return None
    interval = mean_interval(means)
    return interval.low, interval.high
