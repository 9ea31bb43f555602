import math
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, model_validator

from coe_twin.coe_core.documents import Json
from coe_twin.models.accepted import accepted_words
from coe_twin.models.block import Block, ListOf, Name
from coe_twin.models.errors import InvalidInput
from coe_twin.models.validation import LineIndex, validated

Whole = Annotated[int, Field(ge=1, le=9)]


class Item(Block):
    size: Whole
    copies: Annotated[int, Field(default_factory=lambda item: int(item["size"]), ge=1)]
    ratio: Annotated[float, Field(gt=0)] | None = None


class Circle(Block):
    kind: Literal["circle"]


class Square(Block):
    kind: Literal["square"]
    side_s: Annotated[float, Field(gt=0, lt=5)]


class Thing(Block):
    name: Name
    items: Annotated[ListOf[Item], Field(min_length=1, max_length=3)]
    colour: Literal["red", "green"] = "red"
    version: Literal[1] = 1
    is_big: bool = False
    note: Annotated[str, Field(max_length=5)] = ""
    shape: Annotated[Circle | Square, Field(discriminator="kind")] = Circle(kind="circle")
    counts: Annotated[dict[Literal["left", "right"], Whole], Field(default_factory=dict)]

    @model_validator(mode="after")
    def _red_is_small(self) -> Self:
        if self.is_big and self.colour == "red":
            raise ValueError("colour is red; accepted for a big thing is green")
        return self


def plain() -> dict[str, Json]:
    return {"name": "a", "items": [{"size": 2}]}


def refusal(document: Json) -> str:
    with pytest.raises(InvalidInput) as caught:
        validated(Thing, document)
    return str(caught.value)


def test_a_list_becomes_a_tuple_and_nothing_else_is_converted() -> None:
    """A frozen record holds no list; a text that looks like a number stays refused."""
    thing = validated(Thing, plain())
    assert thing.items == (Item(size=2, copies=2),)
    assert "accepted is a whole number from 1 to 9" in refusal(
        {**plain(), "items": [{"size": "2"}]}
    )
    assert "accepted is a whole number from 1 to 9" in refusal(
        {**plain(), "items": [{"size": True}]}
    )
    assert "accepted is a whole number from 1 to 9" in refusal(
        {**plain(), "items": [{"size": 2.0}]}
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"items": []}, "items = []: accepted is a list of 1 to 3 items"),
        ({"items": {}}, "items = {}: accepted is a list of 1 to 3 items"),
        ({"items": [3]}, "items[0] = 3: accepted is a mapping with size, copies, ratio"),
        ({"items": [{}]}, "items[0].size: is missing; accepted is a whole number from 1 to 9"),
        ({"items": [{"size": 10**9}]}, "items[0].size = 1000000000: accepted is a whole number"),
        (
            {"items": [{"size": 1, "ratio": 0}]},
            "items[0].ratio = 0: accepted is a number > 0 or null",
        ),
        ({"items": [{"size": 1, "ratio": math.inf}]}, "items[0].ratio = Infinity: accepted is"),
        ({"name": "A b"}, 'name = "A b": accepted is a name of lower-case letters, digits and'),
        ({"version": 2}, "version = 2: accepted is 1"),
        ({"colour": "gren"}, 'colour = "gren": did you mean green?; accepted is one of green, red'),
        ({"colour": 3}, "colour = 3: accepted is one of red, green"),
        ({"is_big": 1}, "is_big = 1: accepted is true or false"),
        ({"is_big": True}, "colour is red; accepted for a big thing is green"),
        ({"note": "longer"}, 'note = "longer": accepted is text of at most 5 characters'),
        ({"shape": {"kind": "sqare"}}, 'kind "sqare" is unknown; did you mean square?'),
        ({"shape": {}}, "shape = {}: accepted is a mapping with kind one of"),
        (
            {"shape": {"kind": "square"}},
            "shape.side_s: is missing; accepted is a number > 0 and < 5",
        ),
        ({"shape": {"kind": "square", "side": 1}}, "the unit is missing, write side_s"),
        ({"shape": {"kind": "square", "side_s": 9}}, "shape.side_s = 9: accepted is a number > 0"),
        ({"counts": {"lefft": 1}}, "counts.lefft: did you mean left?; accepted is one of left"),
        ({"counts": {"left": 0}}, "counts.left = 0: accepted is a whole number from 1 to 9"),
        ({"colr": "red"}, "colr: unknown key; did you mean colour?"),
    ],
)
def test_a_refusal_names_the_field_the_value_and_what_is_accepted(
    change: dict[str, Json], text: str
) -> None:
    """Each kind of finding has words of its own, none of them pydantic's."""
    assert refusal({**plain(), **change}).startswith(text) or text in refusal({**plain(), **change})


@pytest.mark.parametrize("document", [None, 3, "a", [], [1]])
def test_what_is_no_mapping_is_refused_as_a_whole(document: Json) -> None:
    """The line then lists the keys that a mapping would have."""
    assert "accepted is a mapping with name, items" in refusal(document)


def test_the_first_finding_is_told_and_the_others_are_counted() -> None:
    """One line per file; what only follows from another finding is not counted."""
    assert "more" not in refusal({**plain(), "items": [{"size": 0}]})
    assert refusal({**plain(), "name": "", "version": 3}).endswith("(and 1 more)")


def test_an_unknown_key_is_told_before_a_missing_one() -> None:
    """A key that is misspelt shows as both; only the first says what to do."""
    assert refusal({"nme": "a", "items": [{"size": 2}]}).startswith(
        "nme: unknown key; did you mean name?"
    )


def test_the_line_is_that_of_the_value() -> None:
    """A step that pydantic adds, such as the kind of a union, is in no file."""
    lines = LineIndex({(): 1, ("shape",): 4, ("shape", "side_s"): 6})
    with pytest.raises(InvalidInput) as caught:
        validated(
            Thing,
            {**plain(), "shape": {"kind": "square", "side_s": -1}},
            file="a.yaml",
            lines=lines,
        )
    assert str(caught.value).startswith("a.yaml:6: shape.side_s = -1: ")


def test_words_follow_the_bounds() -> None:
    """The accepted values are read from the record, so they cannot go stale."""
    assert accepted_words(Thing, ("items", 0, "size")) == "a whole number from 1 to 9"
    assert accepted_words(Thing, ("items", 0, "copies")) == "a whole number >= 1"
    assert accepted_words(Thing, ("counts",)) == "a mapping"
