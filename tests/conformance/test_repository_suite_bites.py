"""The suite itself under test: rules that no wrong repository can fail are decoration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from coe_twin.coe_core.conformance.repository import SUITE
from coe_twin.coe_core.conformance.repository_under_test import RepositoryUnderTest
from coe_twin.coe_core.conformance.rules import Scene
from coe_twin.coe_core.errors import CoeError
from coe_twin.coe_core.ports.repository import ClusterRepository
from coe_twin.sim_driver.runtime import SimRuntime
from tests.conformance import wrong_repositories as wrong
from tests.conformance.repositories import Clock, play
from tests.conformance.rules import documented
from tests.conformance.wrong_repositories import Right

FAILURES: Final = (AssertionError, CoeError)
"""How a scene fails; any other error would be a slip in the wrong repository."""

BITES: Final[dict[str, tuple[type[Right], ...]]] = {
    "S301": (wrong.KeepsTheVersionOnSave, wrong.ReturnsTheOldVersion, wrong.ForgetsTheSave),
    "S302": (wrong.SavesAnyVersion, wrong.SavesNewerVersions, wrong.StoresBeforeItRefuses),
    "S303": (
        wrong.KeepsTheRemoved,
        wrong.RemovesAll,
        wrong.RemovesOnce,
        wrong.RemovesOperations,
        wrong.KeepsTheLeaseOfTheRemoved,
        wrong.SavesTheUnknown,
    ),
    "S304": (wrong.ListsById, wrong.MovesTheSaved, wrong.PutsBackInPlace),
    "S305": (wrong.AddsAgain, wrong.IgnoresTheSecond, wrong.OverwritesAndRefuses),
    "S306": (
        wrong.LosesRetiredIndexes,
        wrong.RoundsTheTimeout,
        wrong.StartsAtVersionZero,
        wrong.ListsWithoutReasons,
        wrong.ForgetsWhatAResizeWants,
        wrong.TakesWithoutKeypair,
    ),
    "S307": (
        wrong.MovesTheOverwritten,
        wrong.IgnoresTheEnd,
        wrong.WritesBoth,
        wrong.ListsEveryOperation,
    ),
    "S308": (
        wrong.KeepsTheVersionOnTake,
        wrong.RefusesOneself,
        wrong.KeepsTheEndOnTake,
        wrong.NeverEnds,
    ),
    "S309": (
        wrong.TakesFromAnyone,
        wrong.CountsRefusals,
        wrong.NamesWhoAsked,
        wrong.SaysTheWholeLease,
        wrong.EndsEveryLease,
    ),
    "S310": (wrong.KeepsTheVersionOnTake, wrong.KeepsTheVersionOfAFormerHolder),
    "S311": (
        wrong.RenewsForAnyone,
        wrong.RenewsWhatIsGone,
        wrong.RenewsBeforeItRefuses,
        wrong.RenewsFromTheEnd,
        wrong.RenewsNothing,
        wrong.RenewsTheVersion,
    ),
    "S312": (
        wrong.ReleasesForAnyone,
        wrong.ReleasesNothing,
        wrong.ReleasesOnlyTheKnown,
        wrong.ReleasesTheVersion,
    ),
    "S313": (wrong.LooksBeforeItSaves, wrong.LooksBeforeItTakes, wrong.LetsNobodyWin),
    "S314": (
        wrong.ForgetsClusters,
        wrong.ForgetsOperations,
        wrong.ForgetsLeases,
        wrong.ForgetsTheOrder,
    ),
}


class WrongSubject:
    """A repository in memory that can be opened again, in virtual time."""

    is_persistent = True

    def __init__(self, kind: type[Right]) -> None:
        clock = Clock()
        self.runtime = SimRuntime()
        self.advance = clock.advance
        self._repository = kind(clock, self.runtime)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ClusterRepository]:
        yield self._repository

    @asynccontextmanager
    async def reopen(self) -> AsyncIterator[ClusterRepository]:
        yield self._repository.reopened()


def scenes(rule: str) -> list[Scene[RepositoryUnderTest]]:
    """Return the scenes of a rule."""
    return [scene for scene in SUITE.scenes if scene.rule == rule]


@pytest.mark.parametrize("scene", SUITE.scenes, ids=str)
def test_a_right_repository_passes(scene: Scene[RepositoryUnderTest]) -> None:
    """What the wrong ones are made from breaks no rule."""
    assert play(scene, WrongSubject(Right)) is None


@pytest.mark.parametrize(
    ("rule", "kind"), [(rule, kind) for rule, kinds in BITES.items() for kind in kinds]
)
def test_a_wrong_repository_fails(rule: str, kind: type[Right]) -> None:
    """A scene of the rule tells a repository that breaks it from one that keeps it."""
    failures = []
    for scene in scenes(rule):
        try:
            play(scene, WrongSubject(kind))
        except FAILURES as failure:
            failures.append(failure)
    assert failures


def test_every_rule_has_a_wrong_repository() -> None:
    """No rule is without a repository that fails it."""
    assert set(BITES) == set(documented(ClusterRepository))
