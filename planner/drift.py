"""The drift report: what a plan predicted against what its carrying out measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.ids import ClusterId
from coe_twin.models.plan import Expected, Plan, Predicted
from coe_twin.planner.apply import Applied, How
from coe_twin.planner.history import WHOLE, Spent, measured

NOT_MEASURED: Final = "not measured"
NOT_PREDICTED: Final = "not predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One phase of one row, or its whole; times in seconds, None where there is none."""

    row: int
    nodes: int
    phase: str
    predicted: Predicted | None
    measured_s: float | None
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether a run as predicted would measure this: within, below or above 95 % of runs."""
        if self.measured_s is None and self.failures:
            return f"failed: {', '.join(f'{one} {many}' for one, many in self.failures.items())}"
        if self.measured_s is None:
            return NOT_MEASURED
        if self.predicted is None:
            return NOT_PREDICTED
        if self.measured_s < self.predicted.low_s:
            return "below"
        return "above" if self.measured_s > self.predicted.high_s else "within"

    @property
    def error_percent(self) -> float | None:
        """By how much the predicted mean is off what was measured [%]."""
        if self.predicted is None or not self.measured_s:
            return None
        return 100.0 * (self.predicted.mean_s / self.measured_s - 1.0)

    def document(self) -> dict[str, Json]:
        """Return this as JSON."""
        predicted = self.predicted
        return {
            "row": self.row,
            "nodes": self.nodes,
            "phase": self.phase,
            "predicted_s": predicted.mean_s if predicted else None,
            "interval_s": [predicted.low_s, predicted.high_s] if predicted else None,
            "measured_s": self.measured_s,
            "failures": dict(self.failures),
            "error_percent": self.error_percent,
            "verdict": self.verdict,
        }


def drifts(
    plan: Plan, applied: Sequence[Applied], spent: Mapping[ClusterId, Spent]
) -> tuple[Drift, ...]:
    """Return the whole and each phase of every row.

    Args:
        plan: what was predicted.
        applied: the clusters as they were left.
        spent: what the kept event log says of each creation, by whichever process. Those count
            that one process did from their beginning to their end: a resumed one has no
            duration that a prediction could be held against.
    """
    return tuple(
        drift
        for number, (row, expected) in enumerate(zip(plan.study.rows, plan.expected, strict=True))
        for drift in _of_row(number, row.nodes, expected, applied, spent)
    )


def _of_row(
    number: int,
    nodes: int,
    expected: Expected,
    applied: Sequence[Applied],
    spent: Mapping[ClusterId, Spent],
) -> Iterator[Drift]:
    own = [one.cluster for one in applied if one.row == number and one.how is not How.RESUMED]
    found = measured([one for one in own if not _is_resumed(spent.get(one.id))], spent)
    means = dict(found.means)
    predicted = {**({WHOLE: expected.whole} if expected.whole else {}), **expected.phases}
    for phase in dict.fromkeys([WHOLE, *predicted, *means]):
        yield Drift(
            row=number,
            nodes=nodes,
            phase=phase,
            predicted=predicted.get(phase),
            measured_s=means.get(phase),
            failures=found.failures if phase == WHOLE else {},
        )


def _is_resumed(spent: Spent | None) -> bool:
    return spent is not None and spent.is_resumed
