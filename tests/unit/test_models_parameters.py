import json
from pathlib import Path
from typing import Any

import pytest

from coe_twin.models.errors import InvalidInput
from coe_twin.models.parameters import PARAMETERS, ParameterSet, load_parameters

SHIPPED = PARAMETERS.names()


def changed(tmp_path: Path, **fields: object) -> Path:
    """Return a set with one quantity, a good one but for `fields`."""
    good: dict[str, object] = {
        "value": 2.0,
        "unit": "s",
        "low": 1.0,
        "high": 4.0,
        "prior": "lognormal",
        "status": "published",
        "source": "a paper",
        "cv": 0.3,
    }
    document = {
        "name": "own",
        "date": "2016-10-25",
        "model_version": 1,
        "parameters": {"a.b_s": good | fields},
    }
    path = tmp_path / "own.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        load_parameters(str(path))
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


@pytest.fixture(params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> ParameterSet:
    return load_parameters(request.param)


def test_a_shipped_set_loads_under_its_own_name() -> None:
    """Set-ups name them."""
    assert set(SHIPPED) >= {"cern-2016", "cncf-2016"}
    assert [load_parameters(name).name for name in SHIPPED] == list(SHIPPED)


def test_the_shipped_sets_have_the_same_names() -> None:
    """A set-up of one cloud can be run with the parameter set of another."""
    names = {frozenset(load_parameters(name).parameters) for name in SHIPPED}
    assert len(names) == 1


def test_a_name_that_ends_in_s_is_in_seconds(shipped: ParameterSet) -> None:
    """The unit stands in the name and in the record, and they agree."""
    for name, parameter in shipped.parameters.items():
        assert name.endswith("_s") == (parameter.unit == "s"), name


def test_what_was_guessed_has_a_wide_prior(shipped: ParameterSet) -> None:
    """An assumed time that is not a setting is known to within a factor of 4 at best."""
    for name, parameter in shipped.parameters.items():
        if parameter.status == "assumed" and parameter.prior == "lognormal":
            assert parameter.high / parameter.low >= 4.0, name


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"low": 3.0}, "parameters.a.b_s: accepted is low <= value <= high, not 3, 2, 4"),
        ({"high": 1.5}, "accepted is low <= value <= high"),
        ({"low": 0.0}, "accepted under a lognormal prior is low > 0"),
        ({"prior": "fixed"}, "accepted under a fixed prior is low = high"),
        ({"source": " "}, "source is empty"),
        ({"value": -1.0}, "value = -1.0: accepted is a number from 0"),
        ({"cv": -0.1}, "cv = -0.1: accepted is a number from 0 to 10"),
        ({"unit": "ms"}, 'unit = "ms": '),
        ({"status": "guess"}, 'status = "guess": accepted is one of assumed'),
        ({"value": "2"}, 'value = "2": accepted is a number'),
        ({"hgih": 3}, "hgih: unknown key; did you mean high?"),
    ],
)
def test_a_quantity_that_contradicts_itself_is_refused(
    tmp_path: Path, fields: dict[str, object], text: str
) -> None:
    """The line names the quantity, the field and what is accepted."""
    assert text in refusal(changed(tmp_path, **fields))


def test_only_what_is_assumed_may_lack_a_source(tmp_path: Path) -> None:
    """A published value without a source is a rumour."""
    path = changed(tmp_path, status="assumed", source="")
    assert load_parameters(str(path)).parameter("a.b_s").source == ""


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"a": NaN}', "finite"),
        ('{"a": -Infinity}', "finite"),
        ('{"name": "a", "name": "b"}', "name: this key is given twice"),
        ('{"a": 1\n "b": 2}', ":2: not JSON"),
        ("[]", "accepted is a mapping with name, date"),
        ("", "not JSON"),
    ],
)
def test_what_is_no_plain_json_is_refused(tmp_path: Path, content: str, text: str) -> None:
    """Python's own reader accepts more than JSON has."""
    path = tmp_path / "own.json"
    path.write_text(content, encoding="utf-8")
    assert text in refusal(path)


def test_a_number_too_large_for_a_float_is_refused(tmp_path: Path) -> None:
    """JSON has no infinity, but 1e999 becomes one."""
    path = changed(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("4.0", "1e999"), encoding="utf-8")
    assert "high = Infinity: accepted is a number" in refusal(path)


def test_an_unknown_name_is_refused_with_near_ones(shipped: ParameterSet) -> None:
    """For a quantity, and for a set."""
    with pytest.raises(InvalidInput, match=r"did you mean .*guest\.boot_s"):
        shipped.mean("guest.bot_s")
    with pytest.raises(InvalidInput, match=r"the unit is missing, write guest\.boot_s"):
        shipped.cv("guest.boot")
    with pytest.raises(InvalidInput, match="did you mean cern-2016"):
        load_parameters("cern-2015")


@pytest.mark.parametrize("factor", [2.0, 0.125, 3.7])
def test_scaling_the_clock_scales_times_and_nothing_else(
    shipped: ParameterSet, factor: float
) -> None:
    """Value and interval move together; counts, sizes and variation stay."""
    scaled = shipped.scaled(factor)
    for name, before in shipped.parameters.items():
        by = factor if before.unit == "s" else 1.0
        after = scaled.parameter(name)
        assert (after.value, after.low, after.high) == (
            before.value * by,
            before.low * by,
            before.high * by,
        )
        assert (after.cv, after.unit, after.status) == (before.cv, before.unit, before.status)


def test_a_rate_goes_down_as_times_go_up(tmp_path: Path) -> None:
    """On a clock on which everything takes twice as long, half as much happens in a second."""
    rates = load_parameters(str(changed(tmp_path, unit="1/s")))
    assert rates.scaled(2.0).mean("a.b_s") == 1.0


def test_a_value_set_by_hand_is_fixed_and_assumed(shipped: ParameterSet) -> None:
    """It no longer has the source of the value that it replaces, nor its interval."""
    changed_set = shipped.with_values({"neutron.port_create_s": 500.0})
    port = changed_set.parameter("neutron.port_create_s")
    assert (port.value, port.low, port.high, port.prior) == (500.0, 500.0, 500.0, "fixed")
    assert shipped.parameter("neutron.port_create_s").status in ("published", "measured")
    assert port.status == "assumed"
    assert port.cv == shipped.cv("neutron.port_create_s")
    others = shipped.parameters.keys() - {"neutron.port_create_s"}
    assert all(changed_set.parameters[name] == shipped.parameters[name] for name in others)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"guest.boot_s": -1.0}, "guest.boot_s.value = -1.0: accepted is a number from 0"),
        ({"guest.bot_s": 1.0}, "guest.bot_s: unknown parameter; did you mean"),
    ],
)
def test_a_value_out_of_bounds_is_refused(
    shipped: ParameterSet, values: dict[str, Any], text: str
) -> None:
    """Values from a scenario pass the same checks as the file."""
    with pytest.raises(InvalidInput) as caught:
        shipped.with_values(values)
    assert str(caught.value).startswith(text)
