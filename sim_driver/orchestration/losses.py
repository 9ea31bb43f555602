"""Engine processes that die and are started anew, and what is lost with each.

In the convergence architecture a process takes a message off its queue before it works on it.
So the resources that it was working on are lost: nobody ends them or fails them, and the stack
waits until it times out. In the legacy architecture a stack belongs to one process; whoever is
started next finds the stacks whose process is gone, and fails them.

Source: heat/engine/service.py, `reset_stack_status`, which passes stacks in convergence by; from
memory. That nobody takes up what a lost process had taken off its queue is assumed.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from coe_twin.coe_core.errors import ResourceFailed
from coe_twin.sim_driver.controllers import Workers
from coe_twin.sim_driver.orchestration.stacks import SimStack

Life: TypeAlias = tuple[Workers, int]
"""A process from one start to its end."""


class Losses:
    """How often each engine process died."""

    def __init__(self) -> None:
        self._deaths: Counter[Workers] = Counter()

    def life(self, engine: Workers) -> Life:
        """Return the life that `engine` is living."""
        return engine, self._deaths[engine]

    def is_over(self, life: Life) -> bool:
        """Return whether a life has ended."""
        engine, deaths = life
        return self._deaths[engine] > deaths

    def kill(self, engine: Workers) -> None:
        """End the life of `engine`; the next begins at once."""
        self._deaths[engine] += 1


def orphaned(stack: SimStack, engine: Workers) -> Iterator[SimStack]:
    """Yield the stacks in progress of a tree that belong to `engine`, from the leaves up."""
    for child in list(stack.children()):
        yield from orphaned(child, engine)
    if stack.engine is engine and stack.status.is_in_progress:
        yield stack


def went_down(stack: SimStack) -> ResourceFailed:
    """Return with what an engine fails a stack whose process is gone."""
    action = stack.status.split("_")[0]
    return ResourceFailed(stack.name, f"Engine went down during stack {action}")
