"""`fabric`: requests per second and latency of a deployed cluster."""

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from coe_twin.coe_cli.show import console_on, show_fabric
from coe_twin.coe_cli.targets import STDOUT, require_writable, write
from coe_twin.models.fabric_scenario import FabricScenario
from coe_twin.models.shipped import Shelf
from coe_twin.planner.fabric import answer

SCENARIOS: Final = Shelf(
    kind="fabric scenario",
    folder=Path(__file__).parents[1] / "scenarios" / "fabric",
    suffix=".yaml",
)


def fabric_command(
    scenario_name: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A fabric scenario's file, or a shipped one.")
    ],
    *,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is stdout."),
    ] = None,
) -> None:
    """Print what clusters answer, and what backend and how many nodes a target needs."""
    path = SCENARIOS.path(scenario_name)
    scenario = FabricScenario.load(path)
    require_writable([json_file] if json_file is not None else [], path)
    found = answer(scenario)
    text = json.dumps(found.document(), indent=2, allow_nan=False) + "\n"
    if json_file == STDOUT:
        sys.stdout.write(text)
    elif json_file is not None:
        write(json_file, text)
    stream = sys.stderr if json_file == STDOUT else sys.stdout
    show_fabric(console_on(stream), found)
