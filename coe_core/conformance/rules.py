"""Contract rules, and the scenes that hold an implementation to them."""

import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from coe_twin.coe_core.errors import CoeError

Subject = TypeVar("Subject")
Failure = TypeVar("Failure", bound=CoeError)
Play = Callable[[Subject], Coroutine[Any, Any, None]]


class NotSupported(CoeError):
    """What is under test lacks something that this scene needs; the text says what."""


@dataclass(frozen=True, slots=True)
class Scene(Generic[Subject]):
    """One contract rule by its id, and a coroutine function that raises if it is broken."""

    rule: str
    play: Play[Subject]

    def __str__(self) -> str:
        return f"{self.rule}-{self.play.__name__}"


class Suite(Generic[Subject]):
    """The scenes of one seam in the order of their definition.

    `contract` is the docstring that states the rules; only those can be held.
    """

    def __init__(self, contract: str | None) -> None:
        self.stated = stated_rules(contract)
        self.scenes: list[Scene[Subject]] = []

    def rule(self, rule: str) -> Callable[[Play[Subject]], Play[Subject]]:
        """Return a decorator that registers a scene of `rule`.

        Raises:
            ValueError: the contract states no such rule.
        """
        if rule not in self.stated:
            raise ValueError(f"{rule} is not among the rules {', '.join(self.stated)}")

        def register(play: Play[Subject]) -> Play[Subject]:
            self.scenes.append(Scene(rule, play))
            return play

        return register


@dataclass(slots=True)
class Caught(Generic[Failure]):
    """The failure that a block raised, once it did."""

    error: Failure | None = None


def stated_rules(contract: str | None) -> tuple[str, ...]:
    """Return the ids of the rules that a docstring states, in order."""
    return tuple(re.findall(r"^\s*- ([A-Z]\d+) ", contract or "", flags=re.MULTILINE))


def require(has_it: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Go on only where the implementation under test has `what`.

    Raises:
        NotSupported: it has not.
    """
    if not has_it:
        raise NotSupported(what)


@contextmanager
def raises(kind: type[Failure]) -> Iterator[Caught[Failure]]:
    """Hold that the block raises `kind`, and keep what was raised.

    Raises:
        AssertionError: the block raised nothing, or another error of the core.
    """
    caught = Caught[Failure]()
    try:
        yield caught
    except kind as error:
        caught.error = error
    except CoeError as error:
        raise AssertionError(f"raised {type(error).__name__}, not {kind.__name__}") from error
    else:
        raise AssertionError(f"raised nothing, not {kind.__name__}")
