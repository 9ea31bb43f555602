"""What the provisioners that use Heat share: bring one stack to its spec, or remove it."""

from coe_twin.coe_core.errors import NotFound
from coe_twin.coe_core.faults import error_of
from coe_twin.coe_core.ids import StackId
from coe_twin.coe_core.ports.cloud import Stack, Stacks, StackSpec, StackStatus
from coe_twin.coe_core.ports.poller import Poller, PollSchedule
from coe_twin.coe_core.templates.hot import as_text


class StackKeeper:
    """Creates, updates and deletes single stacks, and waits for Heat to finish."""

    def __init__(self, stacks: Stacks, poller: Poller, schedule: PollSchedule) -> None:
        self._stacks = stacks
        self._poller = poller
        self._schedule = schedule

    async def converge(self, spec: StackSpec, found: Stack | None) -> None:
        """Bring the stack to `spec`; `found` is what is there under its name.

        A stack whose creation failed cannot be repaired by Heat of that time, so it is
        replaced.

        Raises:
            DriverError: Heat refused, or the stack failed.
        """
        if found is not None and found.status.is_in_progress:
            found = await self._settled(found.id)
        if found is not None and found.status.is_failed and not found.status.is_update:
            await self.remove(found)
            found = None
        if found is None:
            stack = await self._stacks.create_stack(spec)
        elif _has(found, spec) and not found.status.is_failed:
            return
        else:
            stack = found.id
            await self._stacks.update_stack(stack, spec)
        settled = await self._settled(stack)
        if settled is None:
            raise NotFound(spec.name, f"stack {stack} could not be found: it was deleted meanwhile")
        if settled.status.is_failed:
            raise error_of(spec.name, settled.reason)

    async def remove(self, stack: Stack) -> None:
        """Delete `stack` and wait until it is gone.

        Raises:
            DriverError: Heat could not delete it.
        """
        try:
            await self._stacks.delete_stack(stack.id)
        except NotFound:
            return
        left = await self._poller.until(stack.id, lambda: self._gone(stack.id), self._schedule)
        if isinstance(left, Stack):
            raise error_of(stack.name, left.reason)

    async def _settled(self, stack: StackId) -> Stack | None:
        """Return the stack at the end of what Heat does to it, None if that was a delete."""
        ended = await self._poller.until(stack, lambda: self._ended(stack), self._schedule)
        return ended if isinstance(ended, Stack) else None

    async def _ended(self, stack: StackId) -> Stack | bool | None:
        """Return True once the stack is gone, the stack once it rests, else None."""
        try:
            shown = await self._stacks.show_stack(stack)
        except NotFound:
            return True
        return None if shown.status.is_in_progress else shown

    async def _gone(self, stack: StackId) -> Stack | bool | None:
        """Return True once the stack is gone, the stack if its deletion failed, else None."""
        try:
            shown = await self._stacks.show_stack(stack)
        except NotFound:
            return True
        return shown if shown.status is StackStatus.DELETE_FAILED else None


def _has(stack: Stack, spec: StackSpec) -> bool:
    """Return whether `stack` was last given the parameters of `spec`."""
    return stack.parameters == {name: as_text(value) for name, value in spec.parameters.items()}
