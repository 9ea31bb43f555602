"""The answer to a scenario, as records and as JSON under stable names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.models.study import Study
from coe_twin.planner.detail import Detail
from coe_twin.planner.outcome import Failed, RowOutcome

MODEL_VERSION: Final = "2"
"""Grows when a mechanism or a shipped parameter changes, so that old plans may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedBy:
    """What most of the critical paths' time went to; `share` is in [0, 1]."""

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row of the table; times in minutes, None where there is nothing to say.

    `clusters_created` and `failures` are means over the replications. The interval is of
    95 % confidence for the mean over replications; it knows nothing of wrong parameters.
    `outcomes` has what each replication yielded.
    """

    nodes: int
    masters: int
    concurrency: int
    clusters_asked: int
    clusters_created: float
    predicted_minutes: float | None
    interval_minutes: tuple[float, float] | None
    published_minutes: float | None
    published_clusters: int | None
    limited_by: LimitedBy | None
    failures: Mapping[str, float]
    critical_path: Mapping[str, float]
    outcomes: tuple[RowOutcome, ...]
    detail: Detail | None = None

    @property
    def error_percent(self) -> float | None:
        """Return by how much the prediction is off the published minutes [%]."""
        if self.predicted_minutes is None or self.published_minutes is None:
            return None
        return 100.0 * (self.predicted_minutes / self.published_minutes - 1.0)

    def document(self) -> dict[str, Json]:
        """Return the row as JSON."""
        limit = self.limited_by
        return {
            "nodes": self.nodes,
            "masters": self.masters,
            "concurrency": self.concurrency,
            "clusters_asked": self.clusters_asked,
            "clusters_created": _whole(self.clusters_created),
            "predicted_minutes": self.predicted_minutes,
            "interval_minutes": list(self.interval_minutes) if self.interval_minutes else None,
            "published_minutes": self.published_minutes,
            "published_clusters": self.published_clusters,
            "error_percent": self.error_percent,
            "limited_by": {"name": limit.name, "share": limit.share} if limit else None,
            "critical_path": dict(self.critical_path),
            "failures": {cause: _whole(count) for cause, count in self.failures.items()},
            "created_s": [[one.seconds for one in ran.created] for ran in self.outcomes],
            "failed": [[_failed(one) for one in ran.failed] for ran in self.outcomes],
        }


def _failed(one: Failed) -> dict[str, Json]:
    return {"name": one.name, "cause": one.cause, "text": one.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The answer to a study; `digest` is the SHA-256 of the event logs of all replications."""

    study: Study
    version: str
    digest: str
    rows: tuple[RowResult, ...]

    def document(self) -> dict[str, Json]:
        """Return the result as JSON, with the study and its digest."""
        study = self.study
        return {
            "scenario": study.name,
            "setup": study.setup.name,
            "seed": study.seed,
            "replications": study.replications,
            "version": self.version,
            "digest": self.digest,
            "rows": [row.document() for row in self.rows],
            "study_digest": study.digest,
            "study": study.document(),
        }


def _whole(number: float) -> Json:
    """Return a whole number as an integer."""
    return int(number) if number == int(number) else number
