"""A scenario: one question to the twin, as a file asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, JsonValue, model_validator

from coe_twin.coe_core.policies import DEFAULT, PolicySet
from coe_twin.coe_core.provisioners.choice import Choice, Direct, OneStack, Shards
from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import Amount, ParameterSet
from coe_twin.models.policy_set import load_policy_set
from coe_twin.models.setup import SETUPS, Setup, load_setup
from coe_twin.models.validation import LineIndex, validated

NodeCount = Annotated[int, Field(ge=1, le=10_000)]
ClusterCount = Annotated[int, Field(ge=1, le=10_000)]


class StackProvisioner(Block):
    """One stack tree per cluster, Magnum's way."""

    kind: Literal["stack"] = "stack"

    def choice(self) -> Choice:
        return OneStack()


class ShardedProvisioner(Block):
    """Several stacks per cluster, of at most `nodes_per_shard` nodes each."""

    kind: Literal["sharded"]
    nodes_per_shard: NodeCount

    def choice(self) -> Choice:
        return Shards(self.nodes_per_shard)


class DirectProvisioner(Block):
    """Server by server, Cluster API's way."""

    kind: Literal["direct"]

    def choice(self) -> Choice:
        return Direct()


Provisioner: TypeAlias = StackProvisioner | ShardedProvisioner | DirectProvisioner


class Rally(Block):
    """Rally as the client; after `timeout_s` it counts a cluster as failed, null is never.

    Its token lasts `session_s` from the beginning, null is for ever; then it is refused.
    """

    timeout_s: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    session_s: Annotated[float, Field(gt=0, le=1_000_000)] | None = None


class Limits(Block):
    """What an experiment may cost at most."""

    cost_events_max: Annotated[int, Field(ge=1, le=10**12)] = 50_000_000


class Row(Block):
    """So many clusters of one size, `concurrency` of them at a time.

    `published_minutes` is the published mean time to create one, `published_clusters` the
    published count that could be created; null where nothing was published. What was
    published was rounded by up to `rounding`, in its unit.
    """

    nodes: NodeCount
    concurrency: Annotated[int, Field(ge=1, le=1000)]
    clusters: Annotated[ClusterCount, Field(default_factory=lambda row: int(row["concurrency"]))]
    masters: Annotated[int, Field(ge=1, le=7)] = 1
    published_minutes: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    published_clusters: Annotated[int, Field(ge=0, le=10_000)] | None = None
    rounding: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0

    @model_validator(mode="after")
    def _masters_can_vote(self) -> Self:
        if self.masters % 2 == 0:
            raise ValueError(f"masters is {self.masters}; accepted is 1, 3, 5 or 7")
        return self


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

    @classmethod
    def load(cls, path: Path) -> "Scenario":
        """Return the scenario in the file `path`; paths in it are relative to the file.

        What it refers to is read once, so that a wrong name or override is found here.

        Raises:
            InvalidInput: the file, or one that it names, is refused.
        """
        document, lines = yaml_file.load(path)
        scenario = validated(cls, document, file=path, lines=lines).seen_from(path)
        with _placed(path, lines, "setup"):
            setup = scenario.base_setup()
        with _placed(path, lines, "overrides"):
            parameters = setup.with_overrides(scenario.overrides).parameter_set()
        with _placed(path, lines, "parameter_overrides"):
            parameters.with_values(scenario.parameter_overrides)
        with _placed(path, lines, "policies"):
            scenario.policy_set()
        return scenario

    def seen_from(self, file: Path) -> "Scenario":
        """Return this scenario with its paths, which are relative to `file`, made usable."""
        policies = None if self.policies is None else str(file.parent / self.policies)
        setup = SETUPS.near(self.setup, file)
        return self.model_copy(update={"setup": setup, "policies": policies})

    def base_setup(self) -> Setup:
        """Return the set-up without the overrides."""
        return load_setup(self.setup)

    def effective_setup(self) -> Setup:
        """Return the set-up under the overrides.

        Raises:
            InvalidInput: there is no such set-up, or an override makes it none.
        """
        return self.base_setup().with_overrides(self.overrides)

    def effective_parameters(self) -> ParameterSet:
        """Return the set-up's parameter set under the overrides.

        Raises:
            InvalidInput: there is no such set, or an override is refused.
        """
        return self.effective_setup().parameter_set().with_values(self.parameter_overrides)

    def policy_set(self) -> PolicySet:
        """Return the policies: those of the file, or Magnum's.

        Raises:
            InvalidInput: the file is no policy set.
        """
        return DEFAULT if self.policies is None else load_policy_set(Path(self.policies))


@contextmanager
def _placed(file: Path, lines: LineIndex, field: str) -> Iterator[None]:
    """Say of a refusal inside that it is about `field` of `file`."""
    try:
        yield
    except InvalidInput as error:
        raise error.within(file=file, line=lines.line((field,)), field=field) from None
