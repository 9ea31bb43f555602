"""The suite of the cloud seam: where its scenes are registered, and how they clean up."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Final

from coe_twin.coe_core.conformance.rules import NotSupported, Play, Suite
from coe_twin.coe_core.conformance.subject import CloudUnderTest
from coe_twin.coe_core.errors import CoeError, Conflict, DeadlineExceeded, NotFound
from coe_twin.coe_core.ids import Tag
from coe_twin.coe_core.lifecycle.sweep import leftovers
from coe_twin.coe_core.ports import cloud

SUITE: Final = Suite[CloudUnderTest](cloud.__doc__)

CloudScene = Play[CloudUnderTest]


def rule(rule_id: str) -> Callable[[CloudScene], CloudScene]:
    """Return a decorator that registers a scene of `rule_id`, which leaves nothing behind.

    Raises:
        ValueError: the contract states no such rule.
    """
    register = SUITE.rule(rule_id)

    def decorate(scene: CloudScene) -> CloudScene:
        return register(cleaning(scene))

    return decorate


def cleaning(scene: CloudScene) -> CloudScene:
    """Return `scene` with a clean-up after it, which is no part of it.

    In straight line: where a scene is cancelled, nothing can be awaited any more.
    """

    @wraps(scene)
    async def play(subject: CloudUnderTest) -> None:
        try:
            await scene(subject)
        except NotSupported:
            raise
        except (AssertionError, CoeError):
            with suppress(AssertionError, CoeError):  # the first failure says more
                await clear(subject)
            raise
        await clear(subject)

    return play


async def clear(subject: CloudUnderTest) -> None:
    """Delete what carries a tag of the scene, and wait until it is gone.

    Raises:
        AssertionError: something is left when patience is over.
    """
    try:
        async with subject.runtime.deadline(subject.patience):
            for tag in (subject.tag, subject.other_tag):
                await _clear_tag(subject, tag)
    except DeadlineExceeded:
        raise AssertionError(f"what carries {subject.tag} cannot be deleted") from None


async def _clear_tag(subject: CloudUnderTest, tag: Tag) -> None:
    while left := await leftovers(subject.cloud, tag):
        for item in left:
            with suppress(NotFound, Conflict):
                await item.delete()
        await subject.runtime.sleep(subject.schedule.every)
