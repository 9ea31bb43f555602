"""The convergence engine: a message per resource, and sync points where they meet.

Every resource that is ready is cast to the engines, so a stack has no serial walker. A
resource holds one of the engines' threads until it is complete. What waits for several
others has a sync point, a row that each of them updates with an optimistic lock; who loses
the race sleeps at random, for longer the more take part, and tries again.

Source: heat@newton-eol heat/rpc/worker_client.py, heat/engine/sync_point.py: sleep of up to
min((predecessors - 2) * 10 ms, 10 s); heat/engine/check_resource.py.
"""

from functools import partial
from math import ceil
from typing import Final

from coe_twin.coe_core.errors import DriverError
from coe_twin.sim_driver.orchestration.completion import Completion
from coe_twin.sim_driver.orchestration.engine import Do, Engine
from coe_twin.sim_driver.orchestration.losses import Life
from coe_twin.sim_driver.orchestration.stacks import Order, SimStack, Stopped
from coe_twin.sim_driver.substrate import Substrate
from coe_twin.sim_driver.sync import SimSemaphore

OF_THE_STACK: Final = -1
"""The sync point that the last resources of a stack share."""


class ConvergenceTraversal:
    """`Traversal` by casts."""

    def __init__(self, substrate: Substrate, engine: Engine) -> None:
        self._substrate = substrate
        self._runtime = substrate.runtime
        self._engine = engine
        threads = substrate.setup.heat.engine_threads * len(substrate.engines)
        self._threads = SimSemaphore(substrate.runtime, threads)
        self._points: dict[tuple[str, int], int] = {}
        self._step = substrate.service_time("heat.step_s")
        self._sync = substrate.service_time("heat.sync_point_s")
        self._backoff = substrate.service_time("heat.sync_point_backoff_s")
        self._backoff_max = substrate.service_time("heat.sync_point_backoff_max_s")

    async def traverse(self, stack: SimStack, order: Order, do: Do) -> None:
        """Do all of `order`, everything at once that can go."""
        action = stack.tree.action
        stack.finished.clear()
        ready = order.ready
        size = order.open
        while order.open:
            for index in ready:
                stack.tree.active += 1
                work = partial(self._check, stack, index, order, do, size, action)
                self._substrate.bus.cast("engine-worker", stack.key, 40_000 + index, work)
            if not stack.finished:
                await stack.park(self._runtime, action)
            if stack.tree.action != action:
                raise Stopped
            ready = []
            for index, error in stack.finished:
                if error is not None:
                    raise error
                ready.extend(order.done(index))
            stack.finished.clear()
        self._points.pop((stack.id, OF_THE_STACK), None)

    async def _check(
        self, stack: SimStack, index: int, order: Order, do: Do, size: int, action: int
    ) -> None:
        """Work on one resource until it is complete; the core of `check_resource`."""
        error: DriverError | None = None
        losses = self._engine.losses
        life: Life | None = None
        arrived = self._runtime.env.now
        await self._threads.acquire()
        try:
            self._substrate.world.waited("heat engine threads", arrived)
            if stack.tree.action == action:
                engine = self._engine.next_engine()
                life = losses.life(engine)
                completion = await do(stack, index, engine)
                await self._substrate.transact(stack.key, 100 + index)
                if completion is not None:
                    await self._await(stack, completion, action)
                for other in order.after(index) or (OF_THE_STACK,):
                    fan_in = size if other == OF_THE_STACK else order.fan_in(other)
                    await self._update_point(stack, index, other, fan_in)
        except DriverError as caught:
            error = caught
        except Stopped:
            pass
        finally:
            self._threads.release()
            stack.tree.leave()
        is_lost = life is not None and losses.is_over(life)
        if stack.tree.action == action and not is_lost:
            stack.finish(index, error, is_forward=order.is_forward)

    async def _await(self, stack: SimStack, completion: Completion, action: int) -> None:
        """Wait for the first step of 1 s at which `completion` has ended.

        Raises:
            DriverError: it ended with this.
            Stopped: another action has begun.
        """
        env = self._runtime.env
        since = env.now
        if stack.tree.action != action:
            raise Stopped
        if not completion.is_done:
            task = self._runtime.running()
            stack.tree.parked[task] = None

            def wake(_error: DriverError | None) -> None:
                if task in stack.tree.parked:
                    del stack.tree.parked[task]
                    teller = self._runtime.current
                    task.trace = teller.trace if teller is not None else task.trace
                    task.resume_after(0.0)

            completion.then(wake)
            await self._runtime.park()
            if stack.tree.action != action:
                raise Stopped
        step = self._step.draw(stack.key)
        steps = max(1, ceil((env.now - since) / step))
        await self._substrate.world.delay("heat step", max(0.0, since + steps * step - env.now))
        if completion.error is not None:
            raise completion.error

    async def _update_point(self, stack: SimStack, index: int, other: int, fan_in: int) -> None:
        point = (stack.id, other)
        attempt = 0
        while True:
            seen = self._points.get(point, 0)
            number = (index * 64 + attempt) % 60_000
            await self._substrate.database.visit(self._sync.draw(stack.key, number))
            if self._points.get(point, 0) == seen or fan_in < 2:  # noqa: PLR2004 - nobody else
                break
            attempt += 1
            await self._back_off(stack, number, fan_in)
        if fan_in > 1:
            self._points[point] = seen + 1

    async def _back_off(self, stack: SimStack, number: int, fan_in: int) -> None:
        step = self._backoff.draw(stack.key, number)
        longest = min(max(0, fan_in - 2) * step, self._backoff_max.draw(stack.key, number))
        uniform = self._substrate.world.draws.uniform_at(stack.key, 7_000_000 + number)
        await self._substrate.world.delay("heat sync point back-off", uniform * longest)
