"""The twin as the model of a calibration."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from coe_twin.models.calibration.data import Data, TableRow
from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import load_parameters
from coe_twin.models.setup import load_setup
from coe_twin.planner import trial
from coe_twin.planner.calibration import Study, problem_of, provisioner_named, study, trials_of
from coe_twin.planner.trial import Ran, Store, TwinModel, at_point

SETUP = load_setup("testbed")
ROWS = (
    TableRow(nodes=1, clusters=1, seconds=15.0, overrides={}),
    TableRow(nodes=2, clusters=1, seconds=17.0, provisioner="direct", overrides={}),
    TableRow(nodes=2, clusters=1, minutes=0.4, overrides={"heat.architecture": "legacy"}),
    TableRow(nodes=3, clusters=2, concurrency=2, created=2, overrides={}),
)
POINT = {"guest.boot_s": 0.5, "guest.bootstrap_node_s.cv": 1.5}


def asked(**changes: object) -> Study:
    base = Study(
        setup=SETUP,
        parameters=SETUP.parameter_set(),
        data=Data(source="a test", rows=ROWS),
        free={"guest.boot_s": None, "guest.bootstrap_node_s.cv": None},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_point_is_put_where_its_names_say() -> None:
    """Into the parameter set, its variations, and the set-up, where counts stay counts."""
    spec = trials_of(asked())[0].trial.spec
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
        at_point(trials_of(asked())[0].trial.spec, {"network.floating_ip": 3.0})


def test_each_row_is_predicted_in_its_unit() -> None:
    (seconds, direct, minutes, clusters) = TwinModel(trials_of(asked()), 2, Store(), None).evaluate(
        [POINT]
    )[0]
    assert 5.0 < seconds < 60.0
    assert 2.0 < direct < seconds
    assert 5.0 / 60.0 <= minutes < 1.0
    assert clusters == 2.0


def test_what_was_simulated_is_not_simulated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the same run, and not after an interruption in the middle of a line."""
    file = tmp_path / "trials.jsonl"
    first = TwinModel(trials_of(asked()), 2, Store(file), None).evaluate([POINT, POINT])
    assert first[0] == first[1]
    lines = file.read_text().splitlines()
    assert len(lines) == 2 * len(ROWS)
    file.write_text("\n".join([*lines, lines[0][:20]]))

    def never(_trial: object) -> Ran:
        raise AssertionError

    monkeypatch.setattr(trial, "run", never)
    again = TwinModel(trials_of(asked()), 2, Store(file), None).evaluate([POINT])
    assert again[0] == first[0]


def test_a_row_without_any_cluster_has_no_time() -> None:
    nothing = Ran(math.nan, math.nan, 0)
    assert math.isnan(nothing.amount("min"))
    assert nothing.amount("clusters") == 0.0


def test_the_prior_of_a_fit_to_the_same_data_is_used_again() -> None:
    """Else the same data would count twice; other data do start from the fit."""
    rows = tuple(
        TableRow(nodes=size, clusters=1, seconds=14.0 + size, overrides={}) for size in (1, 2, 4, 8)
    )
    free = {"guest.boot_s": None}
    once = asked(data=Data(source="same", rows=rows), free=free, points=4)
    fitted = study(once, Store(), None).parameters
    before = SETUP.parameter_set().parameter("guest.boot_s")
    after = fitted.parameter("guest.boot_s")
    assert (after.status, before.status) == ("fit", "assumed")
    (same,) = problem_of(replace(once, parameters=fitted)).free
    assert (same.low, same.high) == (before.low, before.high)
    other = replace(once, parameters=fitted, data=Data(source="other", rows=rows))
    (new,) = problem_of(other).free
    assert (new.low, new.high) == (after.low, after.high)


def test_a_fitted_set_can_be_written_and_read(tmp_path: Path) -> None:
    rows = tuple(
        TableRow(nodes=size, clusters=1, seconds=14.0 + size, overrides={}) for size in (1, 2, 4, 8)
    )
    one = asked(data=Data(source="same", rows=rows), free={"guest.boot_s": None}, points=4)
    fitted = study(one, Store(), None).parameters
    file = tmp_path / "fitted.json"
    file.write_text(fitted.model_dump_json(indent=2))
    assert load_parameters(str(file)) == fitted
    assert fitted.calibration is not None
    assert [row.use for row in fitted.calibration.rows] == ["fit"] * 4


@pytest.mark.parametrize(
    ("name", "kind"), [("stack", "stack"), ("direct", "direct"), ("sharded:8", "sharded")]
)
def test_provisioners_by_name(name: str, kind: str) -> None:
    assert provisioner_named(name).kind == kind
