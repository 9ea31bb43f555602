"""`validate`: how well the twin predicts a real cloud, by creating clusters on it."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import uuid4

import typer

from coe_twin.coe_cli.access import Access, Cloud, Region, State
from coe_twin.coe_cli.calibrate_command import free_of
from coe_twin.coe_cli.extras import require_real
from coe_twin.coe_cli.options import WithoutStore, outcomes
from coe_twin.coe_cli.plan_commands import tell
from coe_twin.coe_cli.processes import processes
from coe_twin.coe_cli.show import console_on, progress_on, show_calibration
from coe_twin.coe_cli.targets import require_writable, write
from coe_twin.models.calibration.data import PROVISIONERS
from coe_twin.models.calibration.record import CalibrationRecord
from coe_twin.models.errors import InvalidInput
from coe_twin.models.plan import Plan
from coe_twin.models.scenario import study_on
from coe_twin.models.scenario_blocks import Row
from coe_twin.models.study import Study
from coe_twin.models.validation import validated
from coe_twin.planner.apply import Site, Watched
from coe_twin.planner.pool import cpus
from coe_twin.planner.run import Outcomes

if TYPE_CHECKING:
    from coe_twin.planner.blind_validation import Validation

SIZES_MAX: Final = 20
NOT_AGREED: Final = 1


def validate_command(  # noqa: PLR0913 - each is an option
    *,
    cloud: Cloud,
    setup: Annotated[str, typer.Option(metavar="S", help="The set-up that models the cloud.")],
    train: Annotated[str, typer.Option(metavar="N,N,...", help="Workers, to learn from.")],
    test: Annotated[str, typer.Option(metavar="N,N,...", help="Workers, to predict.")],
    free: Annotated[str, typer.Option(metavar="P1,P2,...", help="As for `calibrate`.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The comparison, JSON.")
    ],
    provisioner: Annotated[
        str, typer.Option(metavar="KIND", help="stack, direct or sharded:N.")
    ] = "stack",
    runs: Annotated[int, typer.Option(metavar="N", min=1, max=20, help="Of each size.")] = 1,
    timeout_s: Annotated[float, typer.Option(metavar="S", min=1.0, help="Of a creation.")] = 3600.0,
    seed: Annotated[int, typer.Option(metavar="S", min=0)] = 1,
    region: Region = None,
    state: State = None,
    is_agreed: Annotated[bool, typer.Option("--yes", help="Create without asking.")] = False,
    no_store: WithoutStore = False,
) -> None:
    """Create small clusters, calibrate, predict large ones, create those, and compare.

    One cluster exists at a time, and each is deleted. The prediction is written down, and its
    digest printed, before the first large cluster is begun.
    """
    from coe_twin.planner.blind_validation import Validation  # noqa: PLC0415 - SciPy takes a second

    validation = Validation(
        study=_study(setup, timeout_s, seed),
        train=_sizes(train, "--train"),
        test=_sizes(test, "--test"),
        provisioner=_known(provisioner),
        free=free_of(free),
        runs=runs,
    )
    prediction_file = output.with_name(f"{output.stem}.prediction.json")
    require_writable([output, prediction_file], Path(setup))
    require_real()
    access = Access(cloud, region, state)
    _agreed(validation, access, is_agreed=is_agreed)
    with outcomes(is_without=no_store) as store:
        record = _compared(validation, access, prediction_file, store)
    write(output, record.model_dump_json(indent=2) + "\n")
    show_calibration(console_on(sys.stdout), record)


def _study(setup: str, timeout_s: float, seed: int) -> Study:
    """Return the world of the creations, under a name that no other validation has."""
    return study_on(setup).model_copy(
        update={
            "name": f"validate-{uuid4().hex[:8]}",
            "description": "Creations to hold the twin against.",
            "create_timeout_s": timeout_s,
            "seed": seed,
        }
    )


def _known(provisioner: str) -> str:
    if not PROVISIONERS.fullmatch(provisioner):
        problem = "accepted is stack, direct or sharded:N"
        raise InvalidInput(problem, field="--provisioner", value=provisioner)
    return provisioner


def _compared(
    validation: "Validation",
    access: Access,
    prediction_file: Path,
    store: Outcomes | None,
) -> CalibrationRecord:
    """Create, calibrate, write the prediction down, create, and return how they compare."""
    from coe_twin.planner.blind_validation import (  # noqa: PLC0415 - SciPy takes a second
        compared,
        predicted,
        prediction_document,
    )

    small = _measured(validation.plan(validation.train), access)
    with progress_on(sys.stderr, "points") as progress, processes(cpus()) as pool:
        record = predicted(validation, small, executor=pool, store=store, progress=progress)
    text = json.dumps(prediction_document(record), indent=2) + "\n"
    write(prediction_file, text)
    typer.echo(f"The prediction is {prediction_file}, SHA-256 {sha256(text.encode()).hexdigest()}.")
    return compared(record, _measured(validation.plan(validation.test), access))


def _sizes(text: str, field: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or len(set(sizes)) < len(sizes) or len(sizes) > SIZES_MAX:
        problem = f"accepted is a list of 1 to {SIZES_MAX} different sizes, as 1,2,4,8"
        raise InvalidInput(problem, field=field, value=text)
    for size in sizes:
        try:
            validated(Row, {"nodes": size, "concurrency": 1})
        except InvalidInput as error:
            raise InvalidInput(error.problem, field=field, value=size) from None
    return sizes


def _agreed(validation: "Validation", access: Access, *, is_agreed: bool) -> None:
    """Show what will be created, and ask; nothing is created without a yes.

    Raises:
        InvalidInput: the cloud cannot hold it, or there is nobody to ask.
        Exit: no was said.
    """
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra
    from coe_twin.planner.blind_validation import arithmetic  # noqa: PLC0415

    async def work(site: Site) -> list[str]:
        return await arithmetic(validation, site)

    lines = in_real_world(access, Silent(), work)
    sizes = [*validation.train, *validation.test]
    tell(
        f"{validation.runs * len(sizes)} clusters of "
        f"{', '.join(map(str, sizes))} workers on {access.cloud},"
    )
    tell("one at a time, each deleted before the next:")
    for line in lines:
        tell(f"  {line}")
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise InvalidInput("nobody is there to be asked; accepted is --yes", field="--yes")
    if not typer.confirm("Create them?", err=True):
        tell("nothing was created")
        raise typer.Exit(NOT_AGREED)


def _measured(plan: Plan, access: Access) -> list[tuple[int, float]]:
    from coe_twin.coe_cli.real_world import Silent, in_real_world  # noqa: PLC0415 - an extra
    from coe_twin.planner.blind_validation import create_each  # noqa: PLC0415

    watched = Watched(Silent())

    async def work(site: Site) -> list[tuple[int, float]]:
        return await create_each(plan, site, watched, tell)

    return in_real_world(access, watched, work)
