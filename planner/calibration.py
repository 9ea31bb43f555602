"""Calibrate the twin: from data and a set-up to a parameter set that says where it comes from."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.models.calibrate import CLOSE, Calibration, NotSeen, Progress, calibrate
from coe_twin.models.calibration.data import Data, TableRow, scarcity
from coe_twin.models.calibration.problem import Free, Problem
from coe_twin.models.calibration.record import (
    CalibrationRecord,
    DirectionRecord,
    FreeRecord,
    RowRecord,
)
from coe_twin.models.errors import InvalidInput
from coe_twin.models.near_names import unknown_name
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.scenario_blocks import (
    DirectProvisioner,
    Provisioner,
    ShardedProvisioner,
    StackProvisioner,
)
from coe_twin.models.setup import Setup
from coe_twin.models.study import Study
from coe_twin.models.validation import validated
from coe_twin.planner.result import MODEL_VERSION
from coe_twin.planner.run import Outcomes
from coe_twin.planner.store import MemoryStore
from coe_twin.planner.trial import Trial
from coe_twin.planner.twin import TwinSpec, world_of
from coe_twin.planner.twin_model import Target, TwinModel

CV_RANGE: Final = (0.1, 2.0)
"""The 95 % interval of belief in a coefficient of variation (assumed)."""

DISCREPANCY: Final = 0.05
"""Standard deviation of log(measured / predicted) of a model with the right values (assumed)."""

MISFIT_MAX: Final = 2.0
"""Standard deviations that a row may be missed by, in the root mean square, without a flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What is to be calibrated, on what, and how carefully.

    Attributes:
        study: the world that was measured, with the parameters to start from, its client, the
            seed, and how many replications are simulated at each point; its rows have no part.
        data: the rows that were measured.
        free: names of parameters, `NAME.cv`, or set-up fields, each with a range of its own
            (LOW, HIGH), or None for the belief of the parameter set.
        points: simulated before the first fit; None leaves it to `models.calibrate`.
        is_posterior: whether intervals are those of Markov chains; needs emcee.
    """

    study: Study
    data: Data
    free: Mapping[str, tuple[float, float] | None]
    points: int | None = None
    is_posterior: bool = False
    discrepancy: float = DISCREPANCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted parameter set, and the calibration behind it."""

    calibration: Calibration
    parameters: ParameterSet


def fit(
    asked: Fit,
    *,
    executor: Executor | None = None,
    store: Outcomes | None = None,
    progress: Progress = lambda _done, _most: None,
) -> Fitted:
    """Calibrate as `asked`; the same for the same `asked`.

    Args:
        asked: what to fit to what.
        executor: where the trials run; without one, here.
        store: what trials are known, and where to keep new ones; without one, in memory.
        progress: is told how many of at most how many points are simulated.

    Raises:
        InvalidInput: a free parameter is unknown, has no range, or no row depends on it.
    """
    problem = problem_of(asked)
    model = TwinModel(
        targets_of(asked),
        asked.study.replications,
        executor=executor,
        store=MemoryStore() if store is None else store,
    )
    try:
        found = calibrate(
            problem,
            model,
            seed=asked.study.seed,
            points=asked.points,
            is_posterior=asked.is_posterior,
            progress=progress,
        )
    except NotSeen as error:
        raise InvalidInput("no row depends on it", field="--free", value=str(error)) from None
    return Fitted(calibration=found, parameters=_parameters(asked, found))


def problem_of(asked: Fit) -> Problem:
    """Return what may move and what was observed.

    Raises:
        InvalidInput: a free parameter is unknown, or has no range.
    """
    if not any(row.use == "fit" for row in asked.data.rows):
        raise InvalidInput("every row is held out, accepted is at least one to fit", field="use")
    return Problem(
        free=tuple(_free(asked, name, given) for name, given in asked.free.items()),
        rows=tuple(row.observed() for row in asked.data.rows),
        discrepancy=asked.discrepancy,
    )


def _free(asked: Fit, name: str, given: tuple[float, float] | None) -> Free:
    known = asked.study.parameters
    quantity, is_cv = known.split(name)
    if quantity in known.parameters:
        parameter = known.parameter(quantity)
        low, high = (
            given
            or _before(asked, name)
            or (CV_RANGE if is_cv else (parameter.low, parameter.high))
        )
        unit = "1" if is_cv else parameter.unit
    elif given is not None and _is_field(asked.study.setup, name):
        (low, high), unit = given, "1"
    else:
        accepted = unknown_name(name, known.parameters)
        problem = f"unknown parameter; {accepted}; or a field of the set-up as FIELD=LOW:HIGH"
        raise InvalidInput(problem, field="--free", value=name)
    if not 0 < low < high:
        problem = f"its range is {low:g} to {high:g}; accepted is NAME=LOW:HIGH with 0 < LOW < HIGH"
        raise InvalidInput(problem, field="--free", value=name)
    return Free(name=name, unit=unit, low=low, high=high)


def _before(asked: Fit, name: str) -> tuple[float, float] | None:
    """Return the prior with which the same data were fitted before: they count only once."""
    record = asked.study.parameters.calibration
    if record is None or record.digest != _digest(asked.data):
        return None
    return next(((one.prior_low, one.prior_high) for one in record.free if one.name == name), None)


def _is_field(setup: Setup, path: str) -> bool:
    here: Json = setup.model_dump(mode="json")
    for step in path.split("."):
        if not isinstance(here, dict) or step not in here:
            return False
        here = here[step]
    return here is None or (isinstance(here, int | float) and not isinstance(here, bool))


def targets_of(asked: Fit) -> list[Target]:
    """Return what the twin is to run for each row.

    Raises:
        InvalidInput: the overrides of a row are refused.
    """
    worlds: dict[str, TwinSpec] = {}
    targets = []
    for row in asked.data.rows:
        world = repr((row.provisioner, row.overrides))
        if world not in worlds:
            worlds[world] = _world(asked.study, row)
        trial = Trial(
            world=worlds[world], rows=(row.row(),), client=asked.study.rally, is_recorded=False
        )
        targets.append(Target(trial=trial, unit=row.unit))
    return targets


def _world(study: Study, row: TableRow) -> TwinSpec:
    """Return the world of a row, which may have a provisioner and conditions of its own."""
    return replace(
        world_of(study, 0),
        setup=study.setup.with_overrides(dict(row.overrides)),
        provisioner=provisioner_named(row.provisioner),
    )


def provisioner_named(name: str) -> Provisioner:
    """Return the provisioner of a table: `stack`, `direct` or `sharded:N`."""
    kind, _, nodes = name.partition(":")
    match kind:
        case "direct":
            return DirectProvisioner(kind="direct")
        case "sharded":
            return ShardedProvisioner(kind="sharded", nodes_per_shard=int(nodes))
        case _:
            return StackProvisioner()


def _parameters(asked: Fit, found: Calibration) -> ParameterSet:
    record = _record(asked, found)
    changed = dict(asked.study.parameters.parameters)
    source = f"fitted to {asked.data.source}"[:500]
    for one in found.parameters:
        quantity, is_cv = asked.study.parameters.split(one.name)
        if quantity not in changed:
            continue
        before = changed[quantity].model_dump()
        if is_cv:
            changed[quantity] = changed[quantity].model_copy(update={"cv": one.value})
            continue
        ends = {"value": one.value, "low": one.interval.low, "high": one.interval.high}
        after = {**before, **ends, "prior": "lognormal", "status": "fit", "source": source}
        changed[quantity] = validated(type(changed[quantity]), after)
    version = int(MODEL_VERSION)
    update = {"parameters": changed, "calibration": record, "model_version": version}
    return asked.study.parameters.model_copy(update=update)


def _record(asked: Fit, found: Calibration) -> CalibrationRecord:
    return CalibrationRecord(
        data=(asked.data.source,),
        digest=_digest(asked.data),
        study_digest=asked.study.digest,
        study=asked.study.document(),
        setup=asked.study.setup.name,
        seed=asked.study.seed,
        replications=asked.study.replications,
        points=found.evaluations,
        model_version=MODEL_VERSION,
        discrepancy=asked.discrepancy,
        misfit=found.misfit,
        intervals="posterior" if asked.is_posterior else "bootstrap",
        free=tuple(_free_record(found, index) for index in range(len(found.parameters))),
        rows=tuple(_row_record(asked, found, index) for index in range(len(asked.data.rows))),
        directions=tuple(
            DirectionRecord(moves=str(one), singular_value=one.singular_value)
            for one in found.directions
        ),
        flags=tuple(flags_of(asked, found)),
    )


def _digest(data: Data) -> str:
    total = sha256(data.source.encode())
    for row in data.rows:
        total.update(row.model_dump_json().encode())
    return total.hexdigest()


def _free_record(found: Calibration, index: int) -> FreeRecord:
    prior, after = found.problem.free[index], found.parameters[index]
    return FreeRecord(
        name=prior.name,
        unit=prior.unit,
        prior_low=prior.low,
        prior_high=prior.high,
        value=after.value,
        low=after.interval.low,
        high=after.interval.high,
        learned=after.learned,
        is_at_bound=after.is_at_bound,
    )


def _row_record(asked: Fit, found: Calibration, index: int) -> RowRecord:
    row, observed, fit = asked.data.rows[index], found.problem.rows[index], found.rows[index]
    left_out = None if fit.left_out is None else 100.0 * observed.error(fit.left_out)
    return RowRecord(
        label=observed.label,
        nodes=row.nodes,
        concurrency=row.concurrency,
        clusters=row.clusters,
        provisioner=row.provisioner,
        conditions=", ".join(f"{name} {value}" for name, value in row.overrides.items()),
        unit=row.unit,
        observed=observed.value,
        rounding=observed.rounding,
        use=row.use,
        predicted=fit.predicted,
        low=fit.interval.low,
        high=fit.interval.high,
        error_percent=100.0 * observed.error(fit.predicted),
        left_out=fit.left_out,
        left_out_percent=left_out,
    )


def flags_of(asked: Fit, found: Calibration) -> Sequence[str]:
    """Return a sentence for each reason not to trust a calibration blindly."""
    flags = [*asked.data.flags, *scarcity(asked.data.rows, len(asked.free))]
    bounded = [one.name for one in found.parameters if one.is_at_bound]
    unseen = [way for way in found.directions if not way.is_seen]
    flags.extend(f"{name} is at the end of its range: the data ask for more" for name in bounded)
    if found.surface_miss >= CLOSE:
        flags.append(
            f"the surface misses the simulation by {100.0 * found.surface_miss:.1f} % at the fit: "
            "the intervals are no better than that"
        )
    if not found.is_settled:
        flags.append("the Markov chains were too short: the intervals are only rough")
    flags.extend(f"the data cannot tell: {way} (the prior says more)" for way in unseen)
    if found.misfit > MISFIT_MAX:
        flags.append(
            f"the rows miss by {found.misfit:.1f} of their standard deviations: "
            "the mechanism does not explain them"
        )
    return flags
