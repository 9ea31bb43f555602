"""The twin as a model that a calibration asks for predictions, point by point."""

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from statistics import fmean

from coe_twin.coe_core.documents import Json
from coe_twin.models.calibration.problem import Point
from coe_twin.models.calibration.record import Unit
from coe_twin.planner.outcome import Outcome
from coe_twin.planner.run import Outcomes, run
from coe_twin.planner.trial import Trial
from coe_twin.planner.twin import TwinSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row as the twin is to run it, and what of it is compared."""

    trial: Trial
    unit: Unit


def amount(outcome: Outcome, unit: Unit) -> float:
    """Return what `outcome` gives in `unit`: a mean over clusters, NaN for none, or a number."""
    created = outcome.rows[0].created
    if unit == "clusters":
        return float(len(created))
    if not created:
        return math.nan
    if unit == "min":
        return fmean(one.seen_s / 60.0 for one in created)
    return fmean(one.seconds for one in created)


def at_point(world: TwinSpec, point: Point) -> TwinSpec:
    """Return `world` with the values of `point` in it.

    A name is a quantity of the parameter set, one with `.cv` behind it, or a field of the
    set-up; a field that holds a count gets the nearest.

    Raises:
        InvalidInput: there is no such quantity or field, or it does not take the value.
    """
    known = world.parameters
    values = {name: one for name, one in point.items() if known.split(name)[0] in known.parameters}
    fields: dict[str, Json] = {
        name: round(one) if _is_count(world, name) else one
        for name, one in point.items()
        if name not in values
    }
    setup = world.setup.with_overrides(fields) if fields else world.setup
    return replace(world, setup=setup, parameters=known.with_values(values))


def _is_count(world: TwinSpec, path: str) -> bool:
    here: Json = world.setup.model_dump(mode="json")
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return isinstance(here, int) or here is None


class TwinModel:
    """`models.calibration.problem.Model` by simulation.

    Every prediction is a mean over `replications`, with the same random numbers at every
    point, so that points differ by nothing but their values.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        replications: int,
        *,
        executor: Executor | None = None,
        store: Outcomes | None = None,
    ) -> None:
        self._targets = targets
        self._replications = range(replications)
        self._executor = executor
        self._store = store

    def evaluate(
        self, points: Sequence[Point], only: Sequence[int] | None = None
    ) -> list[list[float]]:
        """Return, for each point, what the twin predicts of each row in its unit.

        Where `only` names a row for each point, of that row alone.
        """
        wanted = [self._targets] * len(points)
        if only is not None:
            wanted = [self._targets[row : row + 1] for row in only]
        trials = [
            replace(target.trial, world=replace(world, replication=number))
            for point, rows in zip(points, wanted, strict=True)
            for target, world in zip(rows, _worlds(rows, point), strict=True)
            for number in self._replications
        ]
        done = iter(run(trials, executor=self._executor, store=self._store))
        return [
            [self._mean([next(done) for _ in self._replications], target) for target in rows]
            for rows in wanted
        ]

    @staticmethod
    def _mean(done: Sequence[Outcome], target: Target) -> float:
        amounts = [amount(one, target.unit) for one in done]
        known = [amount for amount in amounts if not math.isnan(amount)]
        return fmean(known) if known else math.nan


def _worlds(rows: Sequence[Target], point: Point) -> list[TwinSpec]:
    """Return the world of each row at `point`; rows that share a world go on sharing it."""
    worlds: dict[int, TwinSpec] = {}
    for target in rows:
        world = target.trial.world
        if id(world) not in worlds:
            worlds[id(world)] = at_point(world, point)
    return [worlds[id(target.trial.world)] for target in rows]
