"""One replication of one row: the piece of work that is spread over processes."""

from collections.abc import Mapping
from dataclasses import dataclass

from coe_twin.models import scenario as schema
from coe_twin.models.scenario import Row, Scenario
from coe_twin.planner.bottleneck import Shares
from coe_twin.planner.detail import Detail, detail_of
from coe_twin.planner.rally import Rally
from coe_twin.planner.twin import Twin, TwinSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One replication of one row, with all that it depends on.

    `number` is the row's place in its scenario.
    """

    spec: TwinSpec
    row: Row
    number: int
    client: schema.Rally
    has_detail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """What one replication yields.

    `minutes` holds one measurement per cluster that was created [min], `shares` the seconds
    on the critical paths of all of them, `failures` counts by cause.
    """

    row: int
    replication: int
    minutes: tuple[float, ...]
    failures: Mapping[str, int]
    shares: Shares
    digest: str
    detail: Detail | None


def replicate(task: Task) -> Replicated:
    """Return the outcome of `task`; it depends on nothing else."""
    twin = Twin(task.spec)
    rally = Rally(twin, task.row, task.client)
    twin.runtime.run(rally.run())
    measured = rally.measured
    assert twin.recorder is not None, "a replication is recorded"
    return Replicated(
        row=task.number,
        replication=task.spec.replication,
        minutes=tuple(measured.minutes),
        failures=dict(measured.failures),
        shares=_sum(measured.shares),
        digest=twin.log.digest(twin.recorder.fingerprint()),
        detail=detail_of(twin) if task.has_detail else None,
    )


def spec_of(scenario: Scenario, replication: int) -> TwinSpec:
    """Return the world that a replication of `scenario` runs in; this reads its files."""
    return TwinSpec(
        setup=scenario.effective_setup(),
        parameters=scenario.effective_parameters(),
        policies=scenario.policy_set(),
        provisioner=scenario.provisioner,
        create_timeout_s=scenario.create_timeout_s,
        seed=scenario.seed,
        replication=replication,
    )


def _sum(paths: list[Shares]) -> Shares:
    total: Shares = {}
    for path in paths:
        for name, seconds in path.items():
            total[name] = total.get(name, 0.0) + seconds
    return total
