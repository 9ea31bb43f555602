"""A plan: what a simulation judged, in a file that can be carried out on a real cloud."""

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator
from ruamel.yaml import YAML

from coe_twin.coe_core.cluster import Cluster
from coe_twin.coe_core.ids import ProjectId
from coe_twin.coe_core.units import Seconds
from coe_twin.models import yaml_file
from coe_twin.models.block import Block, ListOf, Text
from coe_twin.models.clusters import cluster_as
from coe_twin.models.errors import InvalidInput
from coe_twin.models.study import Study

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


class Expected(Block):
    """What is expected of a row; what nobody judged has nothing.

    `phases` and `whole` are of the mean over the row's clusters; `failures` are clusters of a
    run, on average, by cause.
    """

    whole: Predicted | None = None
    phases: dict[str, Predicted] = Field(default_factory=dict)
    failures: dict[str, float] = Field(default_factory=dict)


class Plan(Block):
    """What is to be created and how, and what the twin expects of it: a study, judged.

    `expected` has one entry for each row of the study.
    """

    schema_version: Literal[2]
    model_version: Text
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{10}$")]
    expected: Annotated[ListOf[Expected], Field(min_length=1, max_length=100)]
    study_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    study: Study

    @model_validator(mode="after")
    def _is_as_it_was_judged(self) -> Self:
        if self.id != digest_of(self.document()):
            raise ValueError(
                "id does not fit what the plan says: it was changed by hand after it was judged; "
                "change the scenario and plan again"
            )
        return self

    @model_validator(mode="after")
    def _each_row_is_judged(self) -> Self:
        if len(self.expected) != len(self.study.rows):
            raise ValueError(
                f"expected has {len(self.expected)} rows, the study {len(self.study.rows)}"
            )
        return self

    @property
    def poll_interval(self) -> Seconds:
        """How often a creation is looked at [s]."""
        return Seconds(self.study.parameters.mean("magnum.poll_interval_s"))

    @classmethod
    def load(cls, path: Path, model_version: str) -> "Plan":
        """Return the plan in the file `path`.

        Raises:
            InvalidInput: the file is no plan, was changed since it was judged, or was judged
                by another model than `model_version`.
        """
        document, _lines = yaml_file.load(path)
        _require_version(document, path, "schema_version", 2)
        _require_version(document, path, "model_version", model_version)
        return yaml_file.validate(cls, path)

    def text(self) -> str:
        """Return the plan as YAML."""
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.width = LINE_LENGTH_MAX
        yaml.allow_unicode = False  # else YAML's own line breaks, such as U+0085, are lost
        stream = io.StringIO()
        yaml.dump(self.document(), stream)
        return f"# Carry it out with: coe-twin apply FILE --cloud NAME\n{stream.getvalue()}"

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {**self.model_dump(mode="json", exclude={"study"}), "study": self.study.document()}

    def clusters_of(self, number: int, project: ProjectId) -> tuple[Cluster, ...]:
        """Return the clusters of row `number`; their ids and names follow from the plan."""
        study = self.study
        row = study.rows[number]
        template = study.setup.cluster_template.template()
        return tuple(
            cluster_as(
                row,
                template,
                name=f"{study.name[:24]}-{self.id[:6]}-{number}-{one}",
                project=project,
                create_timeout_s=study.create_timeout_s,
                provisioner=study.provisioner.choice(),
                policies=study.policies.model_dump(mode="json"),
            )
            for one in range(row.clusters)
        )


def digest_of(document: dict[str, Any]) -> str:
    """Return the id of a plan with the content `document`, whatever id that gives."""
    content = {name: value for name, value in document.items() if name != "id"}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]


def _require_version(document: object, path: Path, field: str, accepted: object) -> None:
    given = document.get(field) if isinstance(document, dict) else None
    if given != accepted:
        raise InvalidInput(
            f"this coe-twin carries out plans of {field} {accepted}; plan again",
            file=path,
            field=field,
            value=given,
        )
