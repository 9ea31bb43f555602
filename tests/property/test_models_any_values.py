from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from coe_twin.coe_core.documents import Json
from coe_twin.models import yaml_file
from coe_twin.models.errors import InvalidInput
from coe_twin.models.policy_set import PolicySetFile
from coe_twin.models.scenario import Scenario
from coe_twin.models.setup import SETUPS, Setup, load_setup
from coe_twin.models.validation import Location, validated

CERN = load_setup("cern-2016")
SCENARIO = Path(__file__).parents[2] / "scenarios" / "cncf-deployment.yaml"

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["kind", "stack", "fifo", "cern-2016", ""])
)
values: st.SearchStrategy[Json] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def locations(document: Json, above: Location = ()) -> Iterator[Location]:
    yield above
    if isinstance(document, dict):
        for key, value in document.items():
            yield from locations(value, (*above, key))
    if isinstance(document, list):
        for index, value in enumerate(document):
            yield from locations(value, (*above, index))


def replaced(document: Json, location: Location, value: Json) -> Json:
    if not location:
        return value
    step, *rest = location
    if isinstance(document, dict) and isinstance(step, str):
        return {**document, step: replaced(document[step], tuple(rest), value)}
    assert isinstance(document, list)
    assert isinstance(step, int)
    return [
        replaced(item, tuple(rest), value) if index == step else item
        for index, item in enumerate(document)
    ]


GOOD: list[tuple[type[BaseModel], Json]] = [
    (Scenario, yaml_file.load(SCENARIO)[0]),
    (Setup, yaml_file.load(SETUPS.path("cern-2016"))[0]),
    (
        PolicySetFile,
        {
            "schema_version": 1,
            "admission": {"kind": "fifo", "limit": 3},
            "batching": {"kind": "size-or-age", "size_max": 2, "age_max_s": 1.0},
            "placement": {"kind": "pack"},
            "backoff": {"kind": "full-jitter", "base_s": 1, "cap_s": 2, "attempts_max": 3},
        },
    ),
]


@pytest.mark.parametrize(("model", "good"), GOOD)
@settings(deadline=None)
@given(data=st.data())
def test_any_value_anywhere_is_accepted_or_refused_in_one_line(
    model: type[BaseModel], good: Json, data: st.DataObject
) -> None:
    """No value leads to a traceback, or to a line that leaves open what is accepted."""
    location = data.draw(st.sampled_from(list(locations(good))))
    document = replaced(good, location, data.draw(values))
    try:
        validated(model, document)
    except InvalidInput as error:
        text = str(error)
    else:
        return
    assert text.isprintable()
    assert "accepted" in text or "no group runs" in text


@settings(deadline=None)
@given(overrides=st.dictionaries(st.text(max_size=8) | st.just("workers"), values, max_size=3))
def test_any_overrides_are_accepted_or_refused_in_one_line(overrides: dict[str, Json]) -> None:
    """A scenario's overrides are as free in form as a file can be."""
    try:
        changed = CERN.with_overrides(overrides)
    except InvalidInput as error:
        text = str(error)
    else:
        assert isinstance(changed, Setup)
        return
    assert text.isprintable()
    assert text
