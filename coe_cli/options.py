"""From arguments to a scenario."""

from pathlib import Path
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario
from coe_twin.models.shipped import Shelf
from coe_twin.models.validation import validated
from coe_twin.planner.check import Checked, check

SCENARIOS: Final = Shelf(
    kind="scenario", folder=Path(__file__).parents[1] / "scenarios", suffix=".yaml"
)


def scenario_at(name: str) -> tuple[Path, Scenario]:
    """Return the shipped scenario `name`, or the one in the file of that path, and its file.

    Raises:
        InvalidInput: there is none, or the file is refused.
    """
    path = SCENARIOS.path(name)
    return path, Scenario.load(path)


def with_options(
    scenario: Scenario, *, replications: int | None, seed: int | None, policies: Path | None
) -> Scenario:
    """Return `scenario` with what the command line says instead.

    Raises:
        InvalidInput: a value is out of bounds.
    """
    given: dict[str, Json] = {
        "replications": replications,
        "seed": seed,
        "policies": None if policies is None else str(policies),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        return validated(Scenario, {**scenario.model_dump(mode="json"), **changes})
    except InvalidInput as error:
        raise InvalidInput(error.problem, field=f"--{error.field}", value=error.value) from None


def checked(path: Path, scenario: Scenario) -> Checked:
    """Return what `scenario` asks for.

    Raises:
        InvalidInput: it cannot be run; the text names the file `path`.
    """
    try:
        return check(scenario)
    except InvalidInput as error:
        raise error.within(file=path) from None
