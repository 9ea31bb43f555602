"""A scenario: one question to the twin, as a file asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, PrivateAttr

from coe_twin.coe_core.documents import Json
from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import PARAMETERS, Amount, ParameterSet, load_parameters
from coe_twin.models.policy_set import PolicySetFile, load_policy_set
from coe_twin.models.scenario_blocks import Limits, Provisioner, Rally, Row, StackProvisioner
from coe_twin.models.setup import SETUPS, Setup, load_setup
from coe_twin.models.study import Study
from coe_twin.models.validation import LineIndex, validated


class Scenario(Block):
    """What is asked of the twin; it holds no result."""

    schema_version: Literal[1]
    name: Name
    description: Text
    setup: Text
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)]
    replications: Annotated[int, Field(ge=2, le=10_000)]
    provisioner: Annotated[Provisioner, Field(discriminator="kind")] = StackProvisioner()
    policies: Text | None = None
    create_timeout_s: Annotated[float, Field(gt=0, le=1_000_000)] = 3600.0
    rally: Rally = Rally()
    overrides: Annotated[dict[str, JsonValue], Field(default_factory=dict)]
    parameter_overrides: Annotated[dict[str, Amount], Field(default_factory=dict)]
    rows: Annotated[ListOf[Row], Field(min_length=1, max_length=100)]
    limits: Limits = Limits()

    _origin: "_Origin | None" = PrivateAttr(default=None)

    @classmethod
    def load(cls, path: Path) -> "Scenario":
        """Return the scenario in the file `path`; what it refers to is read by `resolve`.

        Raises:
            InvalidInput: the file is refused.
        """
        document, lines = yaml_file.load(path)
        scenario = validated(cls, document, file=path, lines=lines)
        scenario._origin = _Origin(path, lines)  # noqa: SLF001 - of this class
        return scenario

    def resolve(
        self,
        *,
        replications: int | None = None,
        seed: int | None = None,
        policies: Path | None = None,
    ) -> Study:
        """Return the question as a value; each file that the scenario names is read once, here.

        Paths in the scenario are relative to its file. What is given takes the place of what
        the scenario says.

        Raises:
            InvalidInput: a file, a name, an override or an argument is refused; the text says
                where it stands.
        """
        changes: dict[str, Json] = {}
        if replications is not None:
            changes["replications"] = replications
        if seed is not None:
            changes["seed"] = seed
        asked = self._with(changes)
        origin = self._origin or _NOWHERE
        with origin.placed("setup"):
            base = load_setup(SETUPS.near(self.setup, origin.file))
        with origin.placed("overrides"):
            setup = base.with_overrides(self.overrides)
            if "parameters" in self.overrides:
                near = PARAMETERS.near(setup.parameters, origin.file)
                setup = setup.model_copy(update={"parameters": near})
            parameters = _parameters(setup)
        with origin.placed("parameter_overrides"):
            parameters = parameters.with_values(self.parameter_overrides)
        return Study(
            name=self.name,
            description=self.description,
            setup=setup.model_copy(update={"parameters": parameters.name}),
            parameters=parameters,
            changed=(*self.overrides, *self.parameter_overrides),
            policies=self._policies(origin, policies),
            provisioner=self.provisioner,
            create_timeout_s=self.create_timeout_s,
            rally=self.rally,
            rows=self.rows,
            seed=asked.seed,
            replications=asked.replications,
            limits=self.limits,
        )

    def _with(self, changes: dict[str, Json]) -> "Scenario":
        """Return this scenario with what the caller says instead."""
        if not changes:
            return self
        try:
            return validated(Scenario, {**self.model_dump(mode="json"), **changes})
        except InvalidInput as error:
            raise InvalidInput(error.problem, field=f"--{error.field}", value=error.value) from None

    def _policies(self, origin: "_Origin", given: Path | None) -> PolicySetFile:
        if given is not None:
            return load_policy_set(given)
        if self.policies is None:
            return PolicySetFile(schema_version=1)
        with origin.placed("policies"):
            return load_policy_set(origin.file.parent / self.policies)


def study_on(setup_name: str, parameters_name: str | None = None) -> Study:
    """Return a study without rows on a set-up: what a calibration starts from.

    Args:
        setup_name: a shipped set-up, or the path of one.
        parameters_name: a parameter set, likewise, in place of the set-up's own.

    Raises:
        InvalidInput: there is none of such a name, or a file is refused.
    """
    setup = load_setup(setup_name)
    parameters = _parameters(setup) if parameters_name is None else load_parameters(parameters_name)
    return Study(
        name=setup.name,
        description=f"The set-up {setup.name}.",
        setup=setup.model_copy(update={"parameters": parameters.name}),
        parameters=parameters,
    )


def _parameters(setup: Setup) -> ParameterSet:
    """Return the parameter set that a set-up names."""
    try:
        return load_parameters(setup.parameters)
    except InvalidInput as error:
        raise error.within(field="parameters") from None


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a scenario was read: its file, and the lines of its fields."""

    file: Path
    lines: LineIndex

    @contextmanager
    def placed(self, field: str) -> Iterator[None]:
        """Say of a refusal inside that it is about `field` of the file."""
        try:
            yield
        except InvalidInput as error:
            if self is _NOWHERE:
                raise error.within(field=field) from None
            line = self.lines.line((field,))
            raise error.within(file=self.file, line=line, field=field) from None


_NOWHERE = _Origin(Path(), LineIndex({}))
"""Of a scenario that was made in a program: its paths are relative to where that runs."""
