"""A plan: what a simulation judged, in a file that can be carried out on a real cloud."""

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator
from ruamel.yaml import YAML

from coe_twin.coe_core.cluster import Cluster, NodeGroup, Role
from coe_twin.coe_core.ids import ClusterId, ProjectId
from coe_twin.coe_core.units import Seconds
from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Name, Text
from coe_twin.models.errors import InvalidInput
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.models.scenario import ClusterCount, NodeCount, Provisioner
from coe_twin.models.setup_blocks import Template

ID_LENGTH: Final = 10
"""Hexadecimal digits of a plan's id: enough to tell the plans of one project apart."""

LINE_LENGTH_MAX: Final = 1_000_000
"""So that no text is folded: whoever reads a plan finds each value on its line."""

Span = Annotated[float, Field(ge=0, le=1e9)]


class Predicted(Block):
    """What a fresh run is expected to measure [s]: the mean, and 95 % of runs lie between."""

    mean_s: Span
    low_s: Span
    high_s: Span


class PlanRow(Block):
    """So many clusters of one size, `concurrency` at a time, and what is expected of them.

    `phases` and `whole` are of the mean over the row's clusters; `failures` are clusters of a
    run, on average, by cause.
    """

    nodes: NodeCount
    masters: Annotated[int, Field(ge=1, le=7)]
    clusters: ClusterCount
    concurrency: Annotated[int, Field(ge=1, le=1000)]
    whole: Predicted | None
    phases: dict[str, Predicted]
    failures: dict[str, float]


class Plan(Block):
    """What is to be created, how, and what the twin expects of it."""

    schema_version: Literal[1]
    model_version: Text
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{10}$")]
    scenario: Name
    setup: Text
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)]
    replications: Annotated[int, Field(ge=2, le=10_000)]
    provisioner: Annotated[Provisioner, Field(discriminator="kind")]
    policies: PolicySetFile
    create_timeout_s: Annotated[float, Field(gt=0, le=1_000_000)]
    poll_interval_s: Annotated[float, Field(gt=0, le=1_000_000)]
    cluster_template: Template
    rows: Annotated[ListOf[PlanRow], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _is_as_it_was_judged(self) -> Self:
        if self.id != digest_of(self.model_dump(mode="json")):
            raise ValueError(
                "id does not fit what the plan says: it was changed by hand after it was judged; "
                "change the scenario and plan again"
            )
        return self

    @classmethod
    def load(cls, path: Path, model_version: str) -> "Plan":
        """Return the plan in the file `path`.

        Raises:
            InvalidInput: the file is no plan, was changed since it was judged, or was judged
                by another model than `model_version`.
        """
        document, _lines = yaml_file.load(path)
        _require_version(document, path, "schema_version", 1)
        _require_version(document, path, "model_version", model_version)
        return yaml_file.validate(cls, path)

    def text(self) -> str:
        """Return the plan as YAML."""
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.width = LINE_LENGTH_MAX
        yaml.allow_unicode = False  # else YAML's own line breaks, such as U+0085, are lost
        stream = io.StringIO()
        yaml.dump(self.model_dump(mode="json"), stream)
        return f"# Carry it out with: coe-twin apply FILE --cloud NAME\n{stream.getvalue()}"

    def clusters_of(self, number: int, project: ProjectId) -> tuple[Cluster, ...]:
        """Return the clusters of row `number`; their ids and names follow from the plan."""
        row = self.rows[number]
        template = self.cluster_template.template()
        names = (
            f"{self.scenario[:24]}-{self.id[:6]}-{number}-{one}" for one in range(row.clusters)
        )
        return tuple(
            Cluster(
                id=ClusterId(name),
                name=name,
                project=project,
                template=template,
                masters=_group("default-master", Role.MASTER, row.masters),
                workers=_group("default-worker", Role.WORKER, row.nodes),
                create_timeout=Seconds(self.create_timeout_s),
            )
            for name in names
        )


def digest_of(document: dict[str, Any]) -> str:
    """Return the id of a plan with the content `document`, whatever id that gives."""
    content = {name: value for name, value in document.items() if name != "id"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]


def _group(name: str, role: Role, node_count: int) -> NodeGroup:
    return NodeGroup(name=name, role=role, node_count=node_count)


def _require_version(document: object, path: Path, field: str, accepted: object) -> None:
    given = document.get(field) if isinstance(document, dict) else None
    if given != accepted:
        raise InvalidInput(
            f"this coe-twin carries out plans of {field} {accepted}; plan again",
            file=path,
            field=field,
            value=given,
        )
