import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.templates.hot import as_text, tagged


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (True, "True"),
        ("x,y", "x,y"),
        ("", ""),
        ([], ""),
        (["1", "2"], "1,2"),
        ([1, 2], "1,2"),
        ({"b": 1, "a": [1, "x"]}, '{"a": [1, "x"], "b": 1}'),
        ({}, "{}"),
    ],
)
def test_a_value_is_written_as_heat_shows_it(value: Json, text: str) -> None:
    """The texts are those of a running Heat for a number, a list, a map, a boolean, a string."""
    assert as_text(value) == text


@given(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5).map(
        lambda given_map: (given_map, dict(reversed(given_map.items())))
    )
)
def test_equal_maps_have_equal_texts(pair: tuple[dict[str, Json], dict[str, Json]]) -> None:
    """Whatever the order of their keys; and the text still is the map."""
    given_map, turned = pair
    assert as_text(given_map) == as_text(turned)
    assert json.loads(as_text(given_map)) == given_map


def test_a_tag_is_added_and_changes_nothing_else() -> None:
    """It is a parameter, so that one nested template serves every cluster."""
    properties: dict[str, Json] = {"network": "n"}
    assert tagged(properties) == {"network": "n", "tags": [{"get_param": "cluster_tag"}]}
    assert properties == {"network": "n"}
