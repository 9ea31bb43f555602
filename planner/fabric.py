"""Answer a question to the model of the fabric."""

import math
from dataclasses import dataclass

from coe_twin.coe_core.documents import Json
from coe_twin.models.fabric import Answer, Backend, FabricModel, Load
from coe_twin.models.fabric_scenario import FabricRow, FabricScenario, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAnswer:
    """What a row's cluster does, beside what was published."""

    row: FabricRow
    asked_per_s: float
    answer: Answer

    @property
    def rate_error_percent(self) -> float | None:
        """By how much the requests per second are off what was published [%]."""
        published = self.row.published_requests_per_s
        return None if published is None else _percent(self.answer.requests_per_s, published)

    @property
    def latency_error_percent(self) -> float | None:
        """By how much the latency is off what was published [%]."""
        published = self.row.published_latency_ms
        return None if published is None else _percent(1e3 * self.answer.latency_s, published)

    def document(self) -> dict[str, Json]:
        """Return this as JSON; an infinite latency is null."""
        return {
            "nodes": self.row.nodes,
            "backend": self.row.backend,
            "asked_per_s": self.asked_per_s,
            "requests_per_s": self.answer.requests_per_s,
            "latency_ms": _finite(1e3 * self.answer.latency_s),
            "utilisation": self.answer.utilisation,
            "node_requests_per_s": self.answer.node_requests_per_s,
            "limited_by": self.answer.limited_by,
            "published_requests_per_s": self.row.published_requests_per_s,
            "published_latency_ms": self.row.published_latency_ms,
            "requests_error_percent": self.rate_error_percent,
            "latency_error_percent": self.latency_error_percent,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """How many nodes a backend needs for a target; None if no number is enough."""

    backend: Backend
    nodes: int | None

    def document(self) -> dict[str, Json]:
        """Return this as JSON."""
        return {"backend": self.backend.value, "nodes": self.nodes}


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricResult:
    """The answer to a scenario."""

    scenario: str
    rows: tuple[RowAnswer, ...]
    target: Target | None
    needed: tuple[Needed, ...]
    network_is_enough: bool

    def document(self) -> dict[str, Json]:
        """Return this as JSON."""
        return {
            "scenario": self.scenario,
            "rows": [row.document() for row in self.rows],
            "target": self.target.model_dump() if self.target else None,
            "needed": [one.document() for one in self.needed],
            "network_is_enough": self.network_is_enough,
        }


def answer(scenario: FabricScenario) -> FabricResult:
    """Return the answer to `scenario`.

    Raises:
        InvalidInput: its parameter set is none, or lacks a parameter of the model.
    """
    model = FabricModel(scenario.parameter_set())
    rows = []
    for row in scenario.rows:
        load = scenario.load_of(row)
        seen = model.answer(scenario.fabric(row), load)
        rows.append(RowAnswer(row=row, asked_per_s=load.requests_per_s, answer=seen))
    target, is_enough = scenario.target, True
    needed: tuple[Needed, ...] = ()
    if target is not None:
        needed = _needed(model, scenario, target)
        limit = scenario.network_requests_per_s
        is_enough = limit is None or target.requests_per_s < limit
    return FabricResult(
        scenario=scenario.name,
        rows=tuple(rows),
        target=target,
        needed=needed,
        network_is_enough=is_enough,
    )


def _needed(model: FabricModel, scenario: FabricScenario, target: Target) -> tuple[Needed, ...]:
    load = Load(requests_per_s=target.requests_per_s, response_bytes=scenario.response_bytes)
    return tuple(
        Needed(
            backend=backend,
            nodes=model.nodes_for(backend, load, target.latency_ms / 1e3, scenario.nic_gbit_per_s),
        )
        for backend in Backend
    )


def _percent(predicted: float, published: float) -> float:
    return 100.0 * (predicted / published - 1.0)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
