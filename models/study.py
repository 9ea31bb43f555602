"""A study: one question to the twin as a value, with all that its answer depends on."""

import json
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import Field

from coe_twin.coe_core.documents import Json
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.parameters import ParameterSet
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.models.scenario_blocks import (
    Limits,
    Provisioner,
    Rally,
    Row,
    StackProvisioner,
)
from coe_twin.models.setup import Setup

NOT_ASKED: Final = {"calibration"}
"""Of a parameter set: how it was fitted is told of it, and nothing depends on it."""


class Study(Block):
    """A question whose files have been read: what is judged, written down and carried out.

    `setup` and `parameters` are those under the overrides; `changed` names what the overrides
    changed. `setup.parameters` is the name of the set, wherever its file was.
    """

    schema_version: Literal[1] = 1
    name: Name
    description: Text
    setup: Setup
    parameters: ParameterSet
    changed: ListOf[Text] = ()
    policies: PolicySetFile = PolicySetFile(schema_version=1)
    provisioner: Annotated[Provisioner, Field(discriminator="kind")] = StackProvisioner()
    create_timeout_s: Annotated[float, Field(gt=0, le=1_000_000)] = 3600.0
    rally: Rally = Rally()
    rows: Annotated[ListOf[Row], Field(max_length=100)] = ()
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    replications: Annotated[int, Field(ge=1, le=10_000)] = 2
    limits: Limits = Limits()

    def document(self) -> dict[str, Json]:
        """Return the study as JSON, from which `Study.model_validate` makes an equal question."""
        return self.model_dump(mode="json", exclude={"parameters": NOT_ASKED})

    @property
    def digest(self) -> str:
        """The SHA-256 of the document: equal digests are equal questions."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()
