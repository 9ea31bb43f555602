"""`simulate`: a scenario's replications, spread over processes, and their summary."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, as_completed
from contextlib import nullcontext
from dataclasses import replace
from hashlib import sha256
from statistics import fmean

from coe_twin.models.scenario import Row, Scenario
from coe_twin.models.statistics import mean_interval
from coe_twin.planner.bottleneck import critical_path
from coe_twin.planner.pool import process_pool
from coe_twin.planner.replicate import Replicated, Task, replicate, spec_of
from coe_twin.planner.result import MODEL_VERSION, LimitedBy, Result, RowResult

Progress = Callable[[int, int], None]
"""Is told how many of how many replications are done."""


def simulate(
    scenario: Scenario,
    *,
    workers: int = 1,
    executor: Executor | None = None,
    has_detail: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Result:
    """Return the answer to `scenario`; the same for any number of `workers`.

    With `executor`, any `concurrent.futures.Executor`, the work goes there. `has_detail`
    keeps what a report shows of the first replication of each row.
    """
    tasks = _tasks(scenario, has_detail=has_detail)
    with nullcontext(executor) if executor is not None else process_pool(workers) as pool:
        done = _run(tasks, pool, progress)
    rows = range(len(scenario.rows))
    by_row = [[one for one in done if one.row == row] for row in rows]
    return Result(
        scenario=scenario.name,
        setup=scenario.setup,
        seed=scenario.seed,
        replications=scenario.replications,
        version=MODEL_VERSION,
        digest=_digest(done),
        rows=tuple(_row(scenario.rows[row], by_row[row]) for row in rows),
    )


def _tasks(scenario: Scenario, *, has_detail: bool) -> list[Task]:
    spec = spec_of(scenario, 0)
    return [
        Task(
            spec=replace(spec, replication=replication),
            row=row,
            number=number,
            client=scenario.rally,
            has_detail=has_detail and replication == 0,
        )
        for number, row in enumerate(scenario.rows)
        for replication in range(scenario.replications)
    ]


def _run(tasks: list[Task], pool: Executor | None, progress: Progress) -> list[Replicated]:
    """Return the outcomes in the order of `tasks`."""
    if pool is None:
        done = []
        for task in tasks:
            done.append(replicate(task))
            progress(len(done), len(tasks))
        return done
    # The largest first, so that no process is left alone with one at the end.
    largest = sorted(tasks, key=lambda task: -_size(task))
    futures = {id(task): pool.submit(replicate, task) for task in largest}
    _watch(futures.values(), progress)
    return [futures[id(task)].result() for task in tasks]


def _watch(futures: Iterable[Future[Replicated]], progress: Progress) -> None:
    waiting = list(futures)
    for count, _future in enumerate(as_completed(waiting), start=1):
        progress(count, len(waiting))


def _size(task: Task) -> int:
    return task.row.nodes * task.row.clusters


def _digest(done: list[Replicated]) -> str:
    total = sha256()
    for one in done:
        total.update(one.digest.encode())
    return total.hexdigest()


def _row(row: Row, done: list[Replicated]) -> RowResult:
    means = [fmean(one.minutes) for one in done if one.minutes]
    path = critical_path(one.shares for one in done)
    name = next(iter(path), None)
    causes = sorted({cause for one in done for cause in one.failures})
    return RowResult(
        nodes=row.nodes,
        concurrency=row.concurrency,
        clusters_asked=row.clusters,
        clusters_created=fmean(len(one.minutes) for one in done),
        predicted_minutes=fmean(means) if means else None,
        interval_minutes=_interval(means),
        published_minutes=row.published_minutes,
        published_clusters=row.published_clusters,
        limited_by=LimitedBy(name=name, share=path[name]) if name else None,
        failures={c: fmean(one.failures.get(c, 0) for one in done) for c in causes},
        critical_path=path,
        detail=next((one.detail for one in done if one.detail is not None), None),
    )


def _interval(means: list[float]) -> tuple[float, float] | None:
    if len(means) < 2:  # noqa: PLR2004 - one value has no spread
        return None
    interval = mean_interval(means)
    return interval.low, interval.high
