"""What the twin expects a plan to take: the plan itself, carried out in simulated worlds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from statistics import fmean

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ProjectId
from coe_twin.models.plan import Plan, Predicted
from coe_twin.models.statistics import prediction_interval
from coe_twin.planner.carry_out import carry_out
from coe_twin.planner.history import WHOLE, RowMeasured, creations, measured
from coe_twin.planner.twin import Twin, TwinSpec

PROJECT = ProjectId("plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowExpected:
    """What runs like the simulated ones measure of one row."""

    whole: Predicted | None
    phases: Mapping[str, Predicted]
    failures: Mapping[str, float]


def predict(plan: Plan, spec: TwinSpec, executor: Executor | None) -> tuple[RowExpected, ...]:
    """Return what is expected of each row of `plan` in a world like `spec`."""
    specs = [replace(spec, replication=number) for number in range(plan.replications)]
    runs: list[tuple[RowMeasured, ...]]
    if executor is None:
        runs = [simulated(plan, one) for one in specs]
    else:
        runs = list(executor.map(simulated, [plan] * len(specs), specs))
    return tuple(_expected([run[number] for run in runs]) for number in range(len(plan.rows)))


def simulated(plan: Plan, spec: TwinSpec) -> tuple[RowMeasured, ...]:
    """Return what one run of `plan` measures of each row, in the world `spec`.

    The rows follow one another in one world, as they do on the real cloud.
    """
    twin = Twin(spec, is_recording=False)
    rows = [plan.clusters_of(number, PROJECT) for number in range(len(plan.rows))]

    async def create(cluster: Cluster) -> None:
        await twin.conductor.create(cluster)

    async def main() -> None:
        twin.start()
        for row, clusters in zip(plan.rows, rows, strict=True):
            await carry_out(twin.runtime, clusters, row.concurrency, create)

    twin.runtime.run(main())
    spent = creations(twin.log.events)
    return tuple(measured(clusters, spent) for clusters in rows)


def _expected(runs: Sequence[RowMeasured]) -> RowExpected:
    names = dict.fromkeys(name for run in runs for name in run.means)
    samples = {name: [run.means[name] for run in runs if name in run.means] for name in names}
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
