"""The twin as a model that a calibration asks for predictions, point by point."""

import json
import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from statistics import fmean

from coe_twin.coe_core.documents import Json
from coe_twin.models import scenario as schema
from coe_twin.models.calibration.problem import Point
from coe_twin.models.calibration.record import Unit
from coe_twin.models.scenario import Row
from coe_twin.planner.rally import Rally
from coe_twin.planner.result import MODEL_VERSION
from coe_twin.planner.twin import Twin, TwinSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A row to be run in a world."""

    spec: TwinSpec
    row: Row
    client: schema.Rally

    def key(self) -> str:
        """Return what two trials have in common if, and only if, they have the same outcome."""
        spec = self.spec
        parts = (
            MODEL_VERSION,
            spec.setup.model_dump_json(),
            spec.parameters.model_dump_json(),
            repr((spec.policies, spec.provisioner, spec.create_timeout_s)),
            repr((spec.seed, spec.replication, self.row, self.client)),
        )
        return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Ran:
    """Means over the clusters that were created [min, s], NaN for none, and their number."""

    minutes: float
    seconds: float
    clusters: int

    def amount(self, unit: Unit) -> float:
        """Return what the trial gives in `unit`."""
        return {"min": self.minutes, "s": self.seconds, "clusters": float(self.clusters)}[unit]


def run(trial: Trial) -> Ran:
    """Return the outcome of `trial`; it depends on nothing else."""
    twin = Twin(trial.spec, is_recording=False)
    rally = Rally(twin, trial.row, trial.client)
    twin.runtime.run(rally.run())
    measured = rally.measured
    if not measured.minutes:
        return Ran(math.nan, math.nan, 0)
    return Ran(fmean(measured.minutes), fmean(measured.seconds), len(measured.minutes))


class Store:
    """Outcomes by their trials' keys, on disk if a file is given: a calibration can go on."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, Ran] = {}
        if file is not None and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        """Take a line in; one that was cut short is as if it had not been written."""
        try:
            key, minutes, seconds, clusters = json.loads(line)
        except ValueError:
            return
        nan = math.nan
        self._known[key] = Ran(
            nan if minutes is None else minutes, nan if seconds is None else seconds, clusters
        )

    def get(self, key: str) -> Ran | None:
        """Return what is known."""
        return self._known.get(key)

    def put(self, key: str, ran: Ran) -> None:
        """Keep an outcome, at once."""
        self._known[key] = ran
        if self._file is None:
            return
        values: list[Json] = [
            None if math.isnan(one) else one for one in (ran.minutes, ran.seconds)
        ]
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([key, *values, ran.clusters]) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A row as the twin is to run it, and what of it is compared."""

    trial: Trial
    unit: Unit


def at_point(spec: TwinSpec, point: Point) -> TwinSpec:
    """Return the world `spec` with the values of `point` in it.

    A name is a quantity of the parameter set, one with `.cv` behind it, or a field of the
    set-up; a field that holds a count gets the nearest.

    Raises:
        InvalidInput: there is no such quantity or field, or it does not take the value.
    """
    known = spec.parameters
    values = {name: one for name, one in point.items() if known.split(name)[0] in known.parameters}
    fields: dict[str, Json] = {
        name: round(one) if _is_count(spec, name) else one
        for name, one in point.items()
        if name not in values
    }
    setup = spec.setup.with_overrides(fields) if fields else spec.setup
    return replace(spec, setup=setup, parameters=known.with_values(values))


def _is_count(spec: TwinSpec, path: str) -> bool:
    here: Json = spec.setup.model_dump(mode="json")
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return isinstance(here, int) or here is None


class TwinModel:
    """`models.calibration.problem.Model` by simulation.

    Every prediction is a mean over `replications`, with the same random numbers at every
    point, so that points differ by nothing but their values.
    """

    def __init__(
        self, asked: Sequence[Asked], replications: int, store: Store, executor: Executor | None
    ) -> None:
        self._asked = asked
        self._replications = range(replications)
        self._store = store
        self._executor = executor

    def evaluate(
        self, points: Sequence[Point], only: Sequence[int] | None = None
    ) -> list[list[float]]:
        """Return, for each point, what the twin predicts of each row in its unit.

        Where `only` names a row for each point, of that row alone.
        """
        wanted = [self._asked] * len(points)
        if only is not None:
            wanted = [self._asked[row : row + 1] for row in only]
        trials = [
            replace(asked.trial, spec=replace(spec, replication=number))
            for point, rows in zip(points, wanted, strict=True)
            for asked, spec in zip(rows, _worlds(rows, point), strict=True)
            for number in self._replications
        ]
        ran = iter(self._ran(trials))
        return [
            [self._mean([next(ran) for _ in self._replications], asked) for asked in rows]
            for rows in wanted
        ]

    def _ran(self, trials: Sequence[Trial]) -> list[Ran]:
        keys = [trial.key() for trial in trials]
        new = {
            key: trial
            for key, trial in zip(keys, trials, strict=True)
            if self._store.get(key) is None
        }
        # The largest first, so that no process is left alone with one at the end.
        order = sorted(new, key=lambda key: -new[key].row.nodes * new[key].row.clusters)
        for key, ran in zip(order, self._each([new[key] for key in order]), strict=True):
            self._store.put(key, ran)
        found = [self._store.get(key) for key in keys]
        return [ran for ran in found if ran is not None]

    def _each(self, trials: Sequence[Trial]) -> Iterable[Ran]:
        return map(run, trials) if self._executor is None else self._executor.map(run, trials)

    @staticmethod
    def _mean(ran: Sequence[Ran], asked: Asked) -> float:
        amounts = [one.amount(asked.unit) for one in ran]
        known = [amount for amount in amounts if not math.isnan(amount)]
        return fmean(known) if known else math.nan


def _worlds(rows: Sequence[Asked], point: Point) -> list[TwinSpec]:
    """Return the world of each row at `point`; rows that share a world go on sharing it."""
    worlds: dict[int, TwinSpec] = {}
    for asked in rows:
        spec = asked.trial.spec
        if id(spec) not in worlds:
            worlds[id(spec)] = at_point(spec, point)
    return [worlds[id(asked.trial.spec)] for asked in rows]
