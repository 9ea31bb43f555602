"""The commands; what they do is the planner's."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from traceback import extract_tb
from typing import Annotated, Final

import typer

from coe_twin.coe_cli.calibrate_command import calibrate_command
from coe_twin.coe_cli.cloud_commands import app as clusters_app
from coe_twin.coe_cli.cloud_commands import sweep_command
from coe_twin.coe_cli.fabric_command import fabric_command
from coe_twin.coe_cli.options import WithoutStore, feasible, outcomes, study_at
from coe_twin.coe_cli.plan_commands import apply_command, plan_command
from coe_twin.coe_cli.processes import processes
from coe_twin.coe_cli.show import complain, console_on, progress_on, show_check, show_result
from coe_twin.coe_cli.targets import STDOUT, require_writable, write
from coe_twin.coe_cli.trace_command import trace_command
from coe_twin.coe_cli.validate_command import validate_command
from coe_twin.models.errors import InvalidInput
from coe_twin.models.study import Study
from coe_twin.planner.pool import cpus
from coe_twin.planner.result import MODEL_VERSION, Result
from coe_twin.planner.run import Outcomes

FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
WORKERS_MAX: Final = 1024

app = typer.Typer(
    help="A digital twin and capacity planner for container clusters on OpenStack.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

ScenarioName = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario's file, or the name of a shipped one.")
]


def show_version(is_asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if is_asked:
        typer.echo(f"coe-twin {package_version()}, model {MODEL_VERSION}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _is_version_asked: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=show_version),
    ] = False,
) -> None:
    """A digital twin and capacity planner for container clusters on OpenStack."""


@app.command(name="simulate")
def simulate_command(  # noqa: PLR0913 - each is an option
    scenario_name: ScenarioName,
    *,
    replications: Annotated[
        int | None, typer.Option(metavar="N", help="Replications, in place of the scenario's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="S", help="Seed, in place of the scenario's.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="W", help="Processes; as many as there are CPUs by default."),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is stdout."),
    ] = None,
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a report in HTML.")
    ] = None,
    policies: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A policy set, in place of the scenario's."),
    ] = None,
    no_store: WithoutStore = False,
) -> None:
    """Simulate the clusters of a scenario and print how long they take, and why."""
    path, study = study_at(scenario_name, replications=replications, seed=seed, policies=policies)
    feasible(path, study)
    workers = _workers(workers)
    require_writable([file for file in (json_file, report_file) if file is not None], path)
    with outcomes(is_without=no_store) as store:
        result = _simulated(study, workers, store, has_detail=report_file is not None)
    if json_file is not None:
        _write_json(json_file, result)
    if report_file is not None:
        from coe_twin.planner.report import report_html  # noqa: PLC0415 - a second, for this option alone

        write(report_file, report_html(result, package_version()))
    stream = sys.stderr if json_file == STDOUT else sys.stdout
    show_result(console_on(stream), result)


@app.command(name="check")
def check_command(scenario_name: ScenarioName) -> None:
    """Validate a scenario and print what it asks for and what it will cost."""
    path, study = study_at(scenario_name)
    show_check(console_on(sys.stdout), study, feasible(path, study))


app.command(name="calibrate")(calibrate_command)
app.command(name="fabric")(fabric_command)
app.command(name="plan")(plan_command)
app.command(name="apply")(apply_command)
app.command(name="sweep-orphans")(sweep_command)
app.command(name="trace")(trace_command)
app.command(name="validate")(validate_command)
app.add_typer(clusters_app, name="clusters")


def app_entry() -> None:
    """Run the command line and end the process with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Return the exit status of the command line `arguments`."""
    try:
        status = app(list(arguments) or ["--help"], prog_name="coe-twin", standalone_mode=False)
    except InvalidInput as error:
        complain(str(error))
        return BAD_INPUT
    except typer.TyperException as error:
        complain(f"{error.format_message().rstrip('.')}; see coe-twin --help")
        return error.exit_code
    except BrokenExecutor:
        complain("a worker process died, perhaps for want of memory; try fewer --workers")
        return FAILED
    except Exception as error:  # noqa: BLE001 - one line for the user, with the place of the bug
        complain(_failure(error))
        return FAILED
    if status == INTERRUPTED:
        complain("interrupted")
    return status if isinstance(status, int) else 0


def package_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("coe-twin")
    except PackageNotFoundError:
        return "(not installed)"


def _workers(asked: int | None) -> int:
    if asked is None:
        return min(cpus(), WORKERS_MAX)
    if not 1 <= asked <= WORKERS_MAX:
        problem = f"accepted is a whole number from 1 to {WORKERS_MAX}"
        raise InvalidInput(problem, field="--workers", value=asked)
    return asked


def _simulated(study: Study, workers: int, store: Outcomes | None, *, has_detail: bool) -> Result:
    # SciPy takes a second to import, which no other command has to wait for.
    from coe_twin.planner.simulate import simulate  # noqa: PLC0415

    tasks = len(study.rows) * study.replications
    with progress_on(sys.stderr) as progress, processes(min(workers, tasks)) as pool:
        return simulate(study, executor=pool, store=store, has_detail=has_detail, progress=progress)


def _write_json(target: Path, result: Result) -> None:
    text = json.dumps(result.document(), indent=2, allow_nan=False) + "\n"
    if target == STDOUT:
        sys.stdout.write(text)
    else:
        write(target, text)


def _failure(error: Exception) -> str:
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"the command failed, which is a bug: {type(error).__name__}: {error} ({where})"
