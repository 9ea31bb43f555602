"""heat-engine: what both architectures do to resources and nested stacks.

How the resources of a stack follow one another is the architecture's part (`Traversal`);
what one of them costs is here. Source: heat@mitaka-eol and heat@newton-eol,
heat/engine/resources/stack_resource.py (nested stacks by RPC),
heat/common/config.py (limits).
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from coe_twin.coe_core.documents import Json
from coe_twin.coe_core.errors import DriverError, RpcTimeout, StackLimitExceeded
from coe_twin.coe_core.ports.cloud import StackStatus
from coe_twin.sim_driver.controllers import Workers
from coe_twin.sim_driver.hot.parameters import Parameter
from coe_twin.sim_driver.hot.plan import ResourcePlan, TemplatePlan
from coe_twin.sim_driver.hot.values import resolve
from coe_twin.sim_driver.orchestration.completion import Completion
from coe_twin.sim_driver.orchestration.handlers import Handlers
from coe_twin.sim_driver.orchestration.losses import Losses
from coe_twin.sim_driver.orchestration.stacks import Members, Order, SimStack, Stopped, Tree
from coe_twin.sim_driver.substrate import Substrate

ROWS_PER_RESOURCE: Final = 3.14
"""One row, and 2.14 rows of events: 47,008 events for 22,000 resources (Zane Bitter,
openstack-dev 2016-08/101141)."""

Work = Coroutine[Any, Any, None]
Do = Callable[[SimStack, int, Workers], Awaitable[Completion | None]]


class Traversal(Protocol):
    """How the resources of one stack follow one another."""

    def traverse(self, stack: SimStack, order: Order, do: Do) -> Work:
        """Do all of `order`.

        Raises:
            DriverError: the first failure that was noticed.
            Stopped: another action took over.
        """


class Engine:
    """The engine processes, with the work on stacks that they share."""

    def __init__(self, substrate: Substrate, handlers: Handlers) -> None:
        self._substrate = substrate
        self._handlers = handlers
        self._heat = substrate.setup.heat
        self._turn = 0
        self._issued = 0
        self._held = 0
        self._held_max = self._heat.state_resources_max
        self.losses = Losses()
        self.rows = 0.0
        self._rows_slowdown = (
            substrate.world.parameters.mean("heat.rows_slowdown_per_million") / 1e6
        )
        self._create = substrate.service_time("heat.resource_create_s")
        self._delete = substrate.service_time("heat.resource_delete_s")
        self._prepare = substrate.service_time("heat.nested_prepare_s")
        self._wait = substrate.service_time("heat.nested_wait_s")
        self._stack_create = substrate.service_time("heat.stack_create_s")
        self._validate = substrate.service_time("heat.resource_validate_s")
        self._tree_count = substrate.service_time("heat.tree_count_s")
        self._show_mean = substrate.world.parameters.mean("heat.stack_show_s")
        self._output_mean = substrate.world.parameters.mean("heat.output_s")
        self._traversal: Traversal | None = None

    def use(self, traversal: Traversal) -> None:
        """Set the architecture."""
        self._traversal = traversal

    def next_engine(self) -> Workers:
        """Return the process that RabbitMQ's round robin gives the next message to."""
        engines = self._substrate.engines
        self._turn = (self._turn + 1) % len(engines)
        return engines[self._turn]

    def new_stack(
        self,
        name: str,
        tree: Tree,
        parameters: Mapping[str, Json],
        *,
        plan: TemplatePlan | None = None,
        group: Members | None = None,
    ) -> SimStack:
        """Return a stack that nobody has begun to work on."""
        self._issued += 1
        return SimStack(
            identity=f"stack-{self._issued}",
            name=name,
            key=self._substrate.world.key(f"{tree.project}/{name}"),
            tree=tree,
            plan=plan,
            group=group,
            parameters=parameters,
            engine=self.next_engine(),
        )

    async def accept(self, stack: SimStack, action: int) -> None:
        """Take a stack in: parse, validate, count, store; then begin to create it.

        The message may be late: once another action than `action` has begun on the tree,
        the stack is not begun.

        Raises:
            StackLimitExceeded: the tree has too many resources.
        """
        size = _size(stack)
        await self._substrate.authenticate(stack.key, 1)
        demand = self._stack_create.draw(stack.key) + size * self._validate.draw(stack.key)
        limit = self._heat.max_resources_per_stack
        tree = stack.tree
        if tree.action != action:
            return
        await self._require_room(stack.name, size)
        if limit >= 0:
            demand += tree.resources * self._tree_count.draw(stack.key)
            if tree.resources + size > limit:
                raise StackLimitExceeded(
                    stack.name, f"You have reached the maximum resources per stack ({limit})."
                )
        tree.resources += size
        self._held += size
        stack.counted = size
        await stack.engine.run(demand)
        await self._substrate.transact(stack.key, 1)
        if tree.action == action:
            self.begin(stack, partial(self.create_all, stack), "CREATE")

    async def _require_room(self, name: str, size: int) -> None:
        """Return if the engines can hold `size` more resources; else nobody answers.

        Raises:
            RpcTimeout: when the caller's patience is over.
        """
        if self._held_max is not None and self._held + size > self._held_max:
            await self._substrate.runtime.sleep(self._substrate.bus.timeout)
            raise RpcTimeout(name, "Timed out waiting for a reply: the engines are out of memory")

    def begin(self, stack: SimStack, work: Callable[[], Work], action: str) -> None:
        """Start `work` on a stack as its own task; its end settles the stack's status."""
        stack.status = StackStatus(f"{action}_IN_PROGRESS")
        stack.completion = Completion()
        stack.tree.active += 1
        self._substrate.runtime.serve(self._run(stack, work, action, stack.tree.action))

    # What follows returns coroutines and is none itself: a step of a stack's task passes
    # through every coroutine between the task and the wait.

    def create_all(self, stack: SimStack) -> Work:
        """Create every resource or member of a stack."""
        if stack.group is not None:
            return self.create_members(stack, stack.group.wanted)
        assert stack.plan is not None, "a stack has a plan or members"
        return self.create_resources(stack, range(len(stack.plan.resources)))

    def create_resources(self, stack: SimStack, indexes: Iterable[int]) -> Work:
        """Create some of a stack's resources in the order of their dependencies."""
        return self._go(stack, Order(stack.plan, indexes, is_forward=True), self._create_one)

    def create_members(self, stack: SimStack, numbers: Iterable[int]) -> Work:
        """Create members of a group."""
        return self._go(stack, Order(None, numbers, is_forward=True), self._create_member)

    def delete_some(self, stack: SimStack, indexes: Iterable[int]) -> Work:
        """Delete resources or members of a stack, dependants first."""
        return self._go(stack, Order(stack.plan, indexes, is_forward=False), self._delete_one)

    def members_of(self, stack: SimStack, resource: ResourcePlan) -> Members:
        """Return the members that a group resource asks for, given what exists by now."""
        group = resource.group
        assert group is not None, "only a group has members"
        values = _resolved(stack, group.member_properties)
        wanted = group.indexes(stack.parameters)
        return Members(group.member or _wrapped(resource), wanted, values)

    async def _run(
        self, stack: SimStack, work: Callable[[], Work], action: str, number: int
    ) -> None:
        tree = stack.tree
        try:
            if tree.action == number:
                await work()
        except Stopped:
            pass
        except DriverError as error:
            if tree.action == number:
                self.fail(stack, error)
        else:
            if tree.action == number:
                self.settle(stack, f"{action}_COMPLETE", None)
        finally:
            tree.leave()

    def fail(self, stack: SimStack, error: DriverError) -> None:
        """End the action on a stack in failure; at the root, nobody works on the tree any more."""
        self.settle(stack, f"{stack.status.split('_')[0]}_FAILED", error)
        if stack is stack.tree.root:
            stack.tree.stop()

    def settle(self, stack: SimStack, status: str, error: DriverError | None) -> None:
        """End the action on a stack."""
        if status != "DELETE_COMPLETE":
            stack.status = StackStatus(status)
        stack.reason = "" if error is None else error.detail
        stack.completion.end(error)
        self._substrate.changes.notify(stack.id)

    def _go(self, stack: SimStack, order: Order, do: Do) -> Work:
        assert self._traversal is not None, "the engine was not given an architecture"
        return self._traversal.traverse(stack, order, do)

    async def _create_one(self, stack: SimStack, index: int, engine: Workers) -> Completion | None:
        assert stack.plan is not None, "only a stack with a plan has resources"
        resource = stack.plan.resources[index]
        action = stack.tree.action
        slowdown = 1.0 + self.rows * self._rows_slowdown
        self.rows += ROWS_PER_RESOURCE
        await engine.run(self._create.draw(stack.key, index) * slowdown)
        if resource.group is not None:
            members = self.members_of(stack, resource)
            child = self.new_stack(f"{stack.name}-{resource.name}", stack.tree, {}, group=members)
            return await self._create_nested(stack, index, child, engine, action)
        if resource.nested is not None:
            bound = resource.nested.bind(_resolved(stack, resource.properties))
            name = f"{stack.name}-{resource.name}"
            child = self.new_stack(name, stack.tree, bound, plan=resource.nested)
            return await self._create_nested(stack, index, child, engine, action)
        return await self._handlers.create(stack, resource)

    async def _create_member(
        self, stack: SimStack, index: int, engine: Workers
    ) -> Completion | None:
        members = stack.group
        assert members is not None, "only a group has members"
        self.rows += ROWS_PER_RESOURCE
        child = self.new_stack(
            f"{stack.name}-{index}", stack.tree, members.parameters(index), plan=members.plan
        )
        return await self._create_nested(stack, index, child, engine, stack.tree.action)

    async def _create_nested(
        self, stack: SimStack, index: int, child: SimStack, engine: Workers, action: int
    ) -> Completion:
        await engine.run(self._prepare.draw(child.key))
        await self._substrate.world.delay("heat nested wait", self._wait.draw(child.key))
        stack.made[index] = child
        await self._substrate.bus.call("engine", child.key, 0, partial(self.accept, child, action))
        if stack.group is not None:
            self._grow(stack.tree)
        return child.completion

    def _grow(self, tree: Tree) -> None:
        """Count a node; each poll of the tree resolves one more set of outputs."""
        tree.members += 1
        if tree.root is not None:
            demand = self._show_mean + tree.members * self._output_mean
            self._substrate.poll_load.change(tree.root.id, "heat-engine", demand)

    async def _delete_one(self, stack: SimStack, index: int, engine: Workers) -> Completion | None:
        action = stack.tree.action
        stack.complete &= ~(1 << index)
        await engine.run(self._delete.draw(stack.key, index))
        child = stack.made.get(index)
        if isinstance(child, SimStack):
            work = partial(self._accept_delete, child, action)
            await self._substrate.bus.call("engine", child.key, 1, work)
            return child.completion
        if stack.plan is not None:
            await self._handlers.delete(stack, stack.plan.resources[index])
        return None

    async def _accept_delete(self, stack: SimStack, action: int) -> None:
        """Begin to delete a nested stack, unless another action has begun on the tree."""
        await stack.engine.run(self._stack_create.draw(stack.key, action))
        if stack.tree.action == action:
            stack.tree.resources -= stack.counted
            self._held -= stack.counted
            stack.counted = 0
            work = partial(self.delete_some, stack, stack.started())
            self.begin(stack, work, "DELETE")


def _size(stack: SimStack) -> int:
    if stack.group is not None:
        return len(stack.group.wanted)
    return len(stack.plan.resources) if stack.plan is not None else 0


def _resolved(stack: SimStack, properties: Mapping[str, Json]) -> dict[str, Json]:
    """Return property values with references to what exists as ids."""

    def lookup(name: str, path: tuple[Json, ...]) -> Json:
        if path or stack.plan is None:
            return None
        made = stack.made.get(stack.plan.positions[name])
        return made if isinstance(made, str) else None

    return {name: resolve(value, stack.parameters, lookup) for name, value in properties.items()}


def _wrapped(resource: ResourcePlan) -> TemplatePlan:
    """Return a plan of one resource, for a group whose members are plain resources.

    In Heat such members live in the group's own stack; here each has a small stack.
    """
    group = resource.group
    assert group is not None, "only a group has members"
    names = group.member_properties
    only = ResourcePlan(
        name="member",
        type=group.member_type,
        index=0,
        properties={name: {"get_param": name} for name in names},
        requires=(),
        required_by=(),
    )
    return TemplatePlan(
        resources=(only,),
        positions={"member": 0},
        parameters={name: Parameter("string", has_default=False, default=None) for name in names},
        outputs={},
        nested_depth=0,
    )
