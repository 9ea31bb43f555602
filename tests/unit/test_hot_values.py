import pytest

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import InvalidTemplate
from coe_twin.coe_core.templates import hot
from coe_twin.sim_driver.hot.parameters import Parameter, bind, declared
from coe_twin.sim_driver.hot.values import resolve

PARAMETERS: dict[str, Json] = {
    "name": "red",
    "zones": {"0": "a", "1": {"deep": ["x", "y"]}},
    "count": 3,
    "flag": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (hot.get_param("count"), 3),
        (hot.get_param("zones", "0"), "a"),
        (hot.get_param("zones", 1, "deep", 1), "y"),
        (hot.get_param("zones", 1, "deep", 2), ""),
        (hot.get_param("zones", "7"), ""),
        (hot.get_param("count", "0"), ""),
        (hot.get_param("zones", hot.get_param("nothing")), ""),
        (hot.list_join("-", [hot.get_param("name"), "worker", 1]), "red-worker-1"),
        ({"list_join": [",", ["a"], ["b", {"c": 1}]]}, 'a,b,{"c": 1}'),
        (hot.str_replace("$a and $ab", {"$a": 1, "$ab": "$a"}), "1 and $a"),
        (hot.str_replace("none", {}), "none"),
        (hot.str_replace("[$n]", {"$n": None}), "[]"),
        ({"get_file": "x.sh"}, {"get_file": "x.sh"}),
        ([{"a": hot.get_param("name"), "b": 1}], [{"a": "red", "b": 1}]),
        (None, None),
    ],
)
def test_a_function_becomes_its_value(value: Json, expected: Json) -> None:
    """Parameters, paths into them and the text functions mean what HOT says."""
    assert resolve(value, PARAMETERS) == expected


def test_references_are_looked_up() -> None:
    """An id is a lookup without a path, an attribute one with its path, resolved first."""
    seen: list[tuple[str, tuple[Json, ...]]] = []

    def lookup(name: str, path: tuple[Json, ...]) -> Json:
        seen.append((name, path))
        return f"{name}!"

    value = hot.list_join(
        "+", [hot.get_resource("port"), hot.get_attr("group", "ips", hot.get_param("count"))]
    )
    assert resolve(value, PARAMETERS, lookup) == "port!+group!"
    assert seen == [("port", ()), ("group", ("ips", 3))]


def test_the_index_is_filled_in_last() -> None:
    """`%index%` is replaced at any depth, and in what parameters contribute, too."""
    value: Json = {"a": ["n-%index%", hot.get_param("pattern")], "b": 1}
    filled = resolve(value, {"pattern": "p-%index%"}, index=7)
    assert filled == {"a": ["n-7", "p-7"], "b": 1}
    assert resolve(value, {"pattern": "p-%index%"}) == {"a": ["n-%index%", "p-%index%"], "b": 1}


def test_a_parameter_without_value_is_named() -> None:
    """Resolving says which value is missing."""
    with pytest.raises(InvalidTemplate, match="volume_size"):
        resolve(hot.get_param("volume_size"), PARAMETERS)


@pytest.mark.parametrize(
    ("type_", "given", "bound"),
    [
        ("number", "3", 3),
        ("number", "2.5", 2.5),
        ("number", 4, 4),
        ("comma_delimited_list", "1, 3", ["1", "3"]),
        ("comma_delimited_list", "", []),
        ("comma_delimited_list", ["1"], ["1"]),
        ("json", '{"a": 1}', {"a": 1}),
        ("boolean", "False", False),
        ("boolean", "on", True),
        ("string", "3", "3"),
    ],
)
def test_a_value_gets_its_type(type_: str, given: Json, bound: Json) -> None:
    """A text becomes what the parameter's type says, as in Heat."""
    value = bind({"p": Parameter(type_, has_default=False, default=None)}, {"p": given})["p"]
    assert value == bound
    assert type(value) is type(bound)


def test_what_is_given_goes_before_the_default() -> None:
    """A default stands in for what is not given, and pseudo parameters pass."""
    known = declared({"a": {"type": "number", "default": 1}, "b": {"type": "string"}})
    given: dict[str, Json] = {"b": "x", "OS::stack_name": "red"}
    assert bind(known, given) == {"a": 1, "b": "x", "OS::stack_name": "red"}
    assert bind(known, {**given, "a": 2})["a"] == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"b": "x", "c": 1}, "c"),
        ({}, "b"),
        ({"b": "x", "a": "many"}, "a"),
    ],
)
def test_wrong_parameters_are_named(given: dict[str, Json], named: str) -> None:
    """One too many, one too few, or one of the wrong type: the text begins with its name."""
    known = declared({"a": {"type": "number", "default": 1}, "b": {"type": "string"}})
    with pytest.raises(InvalidTemplate, match=f"^{named}: "):
        bind(known, given)
