"""The twin as the model of a calibration."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from coe_twin.models.calibration.data import Data, TableRow
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import load_parameters
from coe_twin.models.scenario import study_on
from coe_twin.models.study import Study
from coe_twin.planner import run
from coe_twin.planner.calibration import Fit, fit, problem_of, provisioner_named, targets_of
from coe_twin.planner.outcome import Outcome, RowOutcome
from coe_twin.planner.store import MemoryStore
from coe_twin.planner.twin_model import TwinModel, amount, at_point

STUDY = study_on("testbed")
ROWS = (
    TableRow(nodes=1, clusters=1, seconds=15.0, overrides={}),
    TableRow(nodes=2, clusters=1, seconds=17.0, provisioner="direct", overrides={}),
    TableRow(nodes=2, clusters=1, minutes=0.4, overrides={"heat.architecture": "legacy"}),
    TableRow(nodes=3, clusters=2, concurrency=2, created=2, overrides={}),
)
POINT = {"guest.boot_s": 0.5, "guest.bootstrap_node_s.cv": 1.5}


def asked(**changes: object) -> Fit:
    base = Fit(
        study=STUDY,
        data=Data(source="a test", rows=ROWS),
        free={"guest.boot_s": None, "guest.bootstrap_node_s.cv": None},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_point_is_put_where_its_names_say() -> None:
    """Into the parameter set, its variations, and the set-up, where counts stay counts."""
    spec = targets_of(asked())[0].trial.world
    point = {**POINT, "network.floating_ips": 7.6, "rabbitmq.rpc_response_timeout_s": 12.5}
    there = at_point(spec, point)
    assert there.parameters.mean("guest.boot_s") == 0.5
    assert there.parameters.cv("guest.bootstrap_node_s") == 1.5
    assert there.parameters.mean("guest.bootstrap_node_s") == spec.parameters.mean(
        "guest.bootstrap_node_s"
    )
    assert there.setup.network.floating_ips == 8
    assert there.setup.rabbitmq.rpc_response_timeout_s == 12.5


def test_a_name_that_is_nowhere_is_refused() -> None:
    with pytest.raises(InvalidInput, match="network"):
        at_point(targets_of(asked())[0].trial.world, {"network.floating_ip": 3.0})


def test_each_row_is_predicted_in_its_unit() -> None:
    (seconds, direct, minutes, clusters) = TwinModel(targets_of(asked()), 2).evaluate([POINT])[0]
    assert 5.0 < seconds < 60.0
    assert 2.0 < direct < seconds
    assert 5.0 / 60.0 <= minutes < 1.0
    assert clusters == 2.0


def test_what_was_simulated_is_not_simulated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the same run nor in one that shares its store."""
    store = MemoryStore()
    first = TwinModel(targets_of(asked()), 2, store=store).evaluate([POINT, POINT])
    assert first[0] == first[1]

    def never(_trial: object) -> Outcome:
        raise AssertionError

    monkeypatch.setattr(run, "run_trial", never)
    again = TwinModel(targets_of(asked()), 2, store=store).evaluate([POINT])
    assert again[0] == first[0]
    with pytest.raises(AssertionError):
        TwinModel(targets_of(asked()), 3, store=store).evaluate([POINT])


def test_a_row_without_any_cluster_has_no_time() -> None:
    row = RowOutcome(created=(), failed=(), shares={})
    nothing = Outcome(rows=(row,), horizon_s=1.0, events=1, digest="")
    assert math.isnan(amount(nothing, "min"))
    assert math.isnan(amount(nothing, "s"))
    assert amount(nothing, "clusters") == 0.0


def test_the_prior_of_a_fit_to_the_same_data_is_used_again() -> None:
    """Else the same data would count twice; other data do start from the fit."""
    rows = tuple(
        TableRow(nodes=size, clusters=1, seconds=14.0 + size, overrides={}) for size in (1, 2, 4, 8)
    )
    free = {"guest.boot_s": None}
    once = asked(data=Data(source="same", rows=rows), free=free, points=4)
    fitted = fit(once).parameters
    before = STUDY.parameters.parameter("guest.boot_s")
    after = fitted.parameter("guest.boot_s")
    assert (after.status, before.status) == ("fit", "assumed")
    after_fit = STUDY.model_copy(update={"parameters": fitted})
    (same,) = problem_of(replace(once, study=after_fit)).free
    assert (same.low, same.high) == (before.low, before.high)
    other = replace(once, study=after_fit, data=Data(source="other", rows=rows))
    (new,) = problem_of(other).free
    assert (new.low, new.high) == (after.low, after.high)


def test_a_fitted_set_can_be_written_and_read(tmp_path: Path) -> None:
    rows = tuple(
        TableRow(nodes=size, clusters=1, seconds=14.0 + size, overrides={}) for size in (1, 2, 4, 8)
    )
    one = asked(data=Data(source="same", rows=rows), free={"guest.boot_s": None}, points=4)
    fitted = fit(one).parameters
    file = tmp_path / "fitted.json"
    file.write_text(fitted.model_dump_json(indent=2))
    assert load_parameters(str(file)) == fitted
    assert fitted.calibration is not None
    assert fitted.calibration.study_digest == STUDY.digest
    assert Study.model_validate(fitted.calibration.study).digest == STUDY.digest
    assert [row.use for row in fitted.calibration.rows] == ["fit"] * 4


@pytest.mark.parametrize(
    ("name", "kind"), [("stack", "stack"), ("direct", "direct"), ("sharded:8", "sharded")]
)
def test_provisioners_by_name(name: str, kind: str) -> None:
    assert provisioner_named(name).kind == kind
