"""From arguments to a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from coe_twin.coe_cli.show import complain
from coe_twin.models.errors import InvalidInput
from coe_twin.models.scenario import Scenario
from coe_twin.models.shipped import Shelf
from coe_twin.models.study import Study
from coe_twin.planner.check import Feasible, check
from coe_twin.planner.run import Outcomes
from coe_twin.planner.store import Store

SCENARIOS: Final = Shelf(
    kind="scenario", folder=Path(__file__).parents[1] / "scenarios", suffix=".yaml"
)

WithoutStore = Annotated[
    bool,
    typer.Option(
        "--no-store",
        envvar="COE_TWIN_NO_STORE",
        help="Simulate all anew, and keep no outcome for the next time.",
    ),
]


def study_at(
    name: str,
    *,
    replications: int | None = None,
    seed: int | None = None,
    policies: Path | None = None,
) -> tuple[Path, Study]:
    """Return the file of a scenario, by the name of a shipped one or by path, and its study.

    What else is given takes the place of what the scenario says.

    Raises:
        InvalidInput: there is none, a file is refused, or a value is out of bounds.
    """
    path = SCENARIOS.path(name)
    scenario = Scenario.load(path)
    return path, scenario.resolve(replications=replications, seed=seed, policies=policies)


def feasible(path: Path, study: Study) -> Feasible:
    """Return what `study` asks for.

    Raises:
        InvalidInput: it cannot be run; the text names the scenario's file `path`.
    """
    try:
        return check(study)
    except InvalidInput as error:
        raise error.within(file=path) from None


@contextmanager
def outcomes(*, is_without: bool) -> Iterator[Outcomes | None]:
    """Yield the user's store of outcomes, None if there shall be none."""
    if is_without:
        yield None
        return
    with Store.opened() as store:
        yield store
        if store.problem:
            complain(f"warning: outcomes are not kept for the next time: {store.problem}")
