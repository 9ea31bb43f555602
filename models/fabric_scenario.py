"""A question to the model of the fabric, as a file asks it."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.errors import InvalidInput
from coe_twin.models.fabric import Backend, Fabric, Load
from coe_twin.models.parameters import ParameterSet, load_parameters
from coe_twin.models.shipped import Shelf
from coe_twin.models.validation import validated

LOADBOT_REQUESTS_PER_S: Final = 1000.0
"""Kubernetes' scale-demo, README: what one load generator asks."""

FABRICS: Final = Shelf(
    kind="parameter set of a fabric", folder=Path(__file__).parent / "fabrics", suffix=".json"
)

Rate = Annotated[float, Field(gt=0, le=1e12)]
Milliseconds = Annotated[float, Field(gt=0, le=1e6)]


class FabricRow(Block):
    """A cluster under load; null where nothing was published."""

    nodes: Annotated[int, Field(ge=1, le=100_000)]
    backend: Literal["host-gw", "vxlan", "udp"]
    loadbots: Annotated[int, Field(ge=1, le=10_000_000)]
    published_requests_per_s: Rate | None = None
    published_latency_ms: Milliseconds | None = None


class Target(Block):
    """What is wanted of a cluster: so many requests a second, within so long on average."""

    requests_per_s: Rate
    latency_ms: Milliseconds


class FabricScenario(Block):
    """What is asked; it holds no result."""

    schema_version: Literal[1]
    name: Name
    description: Text
    parameters: Text
    response_bytes: Annotated[int, Field(ge=0, le=10**9)]
    nic_gbit_per_s: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    network_requests_per_s: Rate | None = None
    rows: Annotated[ListOf[FabricRow], Field(max_length=100)] = ()
    target: Target | None = None

    @classmethod
    def load(cls, path: Path) -> "FabricScenario":
        """Return the scenario in the file `path`; a path in it is relative to the file.

        Raises:
            InvalidInput: the file is refused.
        """
        document, lines = yaml_file.load(path)
        scenario = validated(cls, document, file=path, lines=lines)
        parameters = FABRICS.near(scenario.parameters, path)
        return scenario.model_copy(update={"parameters": parameters})

    def parameter_set(self) -> ParameterSet:
        """Return the parameters of the model.

        Raises:
            InvalidInput: there is no such set.
        """
        try:
            return load_parameters(str(FABRICS.path(self.parameters)))
        except InvalidInput as error:
            raise error.within(field="parameters") from None

    def fabric(self, row: FabricRow) -> Fabric:
        """Return the cluster of `row`."""
        return Fabric(
            nodes=row.nodes,
            backend=Backend(row.backend),
            nic_gbit_per_s=self.nic_gbit_per_s,
            network_requests_per_s=self.network_requests_per_s or float("inf"),
        )

    def load_of(self, row: FabricRow) -> Load:
        """Return what its load generators ask of the cluster of `row`."""
        asked = row.loadbots * LOADBOT_REQUESTS_PER_S
        return Load(requests_per_s=asked, response_bytes=self.response_bytes)
