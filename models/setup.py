"""A set-up: a cloud as the twin models it, and how its file is read."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from coe_twin.coe_core.documents import Json
from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.near_names import unknown_name
from coe_twin.models.overrides import merged, with_workers
from coe_twin.models.parameters import PARAMETERS
from coe_twin.models.setup_blocks import (
    SERVICES,
    Background,
    Controller,
    Database,
    Flavor,
    Heat,
    Hypervisors,
    Images,
    Network,
    Nova,
    Quota,
    Rabbitmq,
    Template,
)
from coe_twin.models.shipped import Shelf
from coe_twin.models.validation import validated

SETUPS: Final = Shelf(kind="set-up", folder=Path(__file__).parent / "setups", suffix=".yaml")


class Setup(Block):
    """A cloud: machines, services, limits, and the cluster template that is used on it.

    `core_speed` is that of the cores of controllers, brokers and database, relative to the
    machine whose service demands the parameters are [-]. Under the `discipline` `fcfs` requests to
    a controller wait in line, and polls are a fluid; under `ps` they share its cores, and polls of
    servers and clusters are simulated: closer where a few cores are busy, and slower to run.
    """

    schema_version: Literal[1]
    name: Name
    description: Text
    parameters: Text
    hypervisors: Hypervisors
    images: Images
    network: Network
    core_speed: Annotated[float, Field(gt=0, le=100)] = 1.0
    discipline: Literal["fcfs", "ps"] = "fcfs"
    controllers: Annotated[ListOf[Controller], Field(min_length=1, max_length=len(SERVICES))]
    rabbitmq: Rabbitmq
    database: Database
    heat: Heat
    nova: Nova
    quota: Quota
    flavors: Annotated[dict[str, Flavor], Field(min_length=1)]
    cluster_template: Template
    background: Background

    @model_validator(mode="after")
    def _each_service_runs_once(self) -> Self:
        placed = Counter(name for group in self.controllers for name in group.services)
        if twice := sorted(name for name, count in placed.items() if count > 1):
            raise ValueError(f"controllers: {', '.join(twice)} in two groups, accepted is one")
        if missing := [name for name in SERVICES if name not in placed]:
            raise ValueError(f"controllers: no group runs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _controllers_are_known(self) -> Self:
        names = [group.name for group in self.controllers]
        for field, block in (("rabbitmq", self.rabbitmq), ("database", self.database)):
            if block.controllers is not None and block.controllers not in names:
                hint = unknown_name(block.controllers, names)
                raise ValueError(f"{field}.controllers: no group {block.controllers!r}; {hint}")
        return self

    @model_validator(mode="after")
    def _flavors_are_known(self) -> Self:
        for key in ("flavor", "master_flavor"):
            name = getattr(self.cluster_template, key)
            if name not in self.flavors:
                hint = unknown_name(name, self.flavors)
                raise ValueError(f"cluster_template.{key}: no flavor {name!r}; {hint}")
        return self

    def with_overrides(self, overrides: dict[str, Json]) -> "Setup":
        """Return this set-up with some fields replaced.

        A key is a field or a dotted path (`heat.engine_threads`); a mapping is merged, any
        other value replaces what is there. The key `workers` sets the workers per node by
        service, wherever the service runs.

        Raises:
            InvalidInput: the result is no set-up.
        """
        document = merged(self.model_dump(mode="json"), overrides)
        return validated(Setup, with_workers(document))


def load_setup(name: str) -> Setup:
    """Return the shipped set-up `name`, or the one in the file of that path (`*.yaml`).

    A path of a parameter set in the file is relative to the file.

    Raises:
        InvalidInput: there is no such set-up, or the file is none.
    """
    path = SETUPS.path(name)
    setup = yaml_file.validate(Setup, path)
    return setup.model_copy(update={"parameters": PARAMETERS.near(setup.parameters, path)})
