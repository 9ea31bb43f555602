"""How scenes are registered and how they judge."""

import pytest

from coe_twin.coe_core.conformance.rules import NotSupported, Suite, raises, require, stated_rules
from coe_twin.coe_core.errors import LeaseHeld, LeaseLost, NotFound

CONTRACT = """A seam.

    - X101 one thing holds.
    - X102 another holds, as X999 says,
      over two lines.
"""


async def holds(subject: list[str]) -> None:
    """A scene that notes that it was played."""
    subject.append("played")


def test_the_rules_are_read_from_the_contract() -> None:
    """An id counts where it begins a row, and a seam without a docstring states none."""
    assert stated_rules(CONTRACT) == ("X101", "X102")
    assert stated_rules(None) == ()


def test_scenes_are_kept_in_order() -> None:
    """A rule may have several scenes; each shows its rule and its name."""
    suite = Suite[list[str]](CONTRACT)
    for rule in ("X102", "X101", "X102"):
        assert suite.rule(rule)(holds) is holds
    assert [str(scene) for scene in suite.scenes] == ["X102-holds", "X101-holds", "X102-holds"]


def test_a_rule_that_nobody_states_cannot_be_held() -> None:
    """A slip in an id is found when the suite is loaded."""
    with pytest.raises(ValueError, match="X103 is not among the rules X101, X102"):
        Suite[list[str]](CONTRACT).rule("X103")


def test_a_scene_goes_on_only_with_what_it_needs() -> None:
    """What is lacking is named."""
    require(has_it=True, what="volumes")
    with pytest.raises(NotSupported, match="volumes"):
        require(has_it=False, what="volumes")


def test_the_error_that_must_come_is_kept() -> None:
    """A scene can look at what was raised."""
    with raises(LeaseHeld) as caught:
        raise LeaseHeld("c0", "ann", 1.0)
    assert caught.error is not None
    assert caught.error.holder == "ann"


def test_no_error_and_another_error_break_the_rule() -> None:
    """Only the error that the rule names will do; what is no error of the core passes through."""
    with pytest.raises(AssertionError, match="raised nothing, not NotFound"), raises(NotFound):
        pass
    with pytest.raises(AssertionError, match="raised LeaseLost, not NotFound"), raises(NotFound):
        raise LeaseLost("c0")
    with pytest.raises(ZeroDivisionError), raises(NotFound):
        raise ZeroDivisionError
