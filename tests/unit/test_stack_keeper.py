"""What the keeper of stacks makes of each state in which it can find one."""

from collections.abc import Iterator

import pytest

from coe_twin.coe_core.errors import NotFound, QuotaExceeded
from coe_twin.coe_core.ids import ProjectId, StackId, Tag
from coe_twin.coe_core.polling import LoopPoller
from coe_twin.coe_core.ports.cloud import Stack, StackSpec, StackStatus
from coe_twin.coe_core.ports.poller import PollSchedule
from coe_twin.coe_core.provisioners.stacks import StackKeeper
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.runtime import SimRuntime

S = StackStatus
GONE = None
SPEC = StackSpec(
    name="c0",
    project=ProjectId("p0"),
    tag=Tag("coe:c0"),
    template={},
    files={},
    parameters={"number_of_minions": 2},
    timeout=Seconds(60.0),
)


def stack(status: StackStatus, minions: int = 1) -> Stack:
    reason = "Quota exceeded: cores" if status.is_failed else ""
    parameters = {"number_of_minions": str(minions)}
    return Stack(id=StackId("s"), name="c0", status=status, reason=reason, parameters=parameters)


class ScriptedStacks:
    """A Heat that shows one state after the other; None is: there is no such stack."""

    def __init__(self, *shown: StackStatus | None) -> None:
        self.calls: list[str] = []
        self._shown: Iterator[StackStatus | None] = iter(shown)

    async def create_stack(self, spec: StackSpec) -> StackId:
        self.calls.append("create")
        return StackId("s")

    async def show_stack(self, identity: StackId) -> Stack:
        status = next(self._shown)
        if status is None:
            raise NotFound(identity)
        return stack(status)

    async def update_stack(self, identity: StackId, spec: StackSpec) -> None:
        self.calls.append("update")

    async def delete_stack(self, identity: StackId) -> None:
        self.calls.append("delete")

    async def list_stacks(self, tag: Tag) -> tuple[Stack, ...]:
        raise NotImplementedError


class EmptyStacks(ScriptedStacks):
    """A Heat in which the stack is gone by the time of its delete."""

    async def delete_stack(self, identity: StackId) -> None:
        raise NotFound(identity)


def converge(stacks: ScriptedStacks, found: Stack | None) -> list[str]:
    """Return the calls by which the keeper brings `found` to the spec."""
    runtime = SimRuntime()
    schedule = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))
    keeper = StackKeeper(stacks, LoopPoller(runtime), schedule)
    runtime.run(keeper.converge(SPEC, found))
    return stacks.calls


def remove(stacks: ScriptedStacks) -> list[str]:
    """Return the calls by which the keeper removes a stack."""
    runtime = SimRuntime()
    schedule = PollSchedule(first_after=Seconds(1.0), every=Seconds(1.0))
    keeper = StackKeeper(stacks, LoopPoller(runtime), schedule)
    runtime.run(keeper.remove(stack(S.CREATE_COMPLETE)))
    return stacks.calls


@pytest.mark.parametrize(
    ("found", "shown", "calls"),
    [
        (None, [S.CREATE_IN_PROGRESS, S.CREATE_COMPLETE], ["create"]),
        (stack(S.CREATE_COMPLETE, 2), [], []),
        (stack(S.CREATE_COMPLETE), [S.UPDATE_COMPLETE], ["update"]),
        (stack(S.UPDATE_FAILED, 2), [S.UPDATE_COMPLETE], ["update"]),
        (stack(S.UPDATE_IN_PROGRESS), [S.UPDATE_COMPLETE, S.UPDATE_COMPLETE], ["update"]),
        (stack(S.CREATE_FAILED), [GONE, S.CREATE_COMPLETE], ["delete", "create"]),
        (stack(S.DELETE_FAILED), [GONE, S.CREATE_COMPLETE], ["delete", "create"]),
        (stack(S.DELETE_IN_PROGRESS), [GONE, S.CREATE_COMPLETE], ["create"]),
        (
            stack(S.DELETE_IN_PROGRESS),
            [S.DELETE_IN_PROGRESS, S.DELETE_FAILED, GONE, S.CREATE_COMPLETE],
            ["delete", "create"],
        ),
    ],
)
def test_each_state_is_brought_to_the_spec(
    found: Stack | None, shown: list[StackStatus | None], calls: list[str]
) -> None:
    """What is whole stays, what can be updated is, what cannot is replaced, what goes is let go."""
    assert converge(ScriptedStacks(*shown), found) == calls


@pytest.mark.parametrize("found", [None, stack(S.CREATE_COMPLETE)])
def test_a_stack_that_fails_raises_its_cause(found: Stack | None) -> None:
    """The reason that Heat shows becomes the error that it stands for."""
    failed = S.CREATE_FAILED if found is None else S.UPDATE_FAILED
    with pytest.raises(QuotaExceeded):
        converge(ScriptedStacks(failed), found)


def test_a_stack_that_is_deleted_meanwhile_is_not_found() -> None:
    """Somebody else's delete is no success of ours."""
    with pytest.raises(NotFound, match="deleted meanwhile"):
        converge(ScriptedStacks(GONE), None)


def test_a_delete_waits_until_the_stack_is_gone() -> None:
    """What Heat showed before it took the delete up says nothing about the delete."""
    assert remove(ScriptedStacks(S.CREATE_FAILED, S.DELETE_IN_PROGRESS, GONE)) == ["delete"]
    assert remove(EmptyStacks()) == []


def test_a_delete_that_fails_raises_its_cause() -> None:
    """DELETE_FAILED is the only end but the end."""
    with pytest.raises(QuotaExceeded):
        remove(ScriptedStacks(S.DELETE_IN_PROGRESS, S.DELETE_FAILED))
