"""RabbitMQ: messages between services, and calls that wait for an answer.

Mechanism: a queue lives on one broker node, so more nodes do not speed up one queue; each
message costs CPU there. A call is a request and a reply message around the handler, plus
the latency of client library and wire. The caller gives up after `rpc_response_timeout`,
but the handler goes on: the answer is lost, not the work.

Messages of which copies stay behind, such as notifications that nobody consumes, fill the
brokers' memory; where a set-up says after how many (`kept_messages_max`), publishers are
blocked from then on: calls time out and casts do not get out. RabbitMQ's documentation calls
this the memory alarm.

Source: the CPU tables of the oslo.messaging tests in OpenStack performance-docs
(test_results/mq/rabbitmq), which show one busy node per queue.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar, cast
from zlib import crc32

from coe_twin.coe_core.errors import DeadlineExceeded, RpcTimeout
from coe_twin.coe_core.units import Seconds
from coe_twin.sim_driver.cancellation import Cancelled
from coe_twin.sim_driver.controllers import Machine
from coe_twin.sim_driver.stations import FifoStation, Station
from coe_twin.sim_driver.task import SimTask
from coe_twin.sim_driver.world import World

T = TypeVar("T")

Work = Callable[[], Awaitable[T]]
"""What a consumer begins once it has the message."""


class _Reply(Generic[T]):
    """The place where a handler leaves its answer for a caller that may have gone."""

    __slots__ = ("caller", "error", "is_done", "value")

    def __init__(self) -> None:
        self.caller: SimTask[Any] | None = None
        self.is_done = False
        self.error: BaseException | None = None
        self.value: T | None = None

    def deliver(self, task: SimTask[T], error: BaseException | None) -> None:
        self.is_done = True
        self.error = error
        if error is None:
            self.value = task.result()
        elif isinstance(error, Cancelled):
            return
        caller = self.caller
        if caller is not None:
            self.caller = None
            caller.trace = task.trace
            if not caller.is_interrupted:
                caller.resume_after(0.0)


class MessageBus:
    """The RabbitMQ cluster; `timeout` is how long a caller waits for an answer [s].

    Its nodes share the cores of `machines`, if there are any, in turn.
    """

    def __init__(self, world: World, machines: Sequence[Machine] | None = None) -> None:
        block = world.setup.rabbitmq
        self._world = world
        self._nodes = [_node(world, number, machines) for number in range(block.nodes)]
        self.timeout = Seconds(block.rpc_response_timeout_s)
        self._message = world.service_time("rabbitmq.message_s")
        self._latency = world.service_time("rabbitmq.latency_s")
        self._homes: dict[str, Station] = {}
        self._published = 0
        self._kept_max = block.kept_messages_max or float("inf")

    def capacities(self) -> dict[str, int]:
        """Return the cores of each broker node by its name."""
        return {node.name: node.servers for node in self._nodes}

    def home(self, queue: str) -> Station:
        """Return the broker node on which `queue` lives."""
        node = self._homes.get(queue)
        if node is None:
            node = self._nodes[crc32(queue.encode()) % len(self._nodes)]
            self._homes[queue] = node
        return node

    async def call(self, queue: str, key: int, number: int, work: Work[T]) -> T:
        """Return the answer of `work`, done by a consumer of `queue`.

        `key` and `number` name the call for its draws.

        Raises:
            RpcTimeout: no answer within the timeout; the work goes on.
        """
        runtime = self._world.runtime
        if self._is_blocked(2):
            await runtime.sleep(self.timeout)
            raise self._no_reply(queue)
        caller = runtime.running()
        reply: _Reply[T] = _Reply()
        handler = runtime.spawn(self._handle(queue, key, number, work), reply.deliver)
        handler.role = caller.role
        try:
            async with runtime.deadline(self.timeout):
                reply.caller = caller
                await runtime.park()
        except DeadlineExceeded:
            raise self._no_reply(queue) from None
        finally:
            reply.caller = None
        if reply.error is not None:
            raise reply.error
        return cast("T", reply.value)

    def cast(self, queue: str, key: int, number: int, work: Work[None]) -> None:
        """Send a message that nobody waits for; a consumer of `queue` does `work`."""
        if not self._is_blocked(1):
            self._world.runtime.serve(self._deliver(queue, key, number, work))

    @staticmethod
    def _no_reply(queue: str) -> RpcTimeout:
        return RpcTimeout(queue, f"Timed out waiting for a reply to message on {queue}")

    def _is_blocked(self, messages: int) -> bool:
        """Count so many messages; return whether they find the publishers blocked."""
        self._published += messages
        return self._published > self._kept_max

    async def _deliver(self, queue: str, key: int, number: int, work: Work[None]) -> None:
        await self.home(queue).visit(self._message.draw(key, number))
        await work()

    async def _handle(self, queue: str, key: int, number: int, work: Work[T]) -> T:
        home = self.home(queue)
        await home.visit(self._message.draw(key, 2 * number))
        answer = await work()
        await home.visit(self._message.draw(key, 2 * number + 1))
        await self._world.delay("rabbitmq latency", self._latency.draw(key, number))
        return answer


def _node(world: World, number: int, machines: Sequence[Machine] | None) -> Station:
    name = f"rabbitmq-{number}"
    if machines is not None:
        return machines[number % len(machines)].share(name)
    cores = world.setup.rabbitmq.cores
    assert cores is not None, "cores or controllers are given"
    return FifoStation(world.runtime, name, cores, world.recorder, speed=world.setup.core_speed)
