import pytest

from coe_twin.models.parameters import ParameterSet, load_parameters
from coe_twin.models.scenario import study_on
from coe_twin.planner.result import LimitedBy, Result, RowResult
from coe_twin.planner.table import COLUMNS, cells, failures, honesty, identity, number

GOOD = RowResult(
    nodes=128,
    masters=1,
    concurrency=5,
    clusters_asked=5,
    clusters_created=5.0,
    predicted_minutes=5.25,
    interval_minutes=(5.0, 5.5),
    published_minutes=5.0,
    published_clusters=None,
    limited_by=LimitedBy(name="heat walker of the parent stack", share=0.504),
    failures={},
    outcomes=(),
    critical_path={"heat walker of the parent stack": 0.504},
)
FAILED = RowResult(
    nodes=2,
    masters=1,
    concurrency=10,
    clusters_asked=100,
    clusters_created=0.0,
    predicted_minutes=None,
    interval_minutes=None,
    published_minutes=None,
    published_clusters=28,
    limited_by=None,
    failures={"quota": 99.5, "RPC timeout": 0.5},
    outcomes=(),
    critical_path={},
)
RESULT = Result(
    study=study_on("cern-2016").model_copy(update={"name": "mixed", "seed": 7}),
    version="1",
    digest="0123456789abcdef",
    rows=(GOOD, FAILED),
)


def test_a_row_says_what_was_predicted_and_published() -> None:
    """The interval is half its width after the mean, the error a signed share."""
    assert cells(GOOD) == (
        "128",
        "5",
        "5/5",
        "5.25 ± 0.25",
        "5",
        "+5 %",
        "heat walker of the parent stack 50 %",
    )


def test_a_row_without_an_answer_has_no_numbers() -> None:
    """Where nothing was created there is nothing to say, and nothing is made up."""
    assert cells(FAILED) == ("2", "10", "0/100", "-", "28 created", "-", "-")


@pytest.mark.parametrize("row", [GOOD, FAILED])
def test_each_column_has_a_cell(row: RowResult) -> None:
    """A heading without a cell would shift all others."""
    assert len(cells(row)) == len(COLUMNS)


def test_failures_are_listed_by_row_and_cause() -> None:
    """Rows without failures are silent."""
    assert failures(RESULT) == ("2 nodes, 10 at once: quota 99.5, RPC timeout 0.5",)


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (212.44, "212.4"), (0.0, "0")])
def test_a_mean_of_counts_is_short(value: float, text: str) -> None:
    """A whole mean looks like the count that it is."""
    assert number(value) == text


def test_a_result_can_be_recognised() -> None:
    """Scenario, set-up, replications, seed, model and the digest's beginning are named."""
    line = identity(RESULT)
    for part in ("mixed", "cern-2016", "2 replications", "seed 7", "model 1", "0123456789ab"):
        assert part in line


def test_honesty_counts_where_parameters_come_from() -> None:
    """It says that nothing was fitted as long as that is true, and no longer."""
    shipped = load_parameters("cern-2016")
    assumed = {
        name: one.model_copy(update={"status": "assumed"})
        for name, one in shipped.parameters.items()
    }
    parameters: ParameterSet = shipped.model_copy(
        update={"parameters": assumed, "calibration": None}
    )
    by_hand, agreement, *_ = honesty(parameters)
    assert "set by hand, not by a fitting procedure" in by_hand
    assert "is no independent test" in agreement
    name, first = next(iter(parameters.parameters.items()))
    fitted = first.model_copy(update={"status": "fit"})
    mixed: ParameterSet = parameters.model_copy(
        update={"parameters": {**parameters.parameters, name: fitted}}
    )
    line = next(honesty(mixed))
    assert "partly fitted" in line
    assert "1 fit" in line
    assert "by hand" not in line
