import pickle

import pytest

from coe_twin.models.errors import InvalidInput, join_fields, printable, shown
from coe_twin.models.near_names import NAMES_LISTED_MAX, listed, unknown_name


def test_the_line_names_place_field_value_and_what_is_accepted() -> None:
    """A person needs all four to mend the file."""
    error = InvalidInput("accepted is a number", file="a.yaml", line=7, field="rows[0]", value="x")
    assert str(error) == 'a.yaml:7: rows[0] = "x": accepted is a number'


def test_parts_that_are_not_known_leave_no_mark() -> None:
    """An error without file, field or value is its problem alone."""
    assert str(InvalidInput("no such file")) == "no such file"
    assert str(InvalidInput("too small", value=None)) == "null: too small"


def test_the_line_is_one_line_that_a_terminal_cannot_act_on() -> None:
    """File names, fields and values come from others and may hold control characters."""
    error = InvalidInput("refused", file="a\n\x1b[2J", field="b\r\ud800", value="c\x00\u202e")
    assert str(error).isprintable()


def test_within_fills_in_the_place_of_an_error_that_has_none() -> None:
    """What reads a part does not know the file; what reads the file does."""
    inner = InvalidInput("accepted is 1", field="heat.threads", value=0)
    assert str(inner.within(file="s.yaml", line=3, field="overrides")) == (
        "s.yaml:3: overrides.heat.threads = 0: accepted is 1"
    )


def test_within_leaves_an_error_about_another_file_alone() -> None:
    """The file to mend is the one that the error was found in."""
    inner = InvalidInput("refused", file="inner.yaml", line=9, field="x")
    assert str(inner.within(file="outer.yaml", line=1, field="setup")) == str(inner)


def test_an_error_survives_the_way_back_from_a_worker_process() -> None:
    """A process pool pickles what its workers raise."""
    error = InvalidInput("refused", file="a.yaml", line=2, field="x", value=[1])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert str(again) == str(error)
    assert (again.file, again.line, again.field) == ("a.yaml", 2, "x")


def test_fields_join_as_they_are_written_in_python() -> None:
    """Keys take a dot between them, indexes brackets, and empty parts vanish."""
    assert join_fields("rows", 0, "nodes") == "rows[0].nodes"
    assert join_fields("", "setup") == "setup"
    assert join_fields("rows", "[3].nodes") == "rows[3].nodes"


LONG = {"text": "x" * 10_000, "list": [[]] * 10_000, "int": 10**5000, "mapping": {"a": "b" * 999}}


@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
def test_a_long_value_is_shortened(value: object) -> None:
    """One line stays one line on a screen."""
    assert len(shown(value)) < 100


def test_a_value_without_end_is_shown_all_the_same() -> None:
    """An error about a value must not fail over the value."""
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert shown(nested) == "a value of type list"


def test_printable_text_is_left_as_it_is() -> None:
    """Names in any script stay readable."""
    assert printable("größe λ 大") == "größe λ 大"


def test_a_missing_unit_is_said() -> None:
    """`timeout` for `timeout_s` is no spelling mistake: the unit is part of the name."""
    assert "the unit is missing, write timeout_s" in unknown_name("timeout", ["timeout_s", "time"])
    assert "write ram_gib" in unknown_name("ram", ["ram_gib", "ram_allocation_ratio"])


def test_a_longer_name_that_adds_no_unit_is_no_missing_unit() -> None:
    """`ram_allocation_ratio` is not `ram` with a unit."""
    assert "unit" not in unknown_name("ram", ["ram_allocation_ratio"])


def test_a_near_name_is_offered_and_a_far_one_is_not() -> None:
    """A hint that is far off misleads more than none."""
    assert unknown_name("sed", ["seed", "name"]).startswith("did you mean seed?")
    assert unknown_name("zzz", ["seed", "name"]) == "accepted is one of name, seed"


def test_a_long_list_of_names_is_cut() -> None:
    """Sixty parameter names do not help to find one."""
    text = listed(f"n{i:02}" for i in range(NAMES_LISTED_MAX + 7))
    assert text.endswith("and 7 more")
    assert listed([]) == "nothing is accepted here"
    assert listed(["one"]) == "accepted is one"
