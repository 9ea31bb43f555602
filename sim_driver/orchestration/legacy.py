"""The legacy engine: one greenthread walks a stack, serially.

The walker starts what is ready, one resource after the other. A nested stack is a blocking
RPC call, so the walker of a stack with N nested stacks spends N round trips one after the
other, whatever else the cloud has to offer: this is the serial resource of a large cluster.
Between steps it sleeps 1 s; it then looks at everything that it has started, and notices
completions and failures only there. The rows that a step writes are charged to the
database at its end.

Source: heat@mitaka-eol heat/engine/scheduler.py (TaskRunner, wait_time=1;
DependencyTaskGroup), heat/engine/resources/stack_resource.py.
"""

from functools import partial
from math import ceil
from typing import Final

from coe_twin.coe_core.errors import DriverError
from coe_twin.sim_driver.orchestration.engine import Do
from coe_twin.sim_driver.orchestration.stacks import Order, SimStack, Stopped
from coe_twin.sim_driver.substrate import Substrate

WALKER: Final = "heat walker of the parent stack"


class LegacyTraversal:
    """`Traversal` by a serial walker with steps."""

    def __init__(self, substrate: Substrate) -> None:
        self._substrate = substrate
        self._runtime = substrate.runtime
        self._step = substrate.service_time("heat.step_s")
        self._poll = substrate.service_time("heat.child_poll_s")
        recorder = substrate.world.recorder
        self._walker = recorder.index(WALKER) if recorder is not None else 0

    async def traverse(self, stack: SimStack, order: Order, do: Do) -> None:
        """Do all of `order`, one after the other, step by step."""
        action = stack.tree.action
        stack.finished.clear()
        ready = order.ready
        in_progress = 0
        task = self._runtime.running()
        while order.open:
            for index in ready:
                if stack.tree.action != action:
                    raise Stopped
                task.role = self._walker if stack.is_nested(index) else 0
                completion = await do(stack, index, stack.engine)
                task.role = 0
                in_progress += 1
                if completion is None:
                    _tell(stack, index, action, order.is_forward, None)
                else:
                    completion.then(partial(_tell, stack, index, action, order.is_forward))
            if ready and stack.plan is not None:
                await self._substrate.transact(stack.key, 100 + ready[0], len(ready))
            await self._await_step(stack, in_progress, action)
            if stack.tree.action != action:
                raise Stopped
            ready = []
            for index, error in stack.finished:
                if error is not None:
                    raise error
                in_progress -= 1
                ready.extend(order.done(index))
            stack.finished.clear()

    async def _await_step(self, stack: SimStack, in_progress: int, action: int) -> None:
        """Sleep until the first step at which something has ended, then look at all.

        The steps between, at which nothing would be seen, are charged in bulk.
        """
        env = self._runtime.env
        since = env.now
        if not stack.finished:
            await stack.park(self._runtime, action)
        step = self._step.draw(stack.key)
        steps = max(1, ceil((env.now - since) / step))
        await self._substrate.world.delay("heat step", max(0.0, since + steps * step - env.now))
        look = self._poll.draw(stack.key, in_progress) * in_progress
        self._substrate.charge("heat-engine", look * (steps - 1))
        await stack.engine.run(look)


def _tell(
    stack: SimStack,
    index: int,
    action: int,
    is_forward: bool,  # noqa: FBT001 - `partial` fills it in
    error: DriverError | None,
) -> None:
    """Pass an end on, unless another action has begun since."""
    if stack.tree.action == action:
        stack.finish(index, error, is_forward=is_forward)
