"""`calibrate`: from measurements to a parameter set."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from coe_twin.coe_cli.extras import require_posterior
from coe_twin.coe_cli.options import SCENARIOS, WithoutStore, outcomes
from coe_twin.coe_cli.processes import processes
from coe_twin.coe_cli.show import console_on, progress_on, show_calibration
from coe_twin.coe_cli.targets import STDOUT, require_writable, write
from coe_twin.models.calibration.data import Data
from coe_twin.models.calibration.data_files import is_scenario, of_scenario, read_data
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario, study_on
from coe_twin.models.study import Study
from coe_twin.planner.pool import cpus
from coe_twin.planner.run import Outcomes

if TYPE_CHECKING:
    from coe_twin.planner.calibration import Fit

POINTS_LEAST: Final = 4


DataNames = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Tables (.csv, .yaml), Rally's results or drift reports (.json), traces (.jsonl), "
        "or the name of a scenario with published rows.",
    ),
]
FreeNames = Annotated[
    str,
    typer.Option(
        metavar="P1,P2,...",
        help="What may move: parameters, NAME.cv, set-up fields; NAME=LOW:HIGH gives a range.",
    ),
]


def calibrate_command(  # noqa: PLR0913 - each is an option
    data: DataNames,
    *,
    setup: Annotated[str, typer.Option(metavar="S", help="The set-up that was measured.")],
    free: FreeNames,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="Parameters, JSON.")
    ],
    parameters: Annotated[
        str | None,
        typer.Option(metavar="SET", help="Where to start from, in place of the set-up's own set."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Of points and bootstrap.")] = 1,
    replications: Annotated[int, typer.Option(metavar="N", min=1, max=100)] = 2,
    points: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=POINTS_LEAST, max=10_000, help="Simulated before the first fit."
        ),
    ] = None,
    posterior: Annotated[
        bool, typer.Option("--posterior", help="Intervals by Markov chains, not by a bootstrap.")
    ] = False,
    no_store: WithoutStore = False,
) -> None:
    """Fit parameters to measurements; say how surely each is known, and how wrong each row is.

    What was simulated is in the store of outcomes, so that an interrupted calibration goes on.
    """
    from coe_twin.planner.calibration import Fit  # noqa: PLC0415 - SciPy takes a second

    found, scenario = data_of(data)
    study = _study(scenario, setup, parameters)
    if posterior:
        require_posterior()
    asked = Fit(
        study=study.model_copy(update={"seed": seed, "replications": replications}),
        data=found,
        free=free_of(free),
        points=points,
        is_posterior=posterior,
    )
    require_writable([output], Path(data[0]))
    with outcomes(is_without=no_store) as store:
        _calibrate(asked, output, store)


def _calibrate(asked: "Fit", output: Path, store: Outcomes | None) -> None:
    from coe_twin.planner.calibration import fit, problem_of  # noqa: PLC0415 - SciPy takes a second

    problem_of(asked)  # a bad request is refused before any process is started
    with progress_on(sys.stderr, "points") as progress, processes(cpus()) as pool:
        answer = fit(asked, executor=pool, store=store, progress=progress)
    record = answer.parameters.calibration
    assert record is not None, "a calibration leaves its record"
    today = datetime.now(UTC).date().isoformat()
    dated = answer.parameters.model_copy(update={"date": today})
    text = dated.model_dump_json(indent=2) + "\n"
    if output == STDOUT:
        sys.stdout.write(text)
        show_calibration(console_on(sys.stderr), record)
        return
    write(output, text)
    show_calibration(console_on(sys.stdout), record)
    typer.echo(f"{output}: use it as `parameters: {output}` in a set-up.")


def _study(scenario: Scenario | None, setup: str, parameters: str | None) -> Study:
    """Return the world that was measured; a scenario brings its overrides and its client."""
    study = study_on(setup, parameters)
    if scenario is None:
        return study
    return study.model_copy(
        update={
            "setup": study.setup.with_overrides(dict(scenario.overrides)),
            "parameters": study.parameters.with_values(scenario.parameter_overrides),
            "changed": (*scenario.overrides, *scenario.parameter_overrides),
            "create_timeout_s": scenario.create_timeout_s,
            "rally": scenario.rally,
        }
    )


def data_of(names: Sequence[str]) -> tuple[Data, Scenario | None]:
    """Return the data of shipped scenarios and files, and the scenario if it is one alone.

    Raises:
        InvalidInput: a file cannot be read, or is a scenario among others, whose worlds differ.
    """
    paths = [_path(name) for name in names]
    scenarios = [path for path in paths if is_scenario(path)]
    if not scenarios:
        return read_data(paths), None
    if len(paths) > 1:
        problem = "a scenario is data by itself, since it changes the set-up; accepted is it alone"
        raise InvalidInput(problem, file=scenarios[0])
    scenario = Scenario.load(paths[0])
    try:
        return of_scenario(scenario), scenario
    except InvalidInput as error:
        raise error.within(file=paths[0]) from None


def _path(name: str) -> Path:
    return SCENARIOS.path(name) if name in SCENARIOS.names() else Path(name)


def free_of(text: str) -> dict[str, tuple[float, float] | None]:
    """Return the free parameters of `P1,P2=LOW:HIGH`, each with its range if it has one.

    Raises:
        InvalidInput: an empty name, a name twice, or no such range.
    """
    free: dict[str, tuple[float, float] | None] = {}
    for part in text.split(","):
        name, equals, span = part.strip().partition("=")
        if not name or name in free:
            problem = "accepted is a list of different names, as P1,P2=LOW:HIGH"
            raise InvalidInput(problem, field="--free", value=text)
        free[name] = _range(part, span) if equals else None
    return free


def _range(part: str, span: str) -> tuple[float, float]:
    low, _, high = span.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise InvalidInput("accepted is NAME=LOW:HIGH", field="--free", value=part) from None
